// @ts-check
/** The page /compare: curves of several runs on each other, their figures, the choices that differ. */
import { CurveChart } from "./curve-chart.js";
import { Follower } from "./follow.js";
import { RunRecord } from "./run-record.js";
import { differences, inWords as valueInWords } from "./run-differences.js";
import { RunTable } from "./run-table.js";
import { inWords, titleOf } from "./runs.js";
import { accuracyOf, brief, count, figure, labelOf, say } from "./texts.js";

/**
 * @typedef {import("./runs.js").Run} Run
 * @typedef {import("./run-record.js").Epoch} Epoch
 * @typedef {"validation" | "training" | "accuracy"} Measure
 * @typedef {{ x: number[], y: (number | null)[] }} Curve
 */

const DASHES = [[], [8, 4], [2, 3], [10, 3, 2, 3], [14, 6], [5, 5], [2, 7], [12, 3, 2, 3, 2, 3]];
const DRAWN = 1000; // points of one curve; more cannot be told apart
const LEAST = 1e-7; // a loss of 0 has no logarithm

const part = /** @type {<T extends HTMLElement>(selector: string) => T} */ ((selector) => /** @type {any} */ (document.querySelector(selector)));

const page = part("#compare");
const runs = /** @type {Run[]} */ (JSON.parse(page.dataset.runs ?? ""));
const records = runs.map(() => new RunRecord());
const choices = differences(runs);
const measure = /** @type {HTMLSelectElement} */ (part("#measure"));
const log = /** @type {HTMLInputElement} */ (part(".log"));
const figures = ["run", "state", "epoch", "bestLoss", "bestAccuracy", "test", "parameters"].map((name) => say(/** @type {"column_run"} */ (`column_${name}`)));
const table = new RunTable(part(".figures"), [...figures, ...choices.map(({ name }) => labelOf(name))], runs.length);
const chart = new CurveChart(part(".area"), {
  lines: runs.map((_, i) => ({ colour: `--run-${i + 1}`, width: 2.5, dash: DASHES[i], dots: "where they fit" })),
  range: (least, most) => (measure.value === "accuracy" ? [least === null ? 0 : Math.max(0, Math.floor(20 * (least - 0.01)) / 20), 1] : [0, most === null ? 1 : 1.05 * most]),
  write: (value) => (measure.value === "accuracy" ? say("percent", { value: brief(100 * value) }) : brief(value)),
  zoomed: zoom,
  pointed: (row) => tell(row === null ? null : columns[0][row]),
});
/** @type {(number | null)[][]} */
let columns = [[]];
const samples = runs.map((_, i) => sample(i));
let frame = 0;

function drawSoon() {
  frame ||= requestAnimationFrame(draw);
}

function draw() {
  frame = 0;
  const curves = records.map((record) => thinned(curveOf(record, /** @type {Measure} */ (measure.value))));
  columns = joined(curves, log.checked && measure.value !== "accuracy");
  chart.show(columns, Math.max(...records.map(({ losses }) => losses.x.at(-1) ?? 0)));
  table.show(records.map(rowOf));
  part(".summary").textContent = summary();
  tell(null);
}

/** @param {RunRecord} record @param {Measure} name @returns {Curve} */
function curveOf({ losses, epochs }, name) {
  if (name === "training") return { x: losses.x, y: losses.smooth };
  return { x: epochs.map(({ epoch }) => epoch), y: epochs.map((each) => (name === "accuracy" ? each.accuracy : each.loss)) };
}

/** @param {Curve} curve @returns {Curve} */
function thinned({ x, y }) {
  const stride = Math.ceil(x.length / DRAWN);
  if (stride < 2) return { x, y };
  const isKept = (/** @type {unknown} */ _, /** @type {number} */ i) => i % stride === 0 || i === x.length - 1;
  return { x: x.filter(isKept), y: y.filter(isKept) };
}

/** All on one x. @param {Curve[]} curves @param {boolean} isLog @returns {(number | null)[][]} */
function joined(curves, isLog) {
  const x = [...new Set(curves.flatMap((curve) => curve.x))].sort((a, b) => a - b);
  const row = new Map(x.map((epoch, i) => [epoch, i]));
  const ys = curves.map((curve) => {
    const column = /** @type {(number | null)[]} */ (Array(x.length).fill(null));
    curve.x.forEach((epoch, i) => (column[/** @type {number} */ (row.get(epoch))] = isLog && curve.y[i] !== null ? Math.max(/** @type {number} */ (curve.y[i]), LEAST) : curve.y[i]));
    return column;
  });
  return [x, ...ys];
}

/** @param {RunRecord} record @param {number} i @returns {import("./run-table.js").Cell[]} */
function rowOf(record, i) {
  const run = runs[i];
  const { epochs, begun, result, last } = record;
  const loss = bestOf(epochs, "loss", Math.min);
  const accuracy = bestOf(epochs, "accuracy", Math.max);
  const state = record.seq < run.last_seq ? run.state : record.state;
  const epoch = last?.epoch ?? 0;
  return [
    { text: titleOf(run), order: titleOf(run), link: `/runs/${run.id}`, mark: samples[i] },
    { text: inWords(state), order: inWords(state) },
    { text: say("epochOf", { epoch: brief(epoch), epochs: run.spec.epochs }), order: epoch },
    { text: figure(loss), order: loss ?? NaN },
    { text: accuracyOf(accuracy), order: accuracy ?? NaN },
    { text: accuracyOf(result?.accuracy ?? null), order: result?.accuracy ?? NaN },
    { text: begun ? count(begun.parameters) : "–", order: begun?.parameters ?? NaN },
    ...choices.map(({ values }) => ({ text: valueInWords(values[i]), order: typeof values[i] === "number" ? values[i] : valueInWords(values[i]) })),
  ];
}

/** @param {Epoch[]} epochs @param {"loss" | "accuracy"} name @param {(...values: number[]) => number} pick */
function bestOf(epochs, name, pick) {
  const known = epochs.map((epoch) => epoch[name]).filter((value) => value !== null);
  return known.length ? known.reduce((a, b) => pick(a, b)) : null;
}

/** The line of a run as the chart draws it. @param {number} i */
function sample(i) {
  const [picture, line] = ["svg", "line"].map((name) => document.createElementNS("http://www.w3.org/2000/svg", name));
  for (const [name, value] of Object.entries({ width: 36, height: 10, class: `sample run-${i + 1}`, "aria-hidden": true })) picture.setAttribute(name, String(value));
  for (const [name, value] of Object.entries({ x2: 36, y1: 5, y2: 5, "stroke-dasharray": DASHES[i].join(" ") })) line.setAttribute(name, String(value));
  picture.append(line);
  return picture;
}

function summary() {
  const best = records.map(({ epochs }, i) => ({ i, accuracy: bestOf(epochs, "accuracy", Math.max) })).filter(({ accuracy }) => accuracy !== null);
  if (!best.length) return say("compareNothing");
  const { i, accuracy } = best.reduce((a, b) => (Number(b.accuracy) > Number(a.accuracy) ? b : a));
  return say("compareBest", { run: titleOf(runs[i]), accuracy: accuracyOf(accuracy) });
}

/** What stands at the crosshair, without one the latest. @param {number | null} epoch */
function tell(epoch) {
  const slider = part(".area");
  if (epoch === null && slider.matches(":focus")) return;
  const end = epoch ?? columns[0].at(-1) ?? 0;
  const values = runs.map((run, i) => {
    const isOver = epoch !== null && epoch > Math.ceil(records[i].losses.x.at(-1) ?? 0);
    return say("compareValue", { run: titleOf(run), value: isOver ? "–" : valueAt(columns[i + 1] ?? [], end) });
  }).join("; ");
  const sentence = epoch === null ? say("compareLatest", { values }) : say("compareAt", { epoch: brief(epoch), values });
  part(".at").textContent = sentence;
  slider.ariaValueMax = brief(columns[0].at(-1) ?? 0);
  slider.ariaValueNow = brief(end);
  slider.ariaValueText = sentence;
}

/** @param {(number | null)[]} column @param {number} end the last epoch that counts */
function valueAt(column, end) {
  const known = column.filter((value, i) => value !== null && Number(columns[0][i]) <= end).at(-1) ?? null;
  return measure.value === "accuracy" ? accuracyOf(known) : figure(known);
}

/** @param {import("./chart-hands.js").Span | null} span */
function zoom(span) {
  chart.zoom(span);
  for (const name of [".whole", ".wider"]) part(name).ariaDisabled = String(!span);
}

measure.addEventListener("change", draw);
log.addEventListener("change", () => {
  chart.setLog(log.checked);
  draw();
});
part(".whole").addEventListener("click", () => zoom(null));
part(".closer").addEventListener("click", () => chart.askFor(1 / 2));
part(".wider").addEventListener("click", () => chart.askFor(2));
part(".same").textContent = choices.length ? "" : say("compareSame");
runs.forEach((run, i) => {
  const follower = new Follower(run.id, {
    event: (event) => records[i].add(event) && drawSoon(),
    lost: () => (part(".connection").textContent = say("lostDetail")),
    found: () => (part(".connection").textContent = ""),
    rests: drawSoon,
  });
  follower.follow();
});
draw();
