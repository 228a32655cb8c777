// @ts-check
/** One unit of a layer: its formula with the numbers in it. */
import { element, grid, plain, table } from "./numbers.js";
import { count, say } from "./texts.js";

/**
 * @typedef {{ count: number, sum: number }} Rest what is not spelled out
 * @typedef {{ input: number, weight: number, value: number, product: number, place?: number[] }} Term
 * @typedef {{ channel: number, window: number[][], kernel: number[][], product: number }} Window
 * @typedef {{ kind: "sum", terms: Term[], rest: Rest, bias: number | null } | { kind: "convolution", terms: Window[], rest: Rest, bias: number | null }
 *   | { kind: "batch_norm", input: number, mean: number, spread: number, scale: number, shift: number }
 *   | { kind: "activation", function: string, input: number } | { kind: "pooling", how: "largest" | "mean", window: number[][], count: number }
 *   | { kind: "add", terms: number[] } | { kind: "mean", terms: number[], mean: number } | { kind: "copy", place: number[] }} Formula
 * @typedef {{ layer: string, unit: number, place: number[] | null, value: number, formula: Formula, looks_at: import("./glass-input.js").Box,
 *   map: import("./tiles.js").Tiles | null, weights: import("./tiles.js").Tiles | null }} Unit
 */

/** @type {Record<string, Parameters<typeof say>[0]>} */
const ACTIVATIONS = { ReLU: "formulaReLU", Sigmoid: "formulaSigmoid", Tanh: "formulaTanh" };
const MOST_CELLS = 81; // of a window that is shown as numbers

/** @param {Unit} unit @param {string[] | null} inputs names of what comes in, where it is not maps of a layer @returns {Node[]} */
export function formulaOf({ formula, value }, inputs) {
  const result = plain(value);
  switch (formula.kind) {
    case "sum":
      return sum(formula, result);
    case "convolution":
      return convolution(formula, result, inputs);
    case "batch_norm":
      return [line("formulaNorm", { input: plain(formula.input), mean: plain(formula.mean), spread: plain(formula.spread), scale: plain(formula.scale), shift: plain(formula.shift), result })];
    case "activation":
      return [line(ACTIVATIONS[formula.function] ?? "formulaActivation", { function: formula.function, input: plain(formula.input), result })];
    case "pooling":
      return pooling(formula, result);
    case "copy":
      return [line("formulaCopy", { map: formula.place[0], row: formula.place[1], column: formula.place[2], result })];
    default: {
      const [one, ...others] = formula.terms.map(plain);
      if (formula.kind === "add") return [line("formulaAdd", { one, other: others[0], result })];
      return [line("formulaMean", { one, others: others.join(" + "), count: formula.terms.length, result: plain(formula.mean) })];
    }
  }
}

/** @param {Parameters<typeof say>[0]} key @param {Record<string, string | number>} values */
const line = (key, values) => element("p", "formula", say(key, values));

/** @param {{ terms: Term[], rest: Rest, bias: number | null }} formula @param {string} result */
function sum({ terms, rest, bias }, result) {
  /** @type {string[][]} */
  const rows = terms.map(({ input, weight, value, product, place }) => [
    place ? (place[0] ? say("termMap", { map: place[0], row: place[1], column: place[2] }) : say("termPixel", { row: place[1], column: place[2] })) : say("termUnit", { unit: input }),
    plain(weight), plain(value), plain(product),
  ]);
  if (rest.count) rows.push([say("termRest", { count: count(rest.count) }), "", "", plain(rest.sum)]);
  if (bias !== null) rows.push([say("termBias"), "", "", plain(bias)]);
  rows.push([say("termSum"), "", "", result]);
  const whole = table([say("termFrom"), say("termWeight"), say("termValue"), say("termProduct")], rows);
  whole.className = "terms";
  const products = terms.reduce((total, { product }) => total + product, 0);
  return [line(bias === null ? "formulaSumOnly" : "formulaSum", { shown: terms.length, products: plain(products), others: plain(rest.sum), bias: plain(bias ?? 0), result }), whole];
}

/** @param {{ terms: Window[], rest: Rest, bias: number | null }} formula @param {string} result @param {string[] | null} inputs */
function convolution({ terms, rest, bias }, result, inputs) {
  const products = terms.reduce((total, { product }) => total + product, 0);
  const sum = line(bias === null ? "formulaConvolutionOnly" : "formulaConvolution", {
    count: terms.length + rest.count, products: plain(products + rest.sum), bias: plain(bias ?? 0), result,
  });
  const windows = terms.map((term, i) => {
    const details = element("details", "window");
    details.open = i === 0;
    const name = inputs ? inputs[term.channel] : say("mapNumber", { map: term.channel });
    details.append(element("summary", "", say("windowSum", { name, sum: plain(term.product) })));
    const products = term.window.map((row, y) => row.map((value, x) => value * term.kernel[y][x]));
    const grids = element("div", "grids");
    grids.append(grid(term.window, say("gridWindow")), element("span", "sign", "×"), grid(term.kernel, say("gridKernel")), element("span", "sign", "="), grid(products, say("gridProducts")));
    details.append(grids);
    return details;
  });
  const others = rest.count ? [element("p", "hint", say("windowRest", { count: rest.count, sum: plain(rest.sum) }))] : [];
  return [sum, ...windows, ...others];
}

/** @param {{ how: "largest" | "mean", window: number[][], count: number }} formula @param {string} result */
function pooling({ how, window, count: all }, result) {
  const words = line(how === "largest" ? "formulaLargest" : "formulaAverage", { count: count(all), result });
  if (all > MOST_CELLS) return [words];
  const grids = element("div", "grids");
  grids.append(grid(window, say("gridWindow")));
  return [words, grids];
}
