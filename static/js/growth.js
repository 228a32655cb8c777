// @ts-check
/**
 * How an answer grew while the pen moved: pure functions on moments and readings, nothing of the page.
 *
 * @typedef {import("./strokes.js").Strokes} Strokes
 * @typedef {import("./predict.js").Reading} Reading
 * @typedef {{ way: number, stroke: number, strokes: Strokes }} Moment way: from 0 to 1 along the pen's way; stroke: counted from 1
 * @typedef {{ at: number, before: string | null, after: string }} Change at: the moment's index
 */
import { firstPart, inkLength } from "./strokes.js";

/** So many moments, evenly spaced along the pen's way; the last is the whole drawing. @param {Strokes} strokes @param {number} count @returns {Moment[]} */
export function momentsOf(strokes, count) {
  const length = inkLength(strokes);
  return Array.from({ length: count }, (_, i) => {
    const way = (i + 1) / count;
    const part = i + 1 < count ? firstPart(strokes, way * length) : strokes;
    return { way, stroke: part.length, strokes: part };
  });
}

/** Where each stroke but the first begins, from 0 to 1. @param {Strokes} strokes */
export function beginningsOf(strokes) {
  const length = inkLength(strokes);
  return strokes.slice(1).map((_, i) => inkLength(strokes.slice(0, i + 1)) / length);
}

/** Each time that another class leads; moments without a guess change nothing. @param {Reading[]} readings @returns {Change[]} */
export function changesOf(readings) {
  /** @type {Change[]} */
  const changes = [];
  readings.forEach(({ predictions: [first], rejected }, at) => {
    const before = changes.at(-1)?.after ?? null;
    if (!rejected && first.label !== before) changes.push({ at, before, after: first.label });
  });
  return changes;
}

/** For each class its probability at each moment; null where nothing was read. @param {Reading[]} readings @param {number} classes @returns {(number | null)[][]} */
export function curvesOf(readings, classes) {
  return Array.from({ length: classes }, (_, index) =>
    readings.map(({ predictions }) => (predictions.length ? (predictions.find((each) => each.index === index)?.probability ?? 0) : null)),
  );
}

/** The moment that speaks most for a class: the middle of its longest time in the lead, else its peak. @param {(number | null)[]} curve @param {Reading[]} readings @param {number} index */
export function proudest(curve, readings, index) {
  let [from, longest] = [0, 0];
  for (let start = 0, i = 0; i <= readings.length; i++) {
    if (readings[i] && !readings[i].rejected && readings[i].predictions[0].index === index) continue;
    if (i - start > longest) [from, longest] = [start, i - start];
    start = i + 1;
  }
  return longest ? from + Math.floor((longest - 1) / 2) : curve.indexOf(Math.max(...curve.map((value) => value ?? 0)));
}
