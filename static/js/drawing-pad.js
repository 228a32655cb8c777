// @ts-check
/** The pad: pointer events and keys in, strokes out, by pen or eraser. */
import { PEN, paint } from "./ink.js";
import { erased } from "./strokes.js";

/** @typedef {import("./strokes.js").Point} Point */
/** @typedef {import("./strokes.js").Strokes} Strokes */

const GRID = 28; // cells of the keyboard's pen: the pixels that the network sees
const ERASER = 0.055; // its radius, in sides of the pad
const ERASER_STEP = ERASER / 3; // between two places where a moving eraser erases
const FAINT = 0.15; // how much of the drawing is seen under a preview
const STYLUS_ERASER = 32; // the bit of event.buttons that a stylus's other end sets

export class DrawingPad {
  /** @type {"pen" | "eraser"} */
  tool = "pen";
  #element;
  #canvas;
  #context;
  #onInk;
  #onKey;
  /** @type {Strokes} */
  #strokes = [];
  #pen = PEN.usual;
  /** The strokes while pen or eraser is down, else null. @type {Strokes | null} */
  #unfinished = null;
  #isErasing = false;
  #pointer = -1;
  #box = new DOMRect();
  #frame = 0;
  /** @type {Strokes | null} */
  #preview = null;
  /** Column and row of the keyboard's pen. */
  #cell = [GRID / 2, GRID / 4];
  #keyIsDown = false;

  /**
   * @param {HTMLElement} element focusable, holds the canvas
   * @param {{ inked: (finished: boolean) => void, keyed: (column: number, row: number, isDown: boolean) => void }} listener
   *   inked: after each change by hand (finished: the pen is up); keyed: after each key, where the pen is, from 1 to 28
   */
  constructor(element, { inked, keyed }) {
    this.#element = element;
    this.#onInk = inked;
    this.#onKey = keyed;
    const canvas = (this.#canvas = /** @type {HTMLCanvasElement} */ (element.querySelector("canvas")));
    this.#context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    canvas.addEventListener("pointerdown", (event) => this.#pointerDown(event));
    canvas.addEventListener("pointermove", (event) => this.#pointerMove(event));
    for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) {
      canvas.addEventListener(end, (event) => this.#pointerUp(/** @type {PointerEvent} */ (event)));
    }
    element.addEventListener("keydown", (event) => this.#key(event));
    element.addEventListener("focus", () => this.#repaint());
    element.addEventListener("blur", () => this.#leaveKeys());
    new ResizeObserver(() => this.#fit()).observe(canvas);
    addEventListener("resize", () => this.#fit()); // also when the window moves to a finer screen
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#repaint());
  }

  /** @returns {Strokes} */
  get strokes() {
    return this.#unfinished ?? this.#strokes;
  }

  /** Whether pen or eraser is down. */
  get isDown() {
    return this.#unfinished !== null;
  }

  /** Of the whole drawing, in sides of the pad. */
  get pen() {
    return this.#pen;
  }

  set pen(width) {
    this.#pen = Math.min(Math.max(width, PEN.thinnest), PEN.widest);
    this.#repaint();
  }

  /** Puts these strokes there, whatever pen or eraser were doing. @param {Strokes} strokes */
  show(strokes) {
    this.#unfinished = this.#preview = null;
    this.#pointer = -1;
    this.#keyIsDown = false;
    this.#strokes = strokes;
    this.#repaint();
  }

  /** Shows these strokes over a faint drawing; null: the drawing itself. @param {Strokes | null} strokes */
  preview(strokes) {
    this.#preview = strokes;
    this.#repaint();
  }

  // --- Pen and eraser, whatever moves them ---

  /** @param {Point} point @param {boolean} erasing */
  #begin(point, erasing) {
    this.#preview = null;
    this.#isErasing = erasing;
    this.#unfinished = this.#strokes;
    if (erasing) this.#erase(point, point);
    else this.#unfinished = [...this.#unfinished, [point]];
    this.#changed(false);
  }

  /** @param {Point[]} points */
  #extend(points) {
    for (const point of points) {
      if (this.#isErasing) this.#erase(this.#last, point);
      else /** @type {Point[]} */ (this.strokes[this.strokes.length - 1]).push(point);
    }
    this.#changed(false);
  }

  #end() {
    this.#strokes = this.strokes;
    this.#unfinished = null;
    this.#changed(true);
  }

  /** Where the eraser was last. @type {Point} */
  #last = [0, 0];

  /** @param {Point} from @param {Point} to */
  #erase(from, to) {
    const steps = Math.ceil(Math.hypot(to[0] - from[0], to[1] - from[1]) / ERASER_STEP) || 1;
    for (let i = 1; i <= steps; i++) {
      const t = i / steps;
      const place = /** @type {Point} */ ([from[0] + t * (to[0] - from[0]), from[1] + t * (to[1] - from[1])]);
      this.#unfinished = erased(this.strokes, place, ERASER + this.#pen / 2);
    }
    this.#last = to;
  }

  /** @param {boolean} finished */
  #changed(finished) {
    this.#repaint();
    this.#onInk(finished);
  }

  // --- Mouse, finger, stylus ---

  /** @param {PointerEvent} event */
  #pointerDown(event) {
    if (this.#unfinished || !(event.button === 0 || event.buttons & STYLUS_ERASER)) return;
    this.#canvas.setPointerCapture(event.pointerId);
    this.#box = this.#canvas.getBoundingClientRect();
    this.#pointer = event.pointerId;
    this.#begin(this.#point(event), this.tool === "eraser" || Boolean(event.buttons & STYLUS_ERASER));
  }

  /** @param {PointerEvent} event */
  #pointerMove(event) {
    if (event.pointerId !== this.#pointer || !this.#unfinished) return;
    const events = event.getCoalescedEvents?.() ?? [];
    this.#extend((events.length ? events : [event]).map((each) => this.#point(each)));
  }

  /** @param {PointerEvent} event */
  #pointerUp(event) {
    if (event.pointerId !== this.#pointer || !this.#unfinished) return;
    this.#pointer = -1;
    this.#end();
  }

  /** @param {PointerEvent} event @returns {Point} */
  #point(event) {
    const { left, top, width, height } = this.#box;
    return [(event.clientX - left) / width, (event.clientY - top) / height];
  }

  // --- Keys ---

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || this.#pointer >= 0) return;
    const move = MOVES[event.key];
    if (move) this.#moveCell(move);
    else if (event.key === " " || event.key === "Enter") this.#toggleKeyPen();
    else if (event.key === "Escape" && this.#keyIsDown) this.#toggleKeyPen();
    else return;
    event.preventDefault();
    this.#repaint();
    this.#onKey(this.#cell[0] + 1, this.#cell[1] + 1, this.#keyIsDown);
  }

  /** @param {readonly number[]} move */
  #moveCell(move) {
    this.#cell = this.#cell.map((place, axis) => Math.min(Math.max(place + move[axis], 0), GRID - 1));
    if (this.#keyIsDown) this.#extend([this.#cellCentre]);
  }

  #toggleKeyPen() {
    this.#keyIsDown = !this.#keyIsDown;
    if (this.#keyIsDown) this.#begin(this.#cellCentre, this.tool === "eraser");
    else this.#end();
  }

  #leaveKeys() {
    if (this.#keyIsDown) this.#toggleKeyPen();
    this.#repaint();
  }

  /** @returns {Point} */
  get #cellCentre() {
    return [(this.#cell[0] + 0.5) / GRID, (this.#cell[1] + 0.5) / GRID];
  }

  // --- The picture on the screen ---

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
    const context = this.#context;
    const look = { side: this.#canvas.width, pen: this.#pen, ink: getComputedStyle(this.#canvas).color };
    context.clearRect(0, 0, look.side, look.side);
    if (this.#preview) {
      context.globalAlpha = FAINT;
      paint(context, this.strokes, look);
      context.globalAlpha = 1;
    }
    paint(context, this.#preview ?? this.strokes, look);
    if (this.#element.matches(":focus-visible")) this.#paintCell(look.side);
  }

  /** The keyboard's pen: a ring, filled while it is down. @param {number} side */
  #paintCell(side) {
    const [x, y] = this.#cellCentre;
    const context = this.#context;
    context.beginPath();
    context.arc(x * side, y * side, (this.tool === "eraser" ? ERASER : 0.03) * side, 0, 2 * Math.PI);
    context.strokeStyle = context.fillStyle = getComputedStyle(this.#element).accentColor;
    context.lineWidth = 2 * devicePixelRatio;
    if (this.#keyIsDown) context.fill();
    context.stroke();
  }
}

/** What each key moves, in columns and rows; the four keys at the corners of a number pad go slantwise. @type {Record<string, readonly number[]>} */
const MOVES = {
  ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1],
  Home: [-1, -1], PageUp: [1, -1], End: [-1, 1], PageDown: [1, 1],
};
