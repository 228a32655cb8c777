// @ts-check
/** What a layer learnt, and how its outputs are spread. */
import { asTable, bars, element, histogram, plain, refill } from "./numbers.js";
import { brief, count, say } from "./texts.js";
import { lay, roomOf } from "./tiles.js";

/**
 * @typedef {import("./numbers.js").Histogram} Histogram
 * @typedef {import("./tiles.js").Tiles & { kind: "kernels" | "rows" | "matrix", shape: number[], histogram: Histogram }} Weights
 * @typedef {{ outputs: Histogram, weights: Weights | null, numbers: Record<string, number[]>, channels: number[][] }} Detail
 */

const MATRIX = { row: 12, most: 256 }; // pixels of the page

/** @type {Record<string, Parameters<typeof say>[0]>} */
const TITLES = { bias: "titleBias", mean: "titleMean", variance: "titleVariance", scale: "titleScale", shift: "titleShift" };

/**
 * What was learnt is drawn once, what the picture made of it each time.
 * @param {HTMLElement} place empty at first @param {Detail} detail @param {number[]} values of its units, where it has no maps
 * @param {string} unit what a unit is called: unit or map
 */
export function showDetail(place, detail, values, unit) {
  if (!place.childElementCount) showLearnt(place, detail, unit);
  const { outputs, channels } = detail;
  refill(/** @type {HTMLElement} */ (place.lastElementChild), [
    histogram(say("titleOutputs"), outputs),
    channels.length ? channelTable(channels) : valueTable(values, unit),
  ]);
}

/** @param {HTMLElement} place @param {Detail} detail @param {string} unit */
function showLearnt(place, { weights, numbers }, unit) {
  const figures = Object.entries(numbers).map(([name, values]) => numberFigure(say(TITLES[name]), values, unit));
  place.replaceChildren(...(weights ? [weightFigure(weights), histogram(say("titleSpread"), weights.histogram)] : []), ...figures, element("div", "outputs"));
  if (weights) drawWeights(/** @type {HTMLCanvasElement} */ (place.querySelector(".weights canvas")), weights);
  Object.values(numbers).forEach((values, i) => {
    const canvas = /** @type {HTMLCanvasElement} */ (figures[i].querySelector("canvas"));
    bars(canvas, values, roomOf(canvas));
  });
}

/** @param {Weights} weights */
function weightFigure(weights) {
  const { kind, shown, shape, maximum } = weights;
  const figure = element("figure", "weights");
  /** @type {Record<string, Parameters<typeof say>[0]>} */
  const told = { kernels: shape[1] > 1 ? "weightKernelsMean" : "weightKernels", rows: "weightRows", matrix: "weightMatrix" };
  const canvas = element("canvas");
  canvas.role = "img";
  canvas.ariaLabel = say(told[kind], { shown, units: shape[0], inputs: count(shape[1]), side: shape.at(-1) ?? 0, largest: brief(maximum) });
  figure.append(element("figcaption", "", say("titleWeights")), element("p", "hint", canvas.ariaLabel), canvas);
  return figure;
}

/** @param {HTMLCanvasElement} canvas @param {Weights} weights */
function drawWeights(canvas, weights) {
  if (weights.kind === "matrix") { // few rows are made high enough to be seen
    canvas.style.setProperty("width", "100%");
    canvas.style.setProperty("height", `${Math.min(MATRIX.most, MATRIX.row * weights.shape[0])}px`);
  }
  const look = weights.kind === "matrix" ? { least: 1, gap: 0, across: 1 } : { least: weights.tile > 11 ? 56 : 40, gap: 6 };
  return lay(canvas, weights, look).catch(() => {});
}

/** @param {string} title @param {number[]} values @param {string} unit */
function numberFigure(title, values, unit) {
  const figure = element("figure", "values");
  const canvas = element("canvas");
  canvas.role = "img";
  canvas.ariaLabel = say("numbersOf", { title, count: values.length, least: plain(Math.min(...values)), most: plain(Math.max(...values)) });
  const rows = values.map((value, i) => [String(i), plain(value)]);
  figure.append(element("figcaption", "", title), element("p", "hint", canvas.ariaLabel), canvas, asTable(say("asTableOf", { title }), [unit, title], rows));
  return figure;
}

/** @param {number[]} values @param {string} unit */
function valueTable(values, unit) {
  const figure = element("figure");
  const rows = values.map((value, i) => [String(i), plain(value)]);
  figure.append(element("figcaption", "", say("titleValues")), asTable(say("asTableOf", { title: say("titleValues") }), [unit, say("value")], rows));
  return figure;
}

/** @param {number[][]} channels least, mean and largest of each */
function channelTable(channels) {
  const rows = channels.map((values, i) => [String(i), ...values.map(plain)]);
  const figure = element("figure", "channels");
  figure.append(element("figcaption", "", say("titleChannels")), asTable(say("asTableOf", { title: say("titleChannels") }), [say("map"), say("least"), say("mean"), say("largest")], rows));
  return figure;
}
