// @ts-check
/**
 * Drawings as vectors: pure functions on values that never change; nothing of the page.
 * Coordinates run from 0 to 1 over the pad, y downwards, so a drawing survives every change of size.
 *
 * @typedef {readonly [x: number, y: number]} Point
 * @typedef {readonly Point[]} Stroke
 * @typedef {readonly Stroke[]} Strokes
 */

// --- The eraser -------------------------------------------------------------------------------

/**
 * What a round eraser leaves: strokes are shortened, split or gone. Those it does not touch stay the same objects.
 * @param {Strokes} strokes @param {Point} centre @param {number} radius @returns {Strokes}
 */
export function erased(strokes, centre, radius) {
  return strokes.flatMap((stroke) => outside(stroke, centre, radius));
}

/** The parts of a stroke outside a circle. @param {Stroke} stroke @param {Point} centre @param {number} radius @returns {Stroke[]} */
function outside(stroke, centre, radius) {
  /** @type {(point: Point) => boolean} */
  const isOut = ([x, y]) => Math.hypot(x - centre[0], y - centre[1]) > radius;
  /** @type {Point[][]} */
  const parts = isOut(stroke[0]) ? [[stroke[0]]] : [];
  let wasOut = isOut(stroke[0]);
  let touched = !wasOut;
  for (let i = 1; i < stroke.length; i++) {
    for (const crossing of crossings(stroke[i - 1], stroke[i], centre, radius)) {
      touched = true;
      wasOut ? parts[parts.length - 1].push(crossing) : parts.push([crossing]);
      wasOut = !wasOut;
    }
    if (wasOut) parts[parts.length - 1].push(stroke[i]);
  }
  return touched ? parts : [stroke];
}

/**
 * Where the line from a to b crosses a circle, in this order: |a + t (b - a) - centre|^2 = radius^2, t in (0, 1].
 * @param {Point} a @param {Point} b @param {Point} centre @param {number} radius @returns {Point[]}
 */
function crossings(a, b, centre, radius) {
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  const [fx, fy] = [a[0] - centre[0], a[1] - centre[1]];
  const square = dx * dx + dy * dy;
  const half = fx * dx + fy * dy;
  const discriminant = half * half - square * (fx * fx + fy * fy - radius * radius);
  if (square === 0 || discriminant <= 0) return [];
  const root = Math.sqrt(discriminant);
  const places = [(-half - root) / square, (-half + root) / square];
  return places.filter((t) => t > 0 && t <= 1).map((t) => [a[0] + t * dx, a[1] + t * dy]);
}

// --- Time -------------------------------------------------------------------------------------

/** How long the pen's way is, in sides of the pad; each stroke counts a little more, so that dots count. @param {Strokes} strokes */
export function inkLength(strokes) {
  return strokes.reduce((sum, stroke) => sum + strokeLength(stroke), 0);
}

/** The drawing when the pen had gone so far. @param {Strokes} strokes @param {number} length @returns {Strokes} */
export function firstPart(strokes, length) {
  const part = [];
  for (const stroke of strokes) {
    if (length <= 0) break;
    part.push(beginning(stroke, length));
    length -= strokeLength(stroke);
  }
  return part;
}

const DOT = 0.02; // the length that touching the paper counts for

/** @param {Point} a @param {Point} b */
const distance = (a, b) => Math.hypot(b[0] - a[0], b[1] - a[1]);

/** @param {Stroke} stroke */
const strokeLength = (stroke) => stroke.reduce((sum, point, i) => (i ? sum + distance(stroke[i - 1], point) : sum), DOT);

/** @param {Stroke} stroke @param {number} length @returns {Stroke} */
function beginning(stroke, length) {
  const part = [stroke[0]];
  let left = length - DOT;
  for (let i = 1; i < stroke.length && left > 0; i++) {
    const [a, b] = [stroke[i - 1], stroke[i]];
    const step = distance(a, b);
    const t = step > left ? left / step : 1;
    part.push([a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])]);
    left -= step;
  }
  return part;
}
