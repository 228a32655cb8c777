// @ts-check
/** "Wrong? Click the right digit": each bar's label keeps what is on the page, with that label. */
import { encode } from "./link.js";
import { isUnknown, keep, relabel, remove } from "./samples.js";
import { recalled, remember } from "./session.js";
import { say } from "./texts.js";

/**
 * @typedef {import("./lab.js").Lab} Lab
 * @typedef {import("./lab.js").Subject} Subject
 * @typedef {import("./predict.js").Answer} Answer
 * @typedef {import("./samples.js").Sample} Sample
 */

const STORED = "inkling-kept";
const PATIENCE = 2000; // ms for an answer that is on its way when the label is clicked

export class Keeping {
  #lab;
  #announce;
  #bars;
  #place;
  #told;
  #undo;
  /** The ids of what was kept, by what was drawn. @type {WeakMap<object, string>} */
  #ids = new WeakMap();
  /** What is kept of that, by id. @type {Map<string, Sample>} */
  #samples = new Map();
  /** The drawing that was kept last, for a reload. @type {{ ink: string, sample: Sample } | null} */
  #last = JSON.parse(recalled(STORED) || "null");
  #isRecalled = false;
  /** The final answer to the subject; null when the subject changes before. @type {Promise<Answer | null>} */
  #answer = Promise.resolve(null);
  #settle = (/** @type {Answer | null} */ _) => {};
  #failure = "";
  /** What is being kept, in turn. @type {object[]} */
  #pending = [];
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
    this.#recall();
    this.#show();
  }

  /** Once, after a reload: the drawing that was kept is so still. */
  #recall() {
    const { subject } = this.#lab;
    if (!subject || this.#isRecalled) return;
    this.#isRecalled = true;
    if (this.#last && this.#last.ink === inkOf(subject)) this.#note(subject, this.#last.sample);
  }

  /** @param {Subject | null} subject */
  #sampleOf(subject) {
    return subject ? this.#samples.get(this.#ids.get(keyOf(subject)) ?? "") : undefined;
  }

  /** @param {Subject} subject @param {Sample} sample */
  #note(subject, sample) {
    this.#ids.set(keyOf(subject), sample.id);
    this.#samples.set(sample.id, sample);
    if (subject.kind === "drawing") this.#store({ ink: inkOf(subject), sample });
  }

  /** @param {{ ink: string, sample: Sample } | null} last */
  #store(last) {
    this.#last = last;
    remember(STORED, last ? JSON.stringify(last) : "");
  }

  /** @param {boolean} final */
  #answered(final) {
    if (final) this.#settle(this.#lab.answer);
    const guess = this.#lab.answer?.predictions[0];
    if (guess && !this.#bars.matches(":focus-within")) this.#stopAt(guess.index);
    this.#show();
  }

  /** Something was kept, corrected or deleted, here or elsewhere on the page. @param {{ id: string | null, sample: Sample | null }} news */
  #heard({ id, sample }) {
    if (!id) this.#samples.clear();
    else if (sample) this.#samples.set(id, sample);
    else this.#samples.delete(id);
    if (this.#last && (!id || id === this.#last.sample.id)) this.#store(sample && { ...this.#last, sample });
    this.#show();
  }

  #show() {
    const { subject } = this.#lab;
    const sample = this.#sampleOf(subject);
    const isPending = subject && this.#pending.includes(keyOf(subject));
    const done = this.#failure || (sample ? say("keptAs", { label: sample.label }) : "");
    this.#place.dataset.state = !subject ? "idle" : isPending ? "pending" : this.#failure ? "failed" : sample ? "kept" : "ready";
    this.#told.textContent = isPending ? say("keeping") : done;
    for (const button of this.#buttons) {
      if (button.ariaDisabled !== String(!subject)) button.ariaDisabled = String(!subject);
    }
  }

  // --- What a click does ---

  /** @param {EventTarget | null} target */
  #clicked(target) {
    const button = target instanceof Element ? target.closest("button") : null;
    const { subject } = this.#lab;
    if (!button || !subject) return;
    this.#stopAt(this.#buttons.indexOf(button));
    const answer = Promise.race([this.#answer, after(PATIENCE)]);
    this.#pending.push(keyOf(subject));
    this.#show();
    this.#inTurn(() => this.#keep(subject, button.textContent ?? "", answer).finally(() => this.#pending.shift()));
  }

  /** @param {(subject: Subject) => Promise<void>} work */
  #inTurn(work) {
    const { subject } = this.#lab;
    if (!subject) return;
    this.#turn = this.#turn.then(() => work(subject)).then(() => this.#done(""), ({ message }) => this.#done(this.#whyNot(subject, message)));
  }

  /** @param {Subject} subject @param {string} reason */
  #whyNot(subject, reason) {
    const now = this.#lab.subject;
    return say(now && keyOf(now) === keyOf(subject) ? "keptNot" : "keptNotBefore", { reason });
  }

  /** @param {string} failure */
  #done(failure) {
    this.#failure = failure;
    if (failure) this.#announce(failure);
    this.#show();
  }

  /** @param {Subject} subject @param {string} label @param {Promise<Answer | null>} answer */
  async #keep(subject, label, answer) {
    const sample = await this.#send(subject, told(label, await answer), this.#sampleOf(subject));
    this.#note(subject, sample);
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
    const sample = this.#sampleOf(subject);
    if (!sample) return;
    await remove(sample.id);
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

/** The same after a reload; nothing for a picture, which does not outlive it. @param {Subject} subject */
const inkOf = (subject) => (subject.kind === "drawing" ? encode({ model: "", pen: subject.pen, strokes: subject.strokes }) : "");

/** @param {string} label @param {Answer | null} answer @returns {import("./samples.js").Told} */
function told(label, answer) {
  return { label, model: answer?.model, read: answer?.rejected ? null : answer?.predictions[0]?.label };
}

/** @param {number} time in ms @returns {Promise<null>} */
const after = (time) => new Promise((resolve) => setTimeout(resolve, time, null));
