// @ts-check
/** Curves of functions with axes, and a mark on them that can be moved. */

import { shown } from "./formula.js";

const NAMESPACE = "http://www.w3.org/2000/svg";
const POINTS = 161; // of a curve
const [WIDTH, HEIGHT] = [320, 200]; // of the drawing; it is scaled to its place

/** @typedef {{ x: [number, number], y: [number, number], grid?: [number, number] }} View grid: the distance of its lines */

export class Plot {
  #svg;
  #view;
  /** @type {Map<string, SVGElement>} */
  #parts = new Map();

  /** @param {SVGSVGElement} svg @param {View} view @param {(x: number) => void} [moved] a pointer chose this x */
  constructor(svg, view, moved) {
    this.#svg = svg;
    this.#view = view;
    svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
    svg.setAttribute("class", `${svg.getAttribute("class") ?? ""} plot`.trim());
    this.#drawGrid();
    if (!moved) return;
    svg.setAttribute("data-movable", "");
    for (const name of /** @type {const} */ (["pointerdown", "pointermove"])) {
      svg.addEventListener(name, (event) => {
        if (!event.buttons) return;
        event.preventDefault();
        if (name === "pointerdown") svg.setPointerCapture(event.pointerId);
        moved(this.#xAt(event));
      });
    }
  }

  /** Another part of the plane; what was drawn is gone. @param {View} view */
  look(view) {
    this.#view = view;
    this.#parts.clear();
    this.#svg.replaceChildren();
    this.#drawGrid();
  }

  /** @param {string} name also its class @param {(x: number) => number} at */
  curve(name, at) {
    const [low, high] = this.#view.x;
    const points = Array.from({ length: POINTS }, (_, i) => low + ((high - low) * i) / (POINTS - 1));
    this.path(name, points.map((x) => [x, at(x)]));
  }

  /** @param {string} name @param {number[][]} points each x, y */
  path(name, points) {
    const line = points.map(([x, y]) => `${this.#left(x).toFixed(1)} ${this.#top(y).toFixed(1)}`).join("L");
    this.#part(name, "path", { class: `curve ${name}`, d: line && `M${line}` });
  }

  /** @param {string} name @param {number} x @param {number} y */
  mark(name, x, y) {
    this.#part(name, "circle", { class: `mark ${name}`, cx: this.#left(x), cy: this.#top(y), r: 5 });
  }

  /** The straight line that touches a curve at x, y. @param {string} name @param {number} x @param {number} y @param {number} slope */
  tangent(name, x, y, slope) {
    const reach = (this.#view.x[1] - this.#view.x[0]) / 8;
    this.path(name, [[x - reach, y - reach * slope], [x + reach, y + reach * slope]]);
  }

  /** @param {string} name */
  remove(name) {
    this.#parts.get(name)?.remove();
    this.#parts.delete(name);
  }

  #drawGrid() {
    const { x, y, grid = [1, 1] } = this.#view;
    for (const at of steps(x, grid[0])) {
      this.#line(at, at, y[0], y[1], !at);
      if (at) this.#label(at, at, 0, 0, 12);
    }
    for (const at of steps(y, grid[1])) {
      this.#line(x[0], x[1], at, at, !at);
      if (at) this.#label(at, 0, at, -10, 3);
    }
  }

  /** A grid line's number beside its axis. @param {number} value @param {number} x @param {number} y @param {number} right @param {number} down in the drawing's units */
  #label(value, x, y, right, down) {
    const [left, top] = [this.#left(x) + right, this.#top(y) + down];
    if (left < 8 || left > WIDTH - 8 || top < 8 || top > HEIGHT) return;
    this.#part(`label ${right} ${value}`, "text", { class: "label", x: left, y: top });
    /** @type {SVGElement} */ (this.#parts.get(`label ${right} ${value}`)).textContent = shown(value);
  }

  /** @param {number} x1 @param {number} x2 @param {number} y1 @param {number} y2 @param {boolean} isAxis */
  #line(x1, x2, y1, y2, isAxis) {
    const places = { x1: this.#left(x1), x2: this.#left(x2), y1: this.#top(y1), y2: this.#top(y2) };
    this.#part(`line ${x1} ${y1} ${x2} ${y2}`, "line", { class: isAxis ? "axis" : "grid", ...places });
  }

  /** @param {string} name @param {string} kind @param {Record<string, string | number>} attributes */
  #part(name, kind, attributes) {
    const part = this.#parts.get(name) ?? /** @type {SVGElement} */ (this.#svg.appendChild(document.createElementNS(NAMESPACE, kind)));
    this.#parts.set(name, part);
    for (const [key, value] of Object.entries(attributes)) part.setAttribute(key, String(value));
  }

  /** @param {number} x */
  #left(x) {
    const [low, high] = this.#view.x;
    return (WIDTH * (x - low)) / (high - low);
  }

  /** Far beyond the drawing is far enough. @param {number} y */
  #top(y) {
    const [low, high] = this.#view.y;
    return Math.min(Math.max(HEIGHT * (1 - (y - low) / (high - low)), -HEIGHT), 2 * HEIGHT);
  }

  /** @param {PointerEvent} event */
  #xAt({ clientX }) {
    const { left, width } = this.#svg.getBoundingClientRect();
    const [low, high] = this.#view.x;
    return Math.min(Math.max(low + ((high - low) * (clientX - left)) / width, low), high);
  }
}

/** The multiples of a distance within a range. @param {[number, number]} range @param {number} distance */
function steps([low, high], distance) {
  const first = Math.ceil(low / distance);
  return Array.from({ length: Math.floor(high / distance) - first + 1 }, (_, i) => (first + i) * distance);
}
