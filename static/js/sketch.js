// @ts-check
/** The curve that somebody expects: eight points, drawn by pointer or moved by keys, kept in this browser with the run. */
import { brief, say } from "./texts.js";

const POINTS = 8; // evenly spaced, the first before the first step
const MOST = 3; // a blind guess among ten costs ln 10 = 2.3
const EDGE = 1 / 24; // of the height: half a point, which stays within
const KEPT = "inkling-sketch-";

export class Sketch {
  #element;
  #line;
  /** @type {HTMLInputElement[]} */
  #points;
  #isTouched = false;
  #epochs = 1;

  /** @param {HTMLElement} element holds an svg of 1 x 1 with one path */
  constructor(element) {
    this.#element = element;
    this.#line = /** @type {SVGPathElement} */ (element.querySelector("path"));
    this.#points = Array.from({ length: POINTS }, () => Object.assign(document.createElement("input"), { type: "range", min: "0", max: String(MOST), step: "0.05", value: "2.3", autocomplete: "off" }));
    element.append(...this.#points);
    for (const name of /** @type {const} */ (["pointerdown", "pointermove"])) element.addEventListener(name, (event) => this.#pull(event));
    element.addEventListener("input", () => this.#draw());
  }

  /** @param {number} epochs of the training */
  show(epochs) {
    this.#epochs = epochs || 1;
    this.#points.forEach((point, i) => (point.ariaLabel = say("sketchPoint", { epoch: brief((i / (POINTS - 1)) * this.#epochs) })));
  }

  /** With the run that it was drawn for, if it was drawn and the browser keeps anything. @param {string} run */
  keep(run) {
    if (!this.#isTouched) return;
    const y = this.#points.map(({ value }) => Number(value));
    try {
      localStorage.setItem(KEPT + run, JSON.stringify({ epochs: this.#epochs, y }));
    } catch {
      // then the run goes its way without it
    }
  }

  /** The nearest point comes to the pen, so that one stroke draws all. @param {PointerEvent} event */
  #pull(event) {
    if (!event.buttons) return;
    event.preventDefault();
    const { left, top, width, height } = this.#element.getBoundingClientRect();
    const i = Math.round(((event.clientX - left) / width) * POINTS - 0.5);
    const point = this.#points[Math.min(Math.max(i, 0), POINTS - 1)];
    point.value = String(MOST * (1 - ((event.clientY - top) / height - EDGE) / (1 - 2 * EDGE)));
    if (event.type === "pointerdown") point.focus();
    this.#draw();
  }

  #draw() {
    this.#isTouched = true;
    const places = this.#points.map(({ value }, i) => `${((i + 0.5) / POINTS).toFixed(4)} ${(EDGE + (1 - 2 * EDGE) * (1 - Number(value) / MOST)).toFixed(4)}`);
    this.#line.setAttribute("d", `M${places.join("L")}`);
  }
}

/** The losses that were expected of a run, by epoch; of those that it was begun with, should it have gone on since. @param {string} run @returns {{ x: number[], y: number[] } | null} */
export function expected(run) {
  try {
    const { epochs, y } = JSON.parse(localStorage.getItem(KEPT + run) ?? "null");
    return { x: y.map((/** @type {number} */ _, /** @type {number} */ i) => (i / (POINTS - 1)) * epochs), y };
  } catch {
    return null; // none was drawn, or the browser keeps nothing
  }
}

/** How far off it was where both curves end so far. @param {{ x: number[], y: number[] }} sketch @param {import("./run-record.js").Epoch[]} epochs */
export function judged({ x, y }, epochs) {
  const { epoch, loss } = epochs.findLast((each) => each.epoch <= x[POINTS - 1]) ?? { epoch: 0, loss: null };
  if (loss === null) return say("sketchLies");
  const i = Math.max(x.findIndex((each) => each >= epoch), 1);
  const share = Math.min((epoch - x[i - 1]) / (x[i] - x[i - 1]), 1);
  const guess = y[i - 1] + share * (y[i] - y[i - 1]);
  const key = Math.abs(guess - loss) < 0.05 ? "sketchRight" : guess > loss ? "sketchHigh" : "sketchLow";
  return say(key, { epoch: brief(epoch), guess: guess.toFixed(2), loss: loss.toFixed(2) });
}
