// @ts-check
/**
 * A moment of a run, by which all panels look at it: one of its checkpoints, one part of its pictures.
 *
 * @typedef {{ step: number, epoch: number, loss: number | null, accuracy: number | null, best: boolean, last: boolean }} Checkpoint
 * @typedef {"validation" | "test" | "train"} Part
 */

/** Event: `change` (detail: whether the slider rests) when checkpoint, part or the run's state are others. */
export class Moment extends EventTarget {
  /** @type {Checkpoint[]} in the order of their steps */
  checkpoints = [];
  /** @type {Part} */
  part = "validation";
  state = "";
  /** Which of its variants; 0 also where there are none. */
  variant = 0;
  #at = -1;

  /** @param {string} run its id */
  constructor(run) {
    super();
    this.run = run;
  }

  /** @returns {Checkpoint | undefined} */
  get checkpoint() {
    return this.checkpoints[this.#at];
  }

  get at() {
    return this.#at;
  }

  /** Who stood at the newest stays there; who stood at another stays there, or near where it was. @param {Checkpoint[]} checkpoints */
  setCheckpoints(checkpoints) {
    const before = this.checkpoint;
    const followed = !before || this.#at === this.checkpoints.length - 1;
    this.checkpoints = checkpoints;
    const near = checkpoints.findLastIndex(({ step }) => step <= (before?.step ?? 0));
    this.#at = followed ? checkpoints.length - 1 : Math.max(0, near);
    if (this.checkpoint?.step !== before?.step) this.#tell(true);
  }

  /** @param {number} at @param {boolean} rests */
  go(at, rests) {
    this.#at = Math.min(Math.max(at, 0), this.checkpoints.length - 1);
    this.#tell(rests);
  }

  /** @param {Part} part */
  setPart(part) {
    this.part = part;
    this.#tell(true);
  }

  /** Another variant, whose checkpoints come later. @param {number} variant */
  setVariant(variant) {
    this.variant = variant;
    this.checkpoints = [];
    this.#at = -1;
  }

  /** @param {string} state of the run */
  setState(state) {
    if (state === this.state) return;
    this.state = state;
    this.#tell(true);
  }

  /** Where the API tells something of this moment. @param {string} what @param {Record<string, string>} [query] */
  address(what, query = {}) {
    const asked = new URLSearchParams({ ...(this.checkpoint && { checkpoint: String(this.checkpoint.step) }), ...(this.variant && { variant: String(this.variant) }), ...query });
    return `/api/v1/runs/${this.run}/${what}?${asked}`;
  }

  /** The model reference of the checkpoint. */
  get reference() {
    return this.checkpoint ? this.referenceOf(this.checkpoint) : "";
  }

  /** @param {Checkpoint} checkpoint */
  referenceOf({ step }) {
    return `runs/${this.run}/checkpoints${this.variant ? `-${this.variant}` : ""}/${step}`;
  }

  /** @param {boolean} rests */
  #tell(rests) {
    this.dispatchEvent(new CustomEvent("change", { detail: rests }));
  }
}
