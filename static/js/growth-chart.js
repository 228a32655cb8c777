// @ts-check
/** A line for each class along the pen's way: SVG that stretches with its box, labels in HTML above it. */
import { curvesOf, proudest } from "./growth.js";
import { say } from "./texts.js";

/** @typedef {import("./predict.js").Reading} Reading */

const SVG = "http://www.w3.org/2000/svg";
const MATTERS = 0.2; // a class that was never more probable than this stays a quiet line without a name
const NEAR = { way: 0.06, share: 0.15 }; // labels nearer than this would cover each other
const ROOM = 0.16; // of the width, for the word below a stroke's beginning

export class GrowthChart {
  #svg;
  #labels;
  #cursor;

  /** @param {HTMLElement} element holds an svg of 1 x 1, a box for labels and a cursor */
  constructor(element) {
    this.#svg = /** @type {SVGSVGElement} */ (element.querySelector("svg"));
    this.#labels = /** @type {HTMLElement} */ (element.querySelector(".labels"));
    this.#cursor = /** @type {HTMLElement} */ (element.querySelector(".cursor"));
  }

  clear() {
    this.#svg.replaceChildren(...LEVELS.map(level));
    this.#labels.replaceChildren();
    this.#cursor.hidden = true;
  }

  /** @param {number} way from 0 to 1 */
  point(way) {
    this.#cursor.hidden = false;
    this.#cursor.style.setProperty("--way", String(way));
  }

  /** @param {Reading[]} readings evenly spaced, the last at the end @param {string[]} classes @param {number[]} beginnings */
  show(readings, classes, beginnings) {
    const curves = curvesOf(readings, classes.length);
    const last = readings.at(-1);
    const leader = last && !last.rejected ? last.predictions[0].index : -1;
    const named = curves.flatMap((curve, index) => (Math.max(...curve.map((value) => value ?? 0)) >= MATTERS ? [index] : []));
    const lines = curves.map((curve, index) => {
      const line = drawn("path", { d: pathOf(curve), class: "line" });
      if (named.includes(index)) line.setAttribute("data-named", String(named.indexOf(index) % 3));
      line.toggleAttribute("data-leader", index === leader);
      return line;
    });
    lines.sort((a, b) => rank(a) - rank(b));
    this.#svg.replaceChildren(...gapsOf(readings), ...LEVELS.map(level), ...beginnings.map(mark), ...lines);
    const names = named.map((index) => {
      const at = proudest(curves[index], readings, index);
      return { text: classes[index], way: (at + 1) / readings.length, share: curves[index][at] ?? 0 };
    });
    this.#labels.replaceChildren(...placed(names), ...strokeLabels(beginnings));
  }
}

const LEVELS = [0, 0.5, 1];

/** Quiet lines lie below named ones. @param {SVGElement} line */
const rank = (line) => Number(line.hasAttribute("data-named")) + Number(line.hasAttribute("data-leader"));

/** @param {string} name @param {Record<string, string | number>} attributes */
function drawn(name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  return element;
}

/** @param {(number | null)[]} curve */
function pathOf(curve) {
  let isOpen = false;
  const parts = curve.map((value, i) => {
    const place = `${((i + 1) / curve.length).toFixed(4)} ${(1 - (value ?? 0)).toFixed(4)}`;
    const part = value === null ? "" : isOpen ? `L${place}` : `M${place}L${place}`; // alone, a dot
    isOpen = value !== null;
    return part;
  });
  return parts.join("");
}

/** @param {number} share */
const level = (share) => drawn("path", { d: `M0 ${1 - share}H1`, class: "level" });

/** @param {number} way */
const mark = (way) => drawn("path", { d: `M${way.toFixed(4)} 0V1`, class: "mark" });

/** A band wherever there was no guess. @param {Reading[]} readings */
function gapsOf(readings) {
  const step = 1 / readings.length;
  return readings.flatMap(({ rejected }, i) => {
    const x = (i + 0.5) * step;
    return rejected ? [drawn("rect", { x, y: 0, width: Math.min(step, 1 - x), height: 1, class: "gap" })] : [];
  });
}

/** @param {{ text: string, way: number, share: number }[]} names */
function placed(names) {
  return names.map((name, i) => {
    const label = labelled(name.text, "class-label", name.way);
    label.style.setProperty("--share", String(name.share));
    const isNear = (/** @type {typeof name} */ other) =>
      Math.abs(other.way - name.way) < NEAR.way && Math.abs(other.share - name.share) < NEAR.share;
    label.toggleAttribute("data-below", names.slice(0, i).some(isNear));
    return label;
  });
}

/** @param {number[]} beginnings */
function strokeLabels(beginnings) {
  let free = ROOM;
  return [0, ...beginnings].flatMap((way, i) => {
    if (i && way < free) return [];
    free = way + ROOM;
    return [labelled(say("strokeNumber", { number: i + 1 }), "stroke-label", way)];
  });
}

/** @param {string} text @param {string} kind @param {number} way */
function labelled(text, kind, way) {
  const label = document.createElement("span");
  label.className = kind;
  label.textContent = text;
  label.style.setProperty("--way", String(way));
  return label;
}
