// @ts-check
/**
 * Square grey pictures moved, turned, resized, drawn with another pen: pure arithmetic, nothing of the page.
 *
 * @typedef {ArrayLike<number>} Greys 0 (no ink) to 255, row by row
 * @typedef {{ right: number, down: number, turn: number, size: number, pen: number }} Change
 *   right, down: pixels; turn: degrees clockwise; size: a factor; pen: from -1 (thinner) to 1 (thicker by a pixel on each side)
 */

/** First the pen, then turned and resized around the middle, then moved. @param {Greys} picture @param {Change} change */
export function warped(picture, change) {
  const side = Math.sqrt(picture.length);
  return Uint8ClampedArray.from(placed(withPen(picture, side, change.pen), side, change));
}

/** A blend of the picture with its dilation or erosion, as the training's augmentation makes it. @param {Greys} picture @param {number} side @param {number} amount */
function withPen(picture, side, amount) {
  if (amount === 0) return picture;
  const [from, to, extreme] = amount > 0 ? [-1, 1, Math.max] : [0, 1, Math.min];
  return map(side, (x, y) => {
    const around = [];
    for (let dy = from; dy <= to; dy++) for (let dx = from; dx <= to; dx++) around.push(at(picture, side, x + dx, y + dy));
    const own = at(picture, side, x, y);
    return own + Math.abs(amount) * (extreme(...around) - own);
  });
}

/** Each pixel is fetched from where it was, bilinearly; outside there is no ink. @param {Greys} picture @param {number} side @param {Change} change */
function placed(picture, side, { right, down, turn, size }) {
  const middle = side / 2; // preprocessing puts the centre of mass at this index
  const [cos, sin] = [Math.cos((turn * Math.PI) / 180), Math.sin((turn * Math.PI) / 180)];
  return map(side, (x, y) => {
    const [u, v] = [(x - right - middle) / size, (y - down - middle) / size];
    return between(picture, side, middle + cos * u + sin * v, middle - sin * u + cos * v);
  });
}

/** @param {Greys} picture @param {number} side @param {number} x @param {number} y */
function between(picture, side, x, y) {
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const [s, t] = [x - left, y - top];
  const upper = (1 - s) * at(picture, side, left, top) + s * at(picture, side, left + 1, top);
  const lower = (1 - s) * at(picture, side, left, top + 1) + s * at(picture, side, left + 1, top + 1);
  return (1 - t) * upper + t * lower;
}

/** @param {Greys} picture @param {number} side @param {number} x @param {number} y */
const at = (picture, side, x, y) => (x < 0 || y < 0 || x >= side || y >= side ? 0 : picture[y * side + x]);

/** @param {number} side @param {(x: number, y: number) => number} value */
const map = (side, value) => Float64Array.from({ length: side * side }, (_, i) => value(i % side, Math.floor(i / side)));
