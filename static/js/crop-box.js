// @ts-check
/** A box over a picture, moved and resized by mouse, finger and keys; the outside is dimmed by its shadow. */
import { say } from "./texts.js";

/** @typedef {import("./pictures.js").Box} Box */
/** @typedef {readonly [x: number, y: number]} Pair */
/** @typedef {{ edges: Pair, isNew: boolean }} Grip edges: which edge moves across and down, -1, 0 or 1; both 0: the whole box */

const REACH = 22; // CSS pixels from an edge: half a finger
const STEP = 0.02; // of a key, in sides of the picture
const LEAST = 0.03; // the smallest side
const ARROWS = /** @type {Record<string, Pair>} */ ({ ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] });
const WHOLE = /** @type {Pair} */ ([0, 0]);

export class CropBox {
  /** @type {Box} */
  #box = { left: 0, top: 0, width: 1, height: 1 };
  #element;
  #area;
  #frame;
  #listener;
  /** What is being dragged, from where. @type {(Grip & { pointer: number, at: Pair, box: Box }) | null} */
  #drag = null;

  /**
   * @param {HTMLElement} element covers the picture, with an `.area` to be fitted to it and in that the `.box`
   * @param {{ moved: (box: Box, final: boolean) => void, left: (keeping: boolean) => void }} listener
   */
  constructor(element, listener) {
    this.#element = element;
    this.#listener = listener;
    this.#area = /** @type {HTMLElement} */ (element.querySelector(".area"));
    this.#frame = /** @type {HTMLElement} */ (element.querySelector(".box"));
    element.addEventListener("mousedown", (event) => event.preventDefault()); // would focus the pad
    element.addEventListener("pointerdown", (event) => this.#pointerDown(event));
    element.addEventListener("pointermove", (event) => this.#pointerMove(event));
    for (const end of ["pointerup", "pointercancel"]) {
      element.addEventListener(end, (event) => this.#pointerUp(/** @type {PointerEvent} */ (event)));
    }
    element.addEventListener("keydown", (event) => this.#keyDown(event));
    element.addEventListener("keyup", (event) => event.key in ARROWS && this.#listener.moved(this.#box, true));
  }

  get isOpen() {
    return !this.#element.hidden;
  }

  /** @param {number[]} size width and height of the picture, in any unit @param {Box} box */
  open([width, height], box) {
    const longest = Math.max(width, height);
    this.#area.style.setProperty("--across", String(width / longest));
    this.#area.style.setProperty("--down", String(height / longest));
    this.#element.hidden = false;
    this.#drag = null;
    this.#show(box);
    this.#frame.focus({ preventScroll: true });
  }

  close() {
    this.#element.hidden = true;
  }

  /** @param {Box} box */
  #show(box) {
    this.#box = box;
    for (const [side, share] of Object.entries(box)) this.#frame.style.setProperty(side, `${100 * share}%`);
    const [left, right, top, bottom] = [box.left, box.left + box.width, box.top, box.top + box.height].map((share) => Math.round(100 * share));
    this.#frame.setAttribute("aria-label", say("cropBox", { left, right, top, bottom }));
  }

  /** @param {Box} box @param {boolean} final */
  #move(box, final) {
    this.#show(box);
    this.#listener.moved(box, final);
  }

  // --- Mouse, finger, stylus ---

  /** @param {PointerEvent} event */
  #pointerDown(event) {
    if (this.#drag || event.button !== 0) return;
    this.#element.setPointerCapture(event.pointerId);
    this.#frame.focus({ preventScroll: true });
    this.#drag = { ...this.#grip(event), pointer: event.pointerId, at: this.#place(event), box: this.#box };
  }

  /** @param {PointerEvent} event */
  #pointerMove(event) {
    if (!this.#drag) this.#element.style.cursor = cursor(this.#grip(event));
    if (event.pointerId !== this.#drag?.pointer) return;
    const { at, box, edges, isNew } = this.#drag;
    const place = this.#place(event);
    const way = /** @type {Pair} */ ([place[0] - at[0], place[1] - at[1]]);
    if (!isNew) this.#move(edges === WHOLE ? moved(box, way) : resized(box, edges, way), false);
    else if (Math.min(...way.map(Math.abs)) > LEAST) this.#move(between(at, place), false);
  }

  /** @param {PointerEvent} event */
  #pointerUp(event) {
    if (event.pointerId !== this.#drag?.pointer) return;
    const changed = this.#drag.box !== this.#box;
    this.#drag = null;
    if (changed) this.#listener.moved(this.#box, true);
  }

  /** In shares of the picture. @param {PointerEvent} event @returns {Pair} */
  #place({ clientX, clientY }) {
    const { left, top, width, height } = this.#area.getBoundingClientRect();
    return [(clientX - left) / width, (clientY - top) / height];
  }

  /** What a finger put here takes hold of. @param {PointerEvent} event @returns {Grip} */
  #grip({ clientX, clientY }) {
    const { left, right, top, bottom } = this.#frame.getBoundingClientRect();
    const edges = /** @type {Pair} */ ([nearest(clientX, left, right), nearest(clientY, top, bottom)]);
    const isNew = Number.isNaN(edges[0] + edges[1]);
    return { edges: edges[0] || edges[1] ? edges : WHOLE, isNew };
  }

  // --- Keys ---

  /** @param {KeyboardEvent} event */
  #keyDown(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.key === "Tab") return;
    event.stopPropagation(); // the pad has its own arrow keys
    const [x, y] = ARROWS[event.key] ?? WHOLE;
    const way = /** @type {Pair} */ ([x * STEP, y * STEP]);
    if (event.key in ARROWS) this.#move(event.shiftKey ? resized(this.#box, [1, 1], way) : moved(this.#box, way), false);
    else if (event.key === "Enter" || event.key === "Escape") this.#listener.left(event.key === "Enter");
    else return;
    event.preventDefault();
  }
}

// --- Boxes ---

/** @param {number} value @param {number} least @param {number} most */
const clamp = (value, least, most) => Math.min(Math.max(value, least), most);

/** @param {Box} box @param {Pair} way @returns {Box} */
const moved = ({ left, top, width, height }, [x, y]) => ({ left: clamp(left + x, 0, 1 - width), top: clamp(top + y, 0, 1 - height), width, height });

/** @param {Box} box @param {Pair} edges @param {Pair} way @returns {Box} */
function resized(box, edges, way) {
  const [left, right] = stretched(box.left, box.left + box.width, edges[0], way[0]);
  const [top, bottom] = stretched(box.top, box.top + box.height, edges[1], way[1]);
  return { left, top, width: right - left, height: bottom - top };
}

/** @param {number} start @param {number} end @param {number} edge @param {number} way */
function stretched(start, end, edge, way) {
  if (edge < 0) return [clamp(start + way, 0, end - LEAST), end];
  return edge > 0 ? [start, clamp(end + way, start + LEAST, 1)] : [start, end];
}

/** @param {Pair} one @param {Pair} other @returns {Box} */
function between(one, other) {
  const [left, right] = [one[0], other[0]].map((x) => clamp(x, 0, 1)).sort((a, b) => a - b);
  const [top, bottom] = [one[1], other[1]].map((y) => clamp(y, 0, 1)).sort((a, b) => a - b);
  return resized({ left: Math.min(left, 1 - LEAST), top: Math.min(top, 1 - LEAST), width: right - left, height: bottom - top }, [1, 1], WHOLE);
}

/** -1 or 1: within reach of the start or the end; 0: between them; NaN: outside. @param {number} at @param {number} start @param {number} end */
function nearest(at, start, end) {
  const inner = Math.min(REACH, (end - start) / 4);
  if (at < start - REACH || at > end + REACH) return NaN;
  return at < start + inner ? -1 : at > end - inner ? 1 : 0;
}

/** @param {Grip} grip */
function cursor({ edges: [x, y], isNew }) {
  if (isNew) return "crosshair";
  if (x && y) return x === y ? "nwse-resize" : "nesw-resize";
  return x ? "ew-resize" : y ? "ns-resize" : "move";
}
