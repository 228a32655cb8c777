// @ts-check
/** Looks at the server of which only the latest matters: one on its way, one waiting; what was seen is kept. */
import { ask } from "./ask.js";

/**
 * @template T
 * @typedef {{ shown: (answer: T) => void, failed: (sentence: string) => void, busy: (isBusy: boolean) => void }} Listener
 */

const RETRY = 2000; // ms until a server that was busy or away is asked again
const KEPT = 60; // answers; a run has fewer than 40 checkpoints

/** @template T */
export class LatestLook {
  #listener;
  /** @type {Map<string, T>} */
  #seen = new Map();
  #wanted = "";
  #running = false;

  /** @param {Listener<T>} listener */
  constructor(listener) {
    this.#listener = listener;
  }

  /** @param {string} address @param {boolean} [again] also when it was seen: it may have changed */
  look(address, again = false) {
    this.#wanted = address;
    if (again) this.#seen.delete(address);
    if (!this.#running) this.#run();
  }

  /** Nothing more is heard of what was asked. */
  forget() {
    this.#wanted = "";
  }

  async #run() {
    this.#running = true;
    while (this.#wanted) {
      const address = this.#wanted;
      const seen = this.#seen.get(address) ?? (await this.#ask(address));
      if (address !== this.#wanted) continue;
      this.#wanted = "";
      if (seen) this.#listener.shown(seen);
    }
    this.#running = false;
    this.#listener.busy(false);
  }

  /** @param {string} address */
  async #ask(address) {
    this.#listener.busy(true);
    try {
      const answer = await ask("GET", address);
      if (this.#seen.size >= KEPT) this.#seen.clear();
      this.#seen.set(address, answer);
      return answer;
    } catch (error) {
      if (address !== this.#wanted) return null;
      this.#listener.failed(/** @type {Error} */ (error).message);
      const { passing, reason } = /** @type {import("./predict.js").Refusal} */ (error);
      if (passing || reason.code === "lost") this.#tryAgain(address);
      return null;
    }
  }

  /** Unless something else was asked meanwhile. @param {string} address */
  #tryAgain(address) {
    setTimeout(() => !this.#wanted && this.look(address), RETRY);
  }
}
