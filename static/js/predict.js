// @ts-check
/**
 * Questions to the server: one on its way, one waiting, the latest wins.
 *
 * @typedef {{ label: string, index: number, probability: number }} Prediction
 * @typedef {{ code: string, message: string }} Reason
 * @typedef {{ key: string, sentence: string, picture: string }} Step
 * @typedef {{ predictions: Prediction[], rejected: Reason | null, input: string, steps?: Step[] }} Reading
 * @typedef {Reading & { model: string, version: string }} Answer
 * @typedef {{ model: string, classes: number, final: boolean, body: () => Promise<Blob | FormData>, query?: Record<string, string>, verb?: "predict" | "explain" }} Question
 *   body: a picture, JSON as a Blob of that type, or a form with many pictures, whose answer holds `results`;
 *   final: the pen is up; any other question may be dropped for a later one
 * @typedef {{ answered: (answer: Answer, question: Question) => void, failed: (reason: Reason, question: Question) => void,
 *   waiting: (reason: Reason | null) => void }} Listener
 *   waiting: no answer for now (null: the server cannot be reached), tried again by itself
 */

const LIVE_GAP = 50; // ms between questions while the pen moves
const RETRY = 1000; // ms between tries while the server is away
const PATIENCE = 30_000; // ms for one answer
const PASSING = new Set([429, 502, 503, 504]); // the same question may be answered later

/** No answer, and why. */
export class Refusal extends Error {
  /** @param {number} status 0: not sent at all @param {Reason} reason */
  constructor(status, reason) {
    super(reason.message);
    this.reason = reason;
    this.passing = PASSING.has(status);
  }
}

/** @param {Question} question @param {AbortSignal} signal @returns {Promise<Answer>} */
export async function predict({ model, classes, body, query, verb = "predict" }, signal) {
  const content = await body();
  signal.throwIfAborted();
  const asked = new URLSearchParams({ top_k: String(classes), ...query });
  const response = await fetch(`/api/v1/models/${encodeURIComponent(model)}/${verb}?${asked}`, {
    method: "POST",
    headers: content instanceof FormData ? {} : { "Content-Type": content.type || "application/octet-stream" },
    body: content,
    signal,
  });
  if (!response.ok) throw new Refusal(response.status, await reasonOf(response));
  return response.json();
}

/** @param {Response} response @returns {Promise<Reason>} */
export async function reasonOf(response) {
  const { error } = await response.json().catch(() => ({}));
  return error ?? { code: "http", message: `${response.status} ${response.statusText}` };
}

export class LatestWins {
  #listener;
  /** @type {Question | null} */
  #next = null;
  #running = false;
  #current = new AbortController();
  #wake = () => {};

  /** @param {Listener} listener */
  constructor(listener) {
    this.#listener = listener;
    addEventListener("online", () => this.#wake());
  }

  /** @param {Question} question */
  ask(question) {
    this.#next = question;
    if (question.final) {
      this.#current.abort();
      this.#wake();
    }
    if (!this.#running) this.#run();
  }

  /** Drop every question; nothing more is heard of them. */
  forget() {
    this.#next = null;
    this.#current.abort();
    this.#wake();
  }

  async #run() {
    this.#running = true;
    while (this.#next) {
      const question = this.#next;
      this.#next = null;
      await this.#pause(await this.#try(question));
    }
    this.#running = false;
  }

  /** @param {Question} question @returns {Promise<number>} ms to rest before the next one */
  async #try(question) {
    const current = (this.#current = new AbortController());
    const timer = setTimeout(() => current.abort("late"), PATIENCE);
    try {
      const answer = await predict(question, current.signal);
      if (!current.signal.aborted) this.#listener.answered(answer, question);
      return question.final ? 0 : LIVE_GAP;
    } catch (error) {
      if (current.signal.aborted && current.signal.reason !== "late") return 0;
      return this.#missed(question, error);
    } finally {
      clearTimeout(timer);
    }
  }

  /** @param {Question} question @param {unknown} error */
  #missed(question, error) {
    if (error instanceof Refusal && !error.passing) {
      this.#listener.failed(error.reason, question);
      return 0;
    }
    this.#next ??= question;
    this.#listener.waiting(error instanceof Refusal ? error.reason : null);
    return RETRY;
  }

  /** @param {number} time in ms; a final question, forget() and a network that comes back end it early */
  #pause(time) {
    if (time === 0) return;
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, time);
      this.#wake = () => {
        clearTimeout(timer);
        resolve(undefined);
      };
    });
  }
}
