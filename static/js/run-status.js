// @ts-check
/** What a run does now, in words: state, progress, the last epoch, the result; of variants, those of the one that has come least far. */
import { inWords, isLive } from "./runs.js";
import { accuracyOf, count, figure, say, timeLeft } from "./texts.js";

/**
 * @typedef {import("./run-record.js").RunRecord} RunRecord
 * @typedef {import("./runs.js").Run} Run
 */

const QUIET = 3000; // ms between two epochs that are spoken

export class RunStatus {
  #part;
  #run;
  #records;
  #spoken = "";
  #spokenAt = 0;

  /** @param {HTMLElement} element @param {Run} run as the server told it last @param {RunRecord[]} records one for each variant */
  constructor(element, run, records) {
    this.#part = /** @type {<T extends HTMLElement>(selector: string) => T} */ ((selector) => /** @type {any} */ (element.querySelector(selector)));
    this.#run = run;
    this.#records = records;
  }

  get #record() {
    return this.#records.reduce((a, b) => (shareOf(b) < shareOf(a) ? b : a));
  }

  get #isAlone() {
    return this.#records.length === 1;
  }

  /** @param {string} sentence "" when all is well */
  setConnection(sentence) {
    this.#part(".connection").textContent = sentence;
  }

  /** @param {import("./runs.js").State} state @param {boolean} isNews false: it was so before the page was opened */
  draw(state, isNews) {
    const { begun, epochs } = this.#record;
    this.#part(".state").textContent = inWords(state);
    this.#part(".state").dataset.state = state;
    this.#part(".why").textContent = this.#why(state);
    /** @type {HTMLProgressElement} */ (this.#part("progress")).value = shareOf(this.#record);
    this.#part(".progress-words").textContent = this.#progress(state);
    if (begun && this.#isAlone) this.#part(".size").textContent = say("sizes", { parameters: count(begun.parameters), train: count(begun.train), validation: count(begun.validation) });
    if (this.#isAlone) this.#part(".summary").textContent = this.#summary(epochs.at(-1));
    const summary = this.#part(".summary").textContent ?? "";
    const rests = !isLive(state) && state !== "queued";
    const spoken = rests ? [inWords(state), this.#why(state)].filter(Boolean).join(". ") : epochs.length ? summary : inWords(state);
    if (isNews) this.#speak(spoken, rests);
    else this.#spoken = spoken;
  }

  /** @param {import("./runs.js").State} state */
  #why(state) {
    const { result, message } = this.#record;
    if (state === "finished" && result && this.#isAlone) return say("result", { accuracy: accuracyOf(result.accuracy), n: count(result.n) });
    if (state === "queued") return this.#run.place && this.#run.place > 1 ? say("place", { before: this.#run.place - 1 }) : say("placeNext");
    if (state === "failed" || state === "interrupted") return message ?? this.#run.message ?? "";
    return state === "starting" ? say("startingWhy") : "";
  }

  /** @param {import("./runs.js").State} state */
  #progress(state) {
    const { last, begun } = this.#record;
    const epochs = this.#run.spec.epochs;
    if (!last || !begun) return say("progressNone", { epochs });
    const values = { epoch: Math.min(Math.ceil(last.epoch), epochs), epochs, speed: count(Math.round(last.pictures_per_second)), gradient: figure(last.gradient_norm ?? null) };
    return state === "running" && this.#isAlone ? say("progressLive", { ...values, left: timeLeft(last.seconds_left) }) : say("progress", values);
  }

  /** @param {import("./run-record.js").Epoch | undefined} last */
  #summary(last) {
    if (!last) return say("noEpoch");
    const values = { epoch: last.epoch, epochs: this.#run.spec.epochs };
    if (last.loss === null) return say("epochWithoutValidation", { ...values, loss: figure(last.training) });
    return say("epochSummary", { ...values, loss: figure(last.loss), accuracy: accuracyOf(last.accuracy) });
  }

  /** Politely: not each epoch of a quick training, but always how it came to rest. @param {string} sentence @param {boolean} isLast */
  #speak(sentence, isLast) {
    const now = performance.now();
    if (sentence === this.#spoken || (!isLast && now - this.#spokenAt < QUIET)) return;
    this.#spoken = sentence;
    this.#spokenAt = now;
    this.#part("output").textContent = sentence;
  }
}

/** How far it is; one that has ended is all the way. @param {RunRecord} record */
const shareOf = ({ begun, last, end }) => (end ? 1 : begun && last ? last.step / begun.steps : 0);
