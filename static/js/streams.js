// @ts-check
/**
 * All runs that are followed, on one connection, from the last number that each has. A connection
 * that broke is opened again until every run rests.
 *
 * @typedef {import("./run-record.js").RunEvent} RunEvent
 * @typedef {{ event: (event: RunEvent) => void, lost: () => void, found: () => void, rests: () => void }} Listener
 *   rests: nothing more comes from this run unless somebody resumes it
 */

const EVENTS = "/api/v1/events";
const AGAIN = 1000; // ms until the next try

export class Streams {
  /** @type {Map<Listener, { run: string, seq: number }>} */
  #followed = new Map();
  /** @type {EventSource | null} */
  #source = null;
  #timer = 0;

  /** @param {string} run @param {number} after the number of the last event that it has @param {Listener} listener hears of this run alone */
  follow(run, after, listener) {
    this.#followed.set(listener, { run, seq: after });
    this.#openIn(0); // who comes in the same breath shares the connection
  }

  /** @param {Listener} listener */
  leave(listener) {
    if (this.#followed.delete(listener)) this.#openIn(0);
  }

  /** @param {number} time in ms */
  #openIn(time) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#open(), time);
  }

  #open() {
    this.#source?.close();
    this.#source = null;
    if (!this.#followed.size) return;
    const source = (this.#source = new EventSource(`${EVENTS}?runs=${this.#asked()}`));
    source.addEventListener("open", () => this.#tell(null, "found"));
    source.addEventListener("message", ({ data }) => this.#hear(JSON.parse(data)));
    source.addEventListener("end", ({ data }) => this.#end(JSON.parse(data).run ?? null));
    source.addEventListener("error", () => {
      source.close();
      this.#tell(null, "lost");
      this.#openIn(AGAIN);
    });
  }

  /** Each run once, from where the listener stands that has the least of it. */
  #asked() {
    /** @type {Map<string, number>} */
    const least = new Map();
    for (const { run, seq } of this.#followed.values()) least.set(run, Math.min(seq, least.get(run) ?? seq));
    return [...least].map(([run, seq]) => `${run}:${seq}`).join();
  }

  /** @param {RunEvent & { run: string }} event */
  #hear(event) {
    for (const [listener, place] of this.#followed) {
      if (place.run !== event.run || event.seq <= place.seq) continue;
      place.seq = event.seq;
      listener.event(event);
    }
  }

  /** @param {string | null} run null: all of them ended, one after the other */
  #end(run) {
    if (run) return this.#tell(run, "rests");
    this.#source?.close();
    this.#source = null;
  }

  /** @param {string | null} run null: to all @param {"found" | "lost" | "rests"} what */
  #tell(run, what) {
    for (const [listener, place] of [...this.#followed]) {
      if (run && place.run !== run) continue;
      if (what === "rests") this.#followed.delete(listener);
      listener[what]();
    }
  }
}
