// @ts-check
/**
 * What is on the page just now: the model, the subject, its answer. The page's own script changes it; panels listen.
 *
 * @typedef {import("./strokes.js").Strokes} Strokes
 * @typedef {import("./predict.js").Answer} Answer
 * @typedef {{ name: string, kind: string, classes: string[], size: number, channels: number }} Model kind: of pictures; classes: none where there are more than 100; size: the side of the pictures it sees, in pixels
 * @typedef {{ kind: "drawing", picture: () => Promise<Blob>, strokes: Strokes, pen: number }
 *   | { kind: "picture", picture: () => Promise<Blob>, name: string }} Subject
 *   what is read: a drawing as vectors, or an uploaded picture; picture() gives what is sent
 */

const FIRST = 10; // classes

/** How many classes an answer is to name: all, or the first where there are too many to be listed. @param {Model} model */
export const named = ({ classes }) => classes.length || FIRST;

/**
 * Events: `change` (detail: whether the pen is up) when subject or model are others;
 * `answer` (the same detail) when `answer` is that of the subject, or null when there is none;
 * `kept` (detail: id, sample) when something was kept or corrected, or deleted (sample null; all: id null).
 */
export class Lab extends EventTarget {
  /** @type {Model[]} those that can predict */
  models;
  /** @type {Model | null} */
  model;
  /** @type {Subject | null} null: the pad is empty */
  subject = null;
  /** @type {Answer | null} */
  answer = null;
  /** Shows other strokes on the pad for a while, over a faint drawing; null: the drawing itself. @type {(strokes: Strokes | null) => void} */
  preview = () => {};

  /** @param {Model[]} models @param {Model | null} model */
  constructor(models, model) {
    super();
    this.models = models;
    this.model = model;
  }

  /** @param {{ model?: Model | null, subject?: Subject | null }} now @param {boolean} final whether the pen is up */
  change(now, final) {
    Object.assign(this, now);
    this.#tell("change", final);
  }

  /** @param {Answer | null} answer @param {boolean} final */
  answered(answer, final) {
    this.answer = answer;
    this.#tell("answer", final);
  }

  /** @param {string | null} id @param {import("./samples.js").Sample | null} sample */
  kept(id, sample) {
    this.#tell("kept", { id, sample });
  }

  /** @param {string} kind @param {unknown} detail */
  #tell(kind, detail) {
    this.dispatchEvent(new CustomEvent(kind, { detail }));
  }
}

/**
 * Calls `refresh` when a panel is opened and, while it is open, whenever subject or model change.
 * @param {HTMLDetailsElement} panel @param {Lab} lab @param {(final: boolean) => void} refresh
 */
export function whileOpen(panel, lab, refresh) {
  panel.addEventListener("toggle", () => panel.open && refresh(true));
  lab.addEventListener("change", (event) => panel.open && refresh(/** @type {CustomEvent} */ (event).detail));
  if (panel.open) refresh(true);
}
