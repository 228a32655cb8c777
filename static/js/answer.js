// @ts-check
/** The answer: the guess in large type, a bar for each class, and the picture that the network saw. */
import { UNIT, percent, say } from "./texts.js";

/** @typedef {import("./predict.js").Answer} Answer */
/** @typedef {import("./predict.js").Prediction} Prediction */
/** @typedef {{ state: "empty" | "answer" | "unsure" | "rejected" | "alert", guess: string, sure: string, detail: string }} Headline */

const RUNNER_UP = 0.1; // a second guess at least this probable is named beside the first
const TIE = 0.1; // two guesses closer than this stand side by side: neither is the answer
const LATE = 2000; // ms of waiting after which one is told so
const LOW = 0.5; // a first guess less probable than this is no more than perhaps right
const RANKS = 10; // bars where there are too many classes for a bar each: those of the most probable

export class AnswerView {
  #element;
  #headline;
  #guess;
  #sure;
  #detail;
  #spoken;
  #bars;
  #seen;
  #sees;
  /** @type {HTMLLIElement[]} */
  #rows;
  #pattern;
  #isRanked;
  /** What stands there while the pad is empty. */
  #empty;
  #timer = 0;

  /** @param {HTMLElement} element */
  constructor(element) {
    /** @type {<T extends HTMLElement>(selector: string) => T} */
    const part = (selector) => /** @type {any} */ (element.querySelector(selector));
    this.#element = element;
    this.#headline = part(".headline");
    this.#guess = part(".guess");
    this.#sure = part(".sure");
    this.#detail = part(".detail");
    this.#spoken = part("output");
    this.#bars = part(".bars");
    this.#rows = [.../** @type {NodeListOf<HTMLLIElement>} */ (this.#bars.querySelectorAll(".bar"))];
    this.#pattern = /** @type {HTMLLIElement | undefined} */ (this.#rows[0]?.cloneNode(true));
    this.#isRanked = this.#rows.length > 0 && !labelOf(this.#rows[0]).textContent;
    this.#empty = nothing(this.#sure.textContent ?? "", this.#detail.textContent ?? "");
    this.#seen = /** @type {HTMLImageElement} */ (part(".seen img"));
    this.#sees = part(".seen p");
  }

  /** @param {string[]} classes none: more than can be named @param {number} size the side of the pictures it sees, in pixels */
  setModel(classes, size) {
    this.#sees.textContent = (this.#sees.dataset.sentence ?? "").replaceAll("{size}", String(size));
    this.#isRanked = !classes.length || classes.length > Number(this.#bars.dataset.most);
    this.#layRows(this.#isRanked ? Array(RANKS).fill("") : classes);
    this.#showBars([]);
  }

  /** @param {string[]} labels */
  #layRows(labels) {
    this.#rows = labels.map((label) => {
      const row = /** @type {HTMLLIElement} */ (this.#pattern?.cloneNode(true));
      const name = labelOf(row);
      name.textContent = label;
      if (name instanceof HTMLButtonElement) {
        name.ariaLabel = say("keepAs", { label });
        name.tabIndex = -1;
      }
      return row;
    });
    this.#bars.replaceChildren(...this.#rows);
  }

  /** @param {Answer} answer @param {boolean} final whether the pen is up: before, a rejection only means "go on" */
  show({ predictions, rejected, input }, final) {
    this.#stopWaiting();
    this.#setHeadline(rejected && !final ? nothing(say("goOn")) : headlineOf({ predictions, rejected }));
    this.#bars.toggleAttribute("data-doubtful", Boolean(rejected));
    this.#showBars(predictions, !rejected);
    this.#showSeen(input);
  }

  /** While it is, what stands there is not the last word; and not for long, when no answer comes. @param {boolean} busy */
  setBusy(busy) {
    this.#element.setAttribute("aria-busy", String(busy));
    if (busy) this.#timer ||= setTimeout(() => this.#showLate(), LATE);
    else this.#stopWaiting();
  }

  #stopWaiting() {
    clearTimeout(this.#timer);
    this.#timer = 0;
  }

  #showLate() {
    this.#showNothing(nothing(say("late"), say("lateDetail")));
    this.announce(say("lateDetail"));
  }

  showEmpty() {
    this.#showNothing(this.#empty);
  }

  showReading() {
    this.#stopWaiting();
    this.#showNothing(nothing(say("reading")));
  }

  /** @param {string} title @param {string} detail */
  showAlert(title, detail) {
    this.#showNothing({ state: "alert", guess: "!", sure: title, detail });
    this.announce(detail);
  }

  /** Tells a screen reader, which does not hear the changes while the pen moves. @param {string} sentence */
  announce(sentence) {
    if (this.#spoken.textContent !== sentence) this.#spoken.textContent = sentence;
  }

  /** @param {Headline} headline */
  #showNothing(headline) {
    this.#setHeadline(headline);
    this.#showBars([]);
    this.#showSeen("");
  }

  /** @param {Headline} headline */
  #setHeadline({ state, guess, sure, detail }) {
    this.#headline.dataset.state = state;
    this.#guess.textContent = guess;
    this.#guess.toggleAttribute("data-word", isWord(guess));
    this.#sure.textContent = sure;
    this.#detail.textContent = detail;
  }

  /** @param {Prediction[]} predictions sorted @param {boolean} [topStands] whether the first is the answer */
  #showBars(predictions, topStands = false) {
    this.#bars.toggleAttribute("data-blank", predictions.length === 0);
    const rows = new Map(predictions.map((prediction, rank) => [this.#isRanked ? rank : prediction.index, prediction]));
    this.#rows.forEach((row, index) => {
      const { label = "", probability: share = 0 } = rows.get(index) ?? {};
      if (this.#isRanked) labelOf(row).textContent = label;
      row.style.setProperty("--share", share.toFixed(4));
      /** @type {Text} */ (row.querySelector(".number")?.firstChild).data = percent(share);
      row.toggleAttribute("aria-current", false);
      if (topStands && predictions.length && rows.get(index) === predictions[0]) row.setAttribute("aria-current", "true");
    });
  }

  /** @param {string} address a data URL, or nothing */
  #showSeen(address) {
    this.#seen.hidden = !address;
    if (!address) return;
    this.#seen.src = address;
    this.#seen.alt = "";
    this.#seen.decode().then(() => {
      this.#seen.alt = say("seen", { size: this.#seen.naturalWidth });
    }, () => {});
  }
}

/** @param {HTMLLIElement} row @returns {HTMLElement} */
const labelOf = (row) => /** @type {any} */ (row.querySelector(".label"));

/** What a screen reader is told. @param {import("./predict.js").Reading} reading */
export function spoken({ predictions, rejected }) {
  if (isUnfamiliar(rejected)) return say("spokenUnfamiliar", { label: predictions[0].label });
  if (rejected) return say("rejected", { reason: rejected.message });
  const { state, sure, detail } = guess(predictions);
  if (state === "unsure") return say("spokenUnsure", { sure, detail });
  return say("answer", { label: predictions[0].label, share: share(predictions[0]) });
}

/** How sure the network says it is, no surer. @param {Prediction[]} predictions sorted @returns {Headline} */
export function guess([first, second]) {
  const values = { label: first.label, share: share(first), other: second?.label, otherShare: second && share(second) };
  if (second && first.probability - second.probability < TIE) {
    return { state: "unsure", guess: first.label, sure: say("tie", values), detail: say("tieDetail", values) };
  }
  if (first.probability < LOW) {
    return { state: "unsure", guess: first.label, sure: say(isWord(first.label) ? "perhapsWord" : "perhaps", values), detail: say("perhapsDetail", values) };
  }
  const named = second?.probability >= RUNNER_UP;
  return { state: "answer", guess: first.label, sure: say("sure", values), detail: named ? say("runnerUp", values) : "" };
}

/** @param {string} label */
const isWord = (label) => label.length > 2;

/** @param {Prediction} prediction */
const share = ({ probability }) => percent(probability) + UNIT;

/** @param {string} sure @param {string} [detail] @returns {Headline} */
const nothing = (sure, detail = "") => ({ state: "empty", guess: "", sure, detail });

/** What stands at the top: the guess, or why there is none. @param {Pick<import("./predict.js").Reading, "predictions" | "rejected">} reading @returns {Headline} */
export function headlineOf({ predictions, rejected }) {
  if (!rejected) return guess(predictions);
  if (!isUnfamiliar(rejected)) return rejection(rejected.message);
  return { state: "rejected", guess: "?", sure: say("unfamiliar"), detail: say("unfamiliarDetail", { label: predictions[0].label }) };
}

/** It was read all the same, but looks like nothing that the model learnt from. @param {{ code: string } | null} rejected */
export const isUnfamiliar = (rejected) => rejected?.code === "unfamiliar";

/** @param {string} reason @returns {Headline} */
const rejection = (reason) => ({ state: "rejected", guess: "?", sure: say("noGuess"), detail: reason });
