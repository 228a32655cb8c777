// @ts-check
/** A run's events as they happen; a connection that broke is opened again until the run rests. */
import { eventsOf } from "./runs.js";

/** @typedef {{ event: (event: import("./run-record.js").RunEvent) => void, lost: () => void, found: () => void, rests: () => void }} Listener */

const AGAIN = 1000; // ms until the next try, where the browser itself gave up

export class Follower {
  #id;
  #listener;
  #seq = 0;
  /** @type {EventSource | null} */
  #source = null;

  /** @param {string} id @param {Listener} listener */
  constructor(id, listener) {
    this.#id = id;
    this.#listener = listener;
  }

  /** Unless it follows already. */
  follow() {
    if (this.#source) return;
    const source = (this.#source = new EventSource(`${eventsOf(this.#id)}?after=${this.#seq}`));
    source.addEventListener("open", () => this.#listener.found());
    source.addEventListener("message", ({ data }) => {
      const event = JSON.parse(data);
      this.#seq = Math.max(this.#seq, event.seq);
      this.#listener.event(event);
    });
    source.addEventListener("end", () => {
      this.close();
      this.#listener.rests();
    });
    source.addEventListener("error", () => {
      this.#listener.lost();
      if (source.readyState !== EventSource.CLOSED || source !== this.#source) return;
      this.#source = null;
      setTimeout(() => this.follow(), AGAIN);
    });
  }

  close() {
    this.#source?.close();
    this.#source = null;
  }
}
