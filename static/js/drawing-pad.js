// @ts-check
/** The pad: pointer events in, strokes and clean pictures of them out. */
import { EMPTY, cleared, paint, undone, withStroke } from "./strokes.js";

/** @typedef {import("./strokes.js").Point} Point */

const PICTURE_SIDE = 256; // pixels of the picture sent: nine times what the network sees

export class DrawingPad {
  #canvas;
  #context;
  #onInk;
  #drawing = EMPTY;
  #box = new DOMRect();
  #frame = 0;
  /** @type {Point[] | null} */
  #stroke = null;
  #pointer = -1;

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {(finished: boolean) => void} onInk after each change by hand; finished: the pen is up
   */
  constructor(canvas, onInk) {
    this.#canvas = canvas;
    this.#onInk = onInk;
    this.#context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    canvas.addEventListener("pointerdown", (event) => this.#down(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) {
      canvas.addEventListener(end, (event) => this.#up(/** @type {PointerEvent} */ (event)));
    }
    new ResizeObserver(() => this.#fit()).observe(canvas);
    addEventListener("resize", () => this.#fit()); // also when the window moves to a finer screen
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#repaint());
  }

  get strokes() {
    return this.#stroke ? [...this.#drawing.strokes, this.#stroke] : this.#drawing.strokes;
  }

  get isEmpty() {
    return this.strokes.length === 0;
  }

  get canUndo() {
    return this.#drawing.past.length > 0;
  }

  undo() {
    this.#show(undone(this.#drawing));
  }

  clear() {
    this.#show(cleared(this.#drawing));
  }

  /** White ink on black, whatever the theme, without transparency. @returns {Promise<Blob>} a PNG */
  picture() {
    const copy = document.createElement("canvas");
    copy.width = copy.height = PICTURE_SIDE;
    const context = copy.getContext("2d", { alpha: false, willReadFrequently: true });
    paint(/** @type {CanvasRenderingContext2D} */ (context), this.strokes, {
      side: PICTURE_SIDE,
      ink: "#fff",
      paper: "#000",
    });
    return new Promise((resolve) => copy.toBlob((blob) => resolve(/** @type {Blob} */ (blob)), "image/png"));
  }

  /** @param {import("./strokes.js").Drawing} drawing */
  #show(drawing) {
    this.#stroke = null;
    this.#drawing = drawing;
    this.#repaint();
  }

  /** @param {PointerEvent} event */
  #down(event) {
    if (this.#stroke || event.button !== 0) return;
    this.#canvas.setPointerCapture(event.pointerId);
    this.#box = this.#canvas.getBoundingClientRect();
    this.#pointer = event.pointerId;
    this.#stroke = [this.#point(event)];
    this.#changed(false);
  }

  /** @param {PointerEvent} event */
  #move(event) {
    if (event.pointerId !== this.#pointer || !this.#stroke) return;
    const events = event.getCoalescedEvents?.() ?? [];
    this.#stroke.push(...(events.length ? events : [event]).map((each) => this.#point(each)));
    this.#changed(false);
  }

  /** @param {PointerEvent} event */
  #up(event) {
    if (event.pointerId !== this.#pointer || !this.#stroke) return;
    this.#drawing = withStroke(this.#drawing, this.#stroke);
    this.#stroke = null;
    this.#pointer = -1;
    this.#changed(true);
  }

  /** @param {boolean} finished */
  #changed(finished) {
    this.#repaint();
    this.#onInk(finished);
  }

  /** @param {PointerEvent} event @returns {Point} */
  #point(event) {
    const { left, top, width, height } = this.#box;
    return [(event.clientX - left) / width, (event.clientY - top) / height];
  }

  /** As many canvas pixels as the screen really has. */
  #fit() {
    const side = Math.round(this.#canvas.clientWidth * devicePixelRatio);
    if (side === this.#canvas.width) return;
    this.#canvas.width = this.#canvas.height = side;
    this.#paint();
  }

  #repaint() {
    this.#frame ||= requestAnimationFrame(() => this.#paint());
  }

  #paint() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    const { color: ink } = getComputedStyle(this.#canvas);
    paint(this.#context, this.strokes, { side: this.#canvas.width, ink });
  }
}
