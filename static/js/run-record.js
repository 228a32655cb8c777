// @ts-check
/**
 * A run as its events tell it, each taken once; of a run with variants, one of them.
 *
 * @typedef {import("./runs.js").State} State
 * @typedef {{ seq: number, kind: string, step: number, epoch: number, time: number } & Record<string, any>} RunEvent
 * @typedef {{ epoch: number, training: number | null, loss: number | null, accuracy: number | null, rate: number | null }} Epoch
 * @typedef {{ epoch: number, kind: "changed" | "paused" | "interrupted" | "stopped" | "failed", rate: number | null }} Mark what happened to it on its way
 */

const STATES = new Set(["queued", "pausing", "paused", "stopping", "stopped", "finished", "failed", "interrupted"]);
const MARKED = new Set(["paused", "interrupted", "stopped", "failed"]);
const MEMORY = 0.9; // how much of the smoothed loss stays at each point

export class RunRecord {
  /** Number of the last event. */
  seq = 0;
  /** How many training losses it holds. */
  points = 0;
  /** @type {State} */
  state = "queued";
  /** @type {string | null} */
  reason = null;
  /** @type {string | null} */
  message = null;
  /** Step of the last checkpoint; -1 before the first. */
  checkpoint = -1;
  /** @type {RunEvent | null} what is trained: parameters, steps, pictures */
  begun = null;
  /** @type {RunEvent | null} the last training loss, with rate, speed and time left */
  last = null;
  /** @type {{ accuracy: number, n: number } | null} on the test part */
  result = null;
  /** @type {"finished" | "failed" | null} of a variant, which may end before its run */
  end = null;
  /** @type {Epoch[]} */
  epochs = [];
  /** @type {Mark[]} */
  marks = [];
  /** @type {number | null} the peak, once it was changed */
  rate = null;
  /** @type {{ x: number[], training: (number | null)[], smooth: (number | null)[], validation: (number | null)[] }} columns of equal length, x in epochs */
  losses = { x: [], training: [], smooth: [], validation: [] };

  #variant;
  #smooth = 0;
  #weight = 0;
  #sum = 0;
  #count = 0;

  /** @param {number} [variant] its number; 0 also where there are none */
  constructor(variant = 0) {
    this.#variant = variant;
  }

  /** False for an event that is here already. @param {RunEvent} event */
  add(event) {
    if (event.seq <= this.seq) return false;
    this.seq = event.seq;
    if (event.kind === "started" || event.kind === "resumed") this.#go();
    if ((event.variant ?? 0) === this.#variant) this.#addOwn(event);
    if (STATES.has(event.kind)) {
      this.state = /** @type {State} */ (event.kind);
      this.reason = event.reason ?? null;
      this.message = event.message ?? null;
    }
    if (MARKED.has(event.kind) && this.points) this.#mark(event.kind, null);
    return true;
  }

  /** @param {RunEvent} event */
  #addOwn(event) {
    if (event.kind === "started" || event.kind === "resumed") this.begun = event;
    if (event.kind === "step") this.#addLoss(event);
    if (event.kind === "checkpoint") this.checkpoint = event.step;
    if (event.kind === "evaluated") this.#addEpoch(event);
    if (event.kind === "changed") this.#addChange(event);
    if (event.kind === "ended") this.end = event.reason === "finished" ? "finished" : "failed";
    if (event.test_accuracy !== undefined) this.result = { accuracy: event.test_accuracy, n: event.test_n };
  }

  #go() {
    this.state = "running";
    this.reason = this.message = null;
  }

  /** @param {RunEvent} event */
  #addLoss(event) {
    this.last = event;
    this.end = null; // it goes on for more epochs
    this.points++;
    const { loss } = event;
    if (loss !== null) {
      this.#smooth = MEMORY * this.#smooth + (1 - MEMORY) * loss;
      this.#weight = MEMORY * this.#weight + (1 - MEMORY); // an average over what there was so far
      this.#sum += loss;
      this.#count++;
    }
    const row = this.#row(event.epoch);
    this.losses.training[row] = loss;
    this.losses.smooth[row] = loss === null ? null : this.#smooth / this.#weight;
  }

  /** @param {RunEvent} event */
  #addEpoch({ epoch, loss, accuracy }) {
    if (loss !== null) this.losses.validation[this.#row(epoch)] = loss;
    const training = this.#count ? this.#sum / this.#count : null;
    this.epochs.push({ epoch: Math.round(epoch), training, loss, accuracy, rate: this.last?.learning_rate ?? null });
    this.#sum = this.#count = 0;
  }

  /** A resumed training says its rate again: told once. @param {RunEvent} event */
  #addChange({ learning_rate: rate }) {
    if (this.rate !== rate) this.#mark("changed", rate);
    this.rate = rate;
  }

  /** Where the curve is just now. @param {string} kind @param {number | null} rate */
  #mark(kind, rate) {
    this.marks.push({ epoch: this.losses.x.at(-1) ?? 0, kind: /** @type {Mark["kind"]} */ (kind), rate });
  }

  /** The row of a moment, made when it is new. @param {number} epoch */
  #row(epoch) {
    const { x, training, smooth, validation } = this.losses;
    if (x.at(-1) !== epoch) {
      x.push(epoch);
      for (const column of [training, smooth, validation]) column.push(null);
    }
    return x.length - 1;
  }
}
