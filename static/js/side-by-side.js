// @ts-check
/** Trainings side by side: their curves on each other, their figures, the choices that differ. */
import { CurveChart } from "./curve-chart.js";
import { differences, inWords as valueInWords } from "./run-differences.js";
import { RunTable } from "./run-table.js";
import { inWords } from "./runs.js";
import { accuracyOf, brief, count, figure, labelOf, say } from "./texts.js";

/**
 * @typedef {import("./run-record.js").RunRecord} RunRecord
 * @typedef {import("./run-record.js").Epoch} Epoch
 * @typedef {import("./variants.js").Training} Training
 * @typedef {"validation" | "training" | "accuracy"} Measure
 * @typedef {{ x: number[], y: (number | null)[] }} Curve
 * @typedef {{ title: string, link?: string, training: Training }} Side
 */

export const DASHES = [[], [8, 4], [2, 3], [10, 3, 2, 3], [14, 6], [5, 5], [2, 7], [12, 3, 2, 3, 2, 3]];
export const MOST = DASHES.length; // as many as can be told apart
const DRAWN = 1000; // points of one curve; more cannot be told apart
const LEAST = 1e-7; // a loss of 0 has no logarithm

export class SideBySide {
  #part;
  #sides;
  #choices;
  #measure;
  #log;
  #table;
  #chart;
  #samples;
  /** @type {(number | null)[][]} x first */
  #columns = [[]];

  /** @param {HTMLElement} element @param {Side[]} sides MOST of them at most @param {string} what they are, as the head of their column */
  constructor(element, sides, what) {
    this.#part = /** @type {<T extends HTMLElement>(selector: string) => T} */ ((selector) => /** @type {any} */ (element.querySelector(selector)));
    this.#sides = sides;
    this.#choices = differences(sides.map(({ training }) => training));
    this.#samples = sides.map((_, i) => sample(i));
    this.#measure = /** @type {HTMLSelectElement} */ (this.#part("#measure"));
    this.#log = /** @type {HTMLInputElement} */ (this.#part(".log"));
    const figures = ["state", "epoch", "bestLoss", "bestAccuracy", "test", "parameters"].map((name) => say(/** @type {"column_state"} */ (`column_${name}`)));
    this.#table = new RunTable(this.#part(".figures"), [what, ...figures, ...this.#choices.map(({ name }) => labelOf(name))], sides.length);
    this.#chart = new CurveChart(this.#part(".area"), {
      lines: sides.map((_, i) => ({ colour: `--run-${i + 1}`, width: 2.5, dash: DASHES[i], dots: "where they fit" })),
      range: (least, most) => (this.#isAccuracy ? [least === null ? 0 : Math.max(0, Math.floor(20 * (least - 0.01)) / 20), 1] : [0, most === null ? 1 : 1.05 * most]),
      write: (value) => (this.#isAccuracy ? say("percent", { value: brief(100 * value) }) : brief(value)),
      zoomed: (span) => this.#zoom(span),
      pointed: (row) => this.#tell(row === null ? null : this.#columns[0][row]),
    });
    this.#measure.addEventListener("change", () => this.draw());
    this.#log.addEventListener("change", () => {
      this.#chart.setLog(this.#log.checked);
      this.draw();
    });
    this.#part(".whole").addEventListener("click", () => this.#zoom(null));
    this.#part(".closer").addEventListener("click", () => this.#chart.askFor(1 / 2));
    this.#part(".wider").addEventListener("click", () => this.#chart.askFor(2));
    this.#part(".same").textContent = this.#choices.length ? "" : say("compareSame");
  }

  draw() {
    const records = this.#sides.map(({ training }) => training.record);
    const curves = records.map((record) => thinned(curveOf(record, /** @type {Measure} */ (this.#measure.value))));
    this.#columns = joined(curves, this.#log.checked && !this.#isAccuracy);
    this.#chart.show(this.#columns, Math.max(...records.map(({ losses }) => losses.x.at(-1) ?? 0)));
    this.#table.show(this.#sides.map((side, i) => this.#row(side, i)));
    this.#part(".summary").textContent = this.#summary();
    this.#tell(null);
  }

  get #isAccuracy() {
    return this.#measure.value === "accuracy";
  }

  /** @param {Side} side @param {number} i @returns {import("./run-table.js").Cell[]} */
  #row({ title, link, training: { run, record } }, i) {
    const { epochs, begun, result, last, end } = record;
    const loss = bestOf(epochs, "loss", Math.min);
    const accuracy = bestOf(epochs, "accuracy", Math.max);
    const state = inWords(end ?? (record.seq < run.last_seq ? run.state : record.state));
    const epoch = last?.epoch ?? 0;
    return [
      { text: title, order: title, link, mark: this.#samples[i] },
      { text: state, order: state },
      { text: say("epochOf", { epoch: brief(epoch), epochs: run.spec.epochs }), order: epoch },
      { text: figure(loss), order: loss ?? NaN },
      { text: accuracyOf(accuracy), order: accuracy ?? NaN },
      { text: accuracyOf(result?.accuracy ?? null), order: result?.accuracy ?? NaN },
      { text: begun ? count(begun.parameters) : "–", order: begun?.parameters ?? NaN },
      ...this.#choices.map(({ values }) => ({ text: valueInWords(values[i]), order: typeof values[i] === "number" ? values[i] : valueInWords(values[i]) })),
    ];
  }

  #summary() {
    const best = this.#sides.map(({ title, training }) => ({ title, accuracy: bestOf(training.record.epochs, "accuracy", Math.max) })).filter(({ accuracy }) => accuracy !== null);
    if (!best.length) return say("compareNothing");
    const { title, accuracy } = best.reduce((a, b) => (Number(b.accuracy) > Number(a.accuracy) ? b : a));
    return say("compareBest", { run: title, accuracy: accuracyOf(accuracy) });
  }

  /** What stands at the crosshair, without one the latest. @param {number | null} epoch */
  #tell(epoch) {
    const slider = this.#part(".area");
    if (epoch === null && slider.matches(":focus")) return;
    const [x, ...columns] = this.#columns;
    const end = epoch ?? x.at(-1) ?? 0;
    const values = this.#sides.map(({ title, training }, i) => {
      const isOver = epoch !== null && epoch > Math.ceil(training.record.losses.x.at(-1) ?? 0);
      return say("compareValue", { run: title, value: isOver ? "–" : this.#written(lastUntil(x, columns[i] ?? [], end)) });
    }).join("; ");
    const sentence = epoch === null ? say("compareLatest", { values }) : say("compareAt", { epoch: brief(epoch), values });
    this.#part(".at").textContent = sentence;
    slider.ariaValueMax = brief(x.at(-1) ?? 0);
    slider.ariaValueNow = brief(end);
    slider.ariaValueText = sentence;
  }

  /** @param {number | null} value */
  #written(value) {
    return this.#isAccuracy ? accuracyOf(value) : figure(value);
  }

  /** @param {import("./chart-hands.js").Span | null} span */
  #zoom(span) {
    this.#chart.zoom(span);
    for (const name of [".whole", ".wider"]) this.#part(name).ariaDisabled = String(!span);
  }
}

/** @param {(number | null)[]} x @param {(number | null)[]} column @param {number} end the last epoch that counts */
const lastUntil = (x, column, end) => column.filter((value, i) => value !== null && Number(x[i]) <= end).at(-1) ?? null;

/** @param {RunRecord} record @param {Measure} name @returns {Curve} */
export function curveOf({ losses, epochs }, name) {
  if (name === "training") return { x: losses.x, y: losses.smooth };
  return { x: epochs.map(({ epoch }) => epoch), y: epochs.map((each) => (name === "accuracy" ? each.accuracy : each.loss)) };
}

/** @param {Curve} curve @returns {Curve} */
export function thinned({ x, y }) {
  const stride = Math.ceil(x.length / DRAWN);
  if (stride < 2) return { x, y };
  const isKept = (/** @type {unknown} */ _, /** @type {number} */ i) => i % stride === 0 || i === x.length - 1;
  return { x: x.filter(isKept), y: y.filter(isKept) };
}

/** All on one x. @param {Curve[]} curves @param {boolean} isLog @returns {(number | null)[][]} */
export function joined(curves, isLog) {
  const x = [...new Set(curves.flatMap((curve) => curve.x))].sort((a, b) => a - b);
  const row = new Map(x.map((epoch, i) => [epoch, i]));
  const ys = curves.map((curve) => {
    const column = /** @type {(number | null)[]} */ (Array(x.length).fill(null));
    curve.x.forEach((epoch, i) => (column[/** @type {number} */ (row.get(epoch))] = isLog && curve.y[i] !== null ? Math.max(/** @type {number} */ (curve.y[i]), LEAST) : curve.y[i]));
    return column;
  });
  return [x, ...ys];
}

/** @param {Epoch[]} epochs @param {"loss" | "accuracy"} name @param {(...values: number[]) => number} pick */
function bestOf(epochs, name, pick) {
  const known = epochs.map((epoch) => epoch[name]).filter((value) => value !== null);
  return known.length ? known.reduce((a, b) => pick(a, b)) : null;
}

/** The line of a run as the chart draws it. @param {number} i */
export function sample(i) {
  const [picture, line] = ["svg", "line"].map((name) => document.createElementNS("http://www.w3.org/2000/svg", name));
  for (const [name, value] of Object.entries({ width: 36, height: 10, class: `sample run-${i + 1}`, "aria-hidden": true })) picture.setAttribute(name, String(value));
  for (const [name, value] of Object.entries({ x2: 36, y1: 5, y2: 5, "stroke-dasharray": DASHES[i].join(" ") })) line.setAttribute(name, String(value));
  picture.append(line);
  return picture;
}
