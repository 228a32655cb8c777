// @ts-check
/** "Wrong? Click the right digit": each bar's label keeps what is on the page, with that label. */
import { isUnknown, keep, relabel, remove } from "./samples.js";
import { say } from "./texts.js";

/**
 * @typedef {import("./lab.js").Lab} Lab
 * @typedef {import("./lab.js").Subject} Subject
 * @typedef {import("./predict.js").Answer} Answer
 * @typedef {import("./samples.js").Sample} Sample
 */

const PATIENCE = 2000; // ms for an answer that is on its way when the label is clicked

export class Keeping {
  #lab;
  #announce;
  #bars;
  #place;
  #told;
  #undo;
  /** What was kept, by what was drawn. @type {WeakMap<object, Sample>} */
  #kept = new WeakMap();
  /** The final answer to the subject; null when the subject changes before. @type {Promise<Answer | null>} */
  #answer = Promise.resolve(null);
  #settle = (/** @type {Answer | null} */ _) => {};
  #failure = "";
  /** One after the other: what a click does depends on what the one before has done. */
  #turn = Promise.resolve();

  /** @param {HTMLElement} element holds `.bars` and `.keep` @param {Lab} lab @param {(sentence: string) => void} announce */
  constructor(element, lab, announce) {
    /** @type {(selector: string) => HTMLElement} */
    const part = (selector) => /** @type {any} */ (element.querySelector(selector));
    this.#lab = lab;
    this.#announce = announce;
    this.#bars = part(".bars");
    this.#place = part(".keep");
    this.#told = part(".keep .done");
    this.#undo = part(".keep button");
    this.#bars.addEventListener("click", (event) => this.#clicked(event.target));
    this.#bars.addEventListener("keydown", (event) => this.#move(event));
    this.#undo.addEventListener("click", () => this.#inTurn((subject) => this.#forget(subject)));
    lab.addEventListener("change", () => this.#changed());
    lab.addEventListener("answer", (event) => this.#answered(/** @type {CustomEvent} */ (event).detail));
    lab.addEventListener("kept", (event) => this.#heard(/** @type {CustomEvent} */ (event).detail));
    this.#stopAt(0);
    this.#show();
  }

  get #buttons() {
    return [.../** @type {NodeListOf<HTMLButtonElement>} */ (this.#bars.querySelectorAll("button"))];
  }

  // --- What is on the page ---

  #changed() {
    if (!this.#buttons.some((button) => button.tabIndex === 0)) this.#stopAt(0); // another model has other bars
    this.#settle(null);
    this.#answer = new Promise((resolve) => (this.#settle = resolve));
    this.#failure = "";
    this.#show();
  }

  /** @param {boolean} final */
  #answered(final) {
    if (final) this.#settle(this.#lab.answer);
    const guess = this.#lab.answer?.predictions[0];
    if (guess && !this.#bars.matches(":focus-within")) this.#stopAt(guess.index);
    this.#show();
  }

  /** Elsewhere on the page something was corrected or deleted. @param {{ id: string | null, sample: Sample | null }} news */
  #heard({ id, sample }) {
    const { subject } = this.#lab;
    const mine = subject && this.#kept.get(keyOf(subject));
    if (!subject || !mine || (id && id !== mine.id)) return;
    if (sample) this.#kept.set(keyOf(subject), sample);
    else this.#kept.delete(keyOf(subject));
    this.#show();
  }

  #show() {
    const { subject } = this.#lab;
    const sample = subject && this.#kept.get(keyOf(subject));
    const done = sample ? "kept" : "ready";
    this.#place.dataset.state = !subject ? "idle" : this.#failure ? "failed" : done;
    this.#told.textContent = this.#failure || (sample ? say("keptAs", { label: sample.label }) : "");
    for (const button of this.#buttons) {
      if (button.ariaDisabled !== String(!subject)) button.ariaDisabled = String(!subject);
    }
  }

  // --- What a click does ---

  /** @param {EventTarget | null} target */
  #clicked(target) {
    const button = target instanceof Element ? target.closest("button") : null;
    if (!button) return;
    this.#stopAt(this.#buttons.indexOf(button));
    const answer = Promise.race([this.#answer, after(PATIENCE)]);
    this.#inTurn((subject) => this.#keep(subject, button.textContent ?? "", answer));
  }

  /** @param {(subject: Subject) => Promise<void>} work */
  #inTurn(work) {
    const { subject } = this.#lab;
    if (!subject) return;
    this.#turn = this.#turn.then(() => work(subject)).then(() => this.#done(""), (error) => this.#done(say("keptNot", { reason: error.message })));
  }

  /** @param {string} failure */
  #done(failure) {
    this.#failure = failure;
    if (failure) this.#announce(failure);
    this.#show();
  }

  /** @param {Subject} subject @param {string} label @param {Promise<Answer | null>} answer */
  async #keep(subject, label, answer) {
    const before = this.#kept.get(keyOf(subject));
    const sample = before?.label === label ? before : await this.#send(subject, told(label, await answer), before);
    this.#kept.set(keyOf(subject), sample);
    this.#lab.kept(sample.id, sample);
    this.#announce(say("keptAs", { label: sample.label }));
  }

  /** @param {Subject} subject @param {import("./samples.js").Told} told @param {Sample} [before] @returns {Promise<Sample>} */
  async #send(subject, told, before) {
    if (!before) return keep(subject, told);
    return relabel(before.id, told.label).catch((error) => {
      if (isUnknown(error)) return keep(subject, told);
      throw error;
    });
  }

  /** @param {Subject} subject */
  async #forget(subject) {
    const sample = this.#kept.get(keyOf(subject));
    if (!sample) return;
    await remove(sample.id);
    this.#kept.delete(keyOf(subject));
    if (this.#undo.matches(":focus")) this.#buttons.find((button) => button.tabIndex === 0)?.focus();
    this.#lab.kept(sample.id, null);
    this.#announce(say("keptNoMore"));
  }

  // --- One stop for the keyboard, arrow keys from bar to bar ---

  /** @param {number} index */
  #stopAt(index) {
    this.#buttons.forEach((button, i) => {
      const place = i === index ? 0 : -1;
      if (button.tabIndex !== place) button.tabIndex = place;
    });
  }

  /** @param {KeyboardEvent} event */
  #move(event) {
    const buttons = this.#buttons;
    const here = buttons.findIndex((button) => button.matches(":focus"));
    const there = { ArrowLeft: here - 1, ArrowUp: here - 1, ArrowRight: here + 1, ArrowDown: here + 1, Home: 0, End: buttons.length - 1 }[event.key];
    if (there === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const next = (there + buttons.length) % buttons.length;
    this.#stopAt(next);
    buttons[next].focus();
  }
}

/** The same for as long as the drawing or the uploaded picture is the same. @param {Subject} subject */
const keyOf = (subject) => (subject.kind === "drawing" ? subject.strokes : subject.picture);

/** @param {string} label @param {Answer | null} answer @returns {import("./samples.js").Told} */
function told(label, answer) {
  return { label, model: answer?.model, read: answer?.rejected ? null : answer?.predictions[0]?.label };
}

/** @param {number} time in ms @returns {Promise<null>} */
const after = (time) => new Promise((resolve) => setTimeout(resolve, time, null));
