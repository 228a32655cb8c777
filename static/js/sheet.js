// @ts-check
/** What lies on the sheet, a drawing or a picture, and what lay there before: one history for both. */
import { DrawingPad } from "./drawing-pad.js";
import { begun, changed, redone, undone } from "./history.js";
import { picture } from "./ink.js";
import { Photo } from "./photo.js";

/** @typedef {import("./strokes.js").Strokes} Strokes */
/** @typedef {import("./lab.js").Subject} Subject */
/** @typedef {import("./photo.js").Laid} Laid */
/** @typedef {{ strokes: Strokes, laid: Laid | null }} Content a picture lies there alone */

/** @type {Content} */
const EMPTY = Object.freeze({ strokes: [], laid: null });

export class Sheet {
  pad;
  #photo;
  #onChange;
  #history = begun(EMPTY);

  /**
   * @param {HTMLElement} element holds canvas, picture and crop box
   * @param {HTMLElement} tools those below it
   * @param {{ limit: number, changed: (final: boolean) => void, keyed: (column: number, row: number, isDown: boolean) => void }} options
   *   limit: MiB of a picture; changed: something else lies there (final: pen and crop box are at rest); keyed: as of the pad
   */
  constructor(element, tools, { limit, changed, keyed }) {
    this.#onChange = changed;
    this.pad = new DrawingPad(element, { inked: (finished) => this.#inked(finished), keyed });
    this.#photo = new Photo(element, tools, { limit, moved: changed, settled: (laid) => this.#take({ strokes: [], laid }) });
  }

  /** @returns {Subject | null} null: nothing lies there */
  get subject() {
    const { laid } = this.#photo;
    if (laid) return { kind: "picture", picture: laid.picture, name: laid.file.name };
    const { strokes, pen } = this.pad;
    return strokes.length ? { kind: "drawing", picture: () => picture(strokes, pen), strokes, pen } : null;
  }

  get canUndo() {
    return this.#history.past.length > 0;
  }

  get canRedo() {
    return this.#history.future.length > 0;
  }

  /** @param {File} file */
  lay(file) {
    this.#take({ strokes: [], laid: this.#photo.of(file) });
  }

  /** @param {Strokes} strokes */
  draw(strokes) {
    this.#take({ strokes, laid: null });
  }

  clear() {
    this.#take(EMPTY);
  }

  /** While the pen is down only its stroke goes, while the crop box is open only the box. */
  undo() {
    this.#show(this.pad.isDown || this.#photo.isCropping ? this.#history : undone(this.#history));
  }

  redo() {
    this.#show(redone(this.#history));
  }

  /** The answer, with the way out where a crop is one. @param {import("./predict.js").Answer} answer */
  advised(answer) {
    return this.#photo.advised(answer);
  }

  /** @param {boolean} finished */
  #inked(finished) {
    if (finished) return this.draw(this.pad.strokes);
    this.#photo.show(null);
    this.#onChange(false);
  }

  /** What changes nothing is no step. @param {Content} content */
  #take(content) {
    this.#show(same(content, this.#history.now) ? this.#history : changed(this.#history, content));
  }

  /** @param {import("./history.js").History<Content>} history */
  #show(history) {
    this.#history = history;
    this.pad.show(history.now.strokes);
    this.#photo.show(history.now.laid);
    this.#onChange(true);
  }
}

/** @param {Content} one @param {Content} other */
const same = (one, other) =>
  one.laid === other.laid && one.strokes.length === other.strokes.length && one.strokes.every((stroke, i) => stroke === other.strokes[i]);
