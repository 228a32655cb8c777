// @ts-check
/**
 * A drawing as the API takes it.
 *
 * @typedef {import("./strokes.js").Point} Point
 * @typedef {import("./strokes.js").Stroke} Stroke
 * @typedef {import("./strokes.js").Strokes} Strokes
 */

const GRID = 1000; // steps from one side of the pad to the other, as in a link

/**
 * Whole numbers, and the pen as a fraction of the drawing's longest side.
 * @param {{ strokes: Strokes, pen: number }} drawing
 */
export function drawing({ strokes, pen }) {
  const whole = strokes.flatMap((stroke) => onPad(stroke, pen)).map(rounded);
  const longest = Math.max(extent(whole, 0), extent(whole, 1)) || GRID;
  const width = Math.min((pen * GRID) / longest, 1); // what is smaller than the pen is a dot in any case
  return { strokes: whole, pen_width: Number(width.toFixed(4)) };
}

/** @param {number[][][]} strokes @param {0 | 1} axis */
function extent(strokes, axis) {
  let [low, high] = [Infinity, -Infinity];
  for (const stroke of strokes) for (const point of stroke) [low, high] = [Math.min(low, point[axis]), Math.max(high, point[axis])];
  return Math.max(high - low, 0);
}

/** On the grid, without repetitions. @param {Stroke} stroke @returns {number[][]} */
function rounded(stroke) {
  const points = stroke.map((point) => point.map((place) => Math.round(place * GRID)));
  return points.filter(([x, y], i) => !i || x !== points[i - 1][0] || y !== points[i - 1][1]);
}

/** The parts of a stroke on the pad, with all their ink; the pad cuts off the rest. @param {Stroke} stroke @param {number} pen @returns {Stroke[]} */
function onPad(stroke, pen) {
  /** @type {Point[][]} */
  const parts = [];
  let goesOn = false;
  for (let i = 0; i < Math.max(stroke.length - 1, 1); i++) {
    const [a, b] = [stroke[i], stroke[i + 1] ?? stroke[i]];
    const [from, to] = spanOnPad(a, b);
    if (from <= to) {
      if (!goesOn) parts.push([between(a, b, from)]);
      parts[parts.length - 1].push(between(a, b, to));
    }
    goesOn = from <= to && to === 1;
  }
  const inwards = (/** @type {number} */ place) => Math.min(Math.max(place, pen / 2), 1 - pen / 2);
  return parts.map((part) => part.map(([x, y]) => [inwards(x), inwards(y)]));
}

/** From where to where a line from a (0) to b (1) is on the pad, by Liang and Barsky; from > to: nowhere. @param {Point} a @param {Point} b */
function spanOnPad(a, b) {
  let [from, to] = [0, 1];
  for (const axis of /** @type {const} */ ([0, 1])) {
    const way = b[axis] - a[axis];
    if (way === 0 && (a[axis] < 0 || a[axis] > 1)) return [1, 0];
    if (way === 0) continue;
    const edges = [-a[axis] / way, (1 - a[axis]) / way];
    [from, to] = [Math.max(from, Math.min(...edges)), Math.min(to, Math.max(...edges))];
  }
  return [from, to];
}

/** @param {Point} a @param {Point} b @param {number} t @returns {Point} */
const between = (a, b, t) => [a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])];
