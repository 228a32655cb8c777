// @ts-check
/** A run's events as they happen, until it rests; all tabs of a browser share one connection where they can. */
import { Streams } from "./streams.js";

/** @typedef {import("./streams.js").Listener} Listener */

const WORKER = "/static/js/stream-worker.js";

/** A browser opens six connections to one server, so seven tabs with one each would starve. */
class Shared {
  #port;
  #last = 0;
  /** @type {Map<number, Listener>} */
  #listeners = new Map();

  constructor() {
    const trusted = /** @type {any} */ (globalThis).trustedTypes?.createPolicy("inkling-worker", { createScriptURL: () => WORKER });
    const worker = new SharedWorker(trusted?.createScriptURL("") ?? WORKER, { type: "module", name: "inkling" });
    this.#port = worker.port;
    this.#port.addEventListener("message", ({ data: { key, what, event } }) => {
      const listener = this.#listeners.get(key);
      if (what === "rests") this.#listeners.delete(key);
      listener?.[/** @type {"event"} */ (what)](event);
    });
    this.#port.start();
    addEventListener("pagehide", () => [...this.#listeners.keys()].forEach((key) => this.#port.postMessage({ key })));
  }

  /** @param {string} run @param {number} after @param {Listener} listener */
  follow(run, after, listener) {
    this.leave(listener);
    const key = ++this.#last;
    this.#listeners.set(key, listener);
    this.#port.postMessage({ key, run, after });
  }

  /** @param {Listener} listener */
  leave(listener) {
    for (const [key, each] of this.#listeners) {
      if (each !== listener) continue;
      this.#listeners.delete(key);
      this.#port.postMessage({ key });
    }
  }
}

/** @type {Streams | Shared | undefined} */
let made;
const streams = () => (made ??= "SharedWorker" in globalThis ? new Shared() : new Streams());

export class Follower {
  #id;
  #seq = 0;
  #listener;
  #isFollowing = false;

  /** @param {string} id @param {Listener} listener */
  constructor(id, listener) {
    this.#id = id;
    this.#listener = {
      ...listener,
      event: (/** @type {import("./run-record.js").RunEvent} */ event) => {
        this.#seq = event.seq;
        listener.event(event);
      },
      rests: () => {
        this.#isFollowing = false;
        listener.rests();
      },
    };
    addEventListener("pageshow", ({ persisted }) => persisted && this.#isFollowing && this.#ask()); // back from where pages sleep
  }

  /** Unless it follows already. */
  follow() {
    if (this.#isFollowing) return;
    this.#isFollowing = true;
    this.#ask();
  }

  close() {
    this.#isFollowing = false;
    streams().leave(this.#listener);
  }

  #ask() {
    streams().follow(this.#id, this.#seq, this.#listener);
  }
}
