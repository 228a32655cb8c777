// @ts-check
/**
 * What is on the page as one short line, for an address to share and for a reload:
 * `model=NAME&ink=...&pen=75`, where ink is each stroke's points on a grid of 1000, as differences.
 * The pen comes last, so that a line which was cut off is never a whole one.
 *
 * @typedef {import("./strokes.js").Strokes} Strokes
 * @typedef {{ model: string, pen: number, strokes: Strokes }} Shared pen in sides of the pad
 */
import { PEN } from "./ink.js";

const GRID = 1000; // steps from one side of the pad to the other: half a screen pixel
const MOST_POINTS = 100_000; // as many as the API takes
const NAME = /^([a-z0-9][a-z0-9-]{0,63}|runs\/[0-9a-z]{26}\/checkpoints(-[1-9])?\/\d{1,15})?$/; // of a model, or of none
const KEYS = ["model", "ink", "pen"];

/** @param {Shared} shared */
export function encode({ model, pen, strokes }) {
  const parts = new URLSearchParams({ model });
  if (strokes.length) {
    parts.set("ink", text(numbers(strokes)));
    parts.set("pen", String(Math.round(pen * GRID)));
  }
  return parts.toString();
}

/** Whether a line is one of ours, whole or not. @param {string} line */
export const isShared = (line) => KEYS.some((key) => line.startsWith(`${key}=`));

/** Null: it is damaged, cut off or made by a newer version. @param {string} line @returns {Shared | null} pen only with strokes */
export function decode(line) {
  const parts = new URLSearchParams(line);
  const [model, ink, pen] = KEYS.map((key) => parts.get(key) ?? "");
  const shared = { model, pen: Number(pen) / GRID, strokes: strokesOf(ink) };
  const isDrawn = shared.strokes.length > 0 && shared.pen >= PEN.thinnest && shared.pen <= PEN.widest;
  const isModelAlone = !parts.has("ink") && !parts.has("pen") && !line.endsWith("&");
  const isKnown = [...parts.keys()].every((key) => KEYS.includes(key)) && NAME.test(model);
  return isKnown && (isDrawn || isModelAlone) ? shared : null;
}

/** For each stroke how many points, then each point's way from the one before. @param {Strokes} strokes @returns {number[]} */
function numbers(strokes) {
  let [x, y] = [0, 0];
  return strokes.flatMap((stroke) => {
    const steps = [];
    for (const [right, down] of stroke) {
      const [dx, dy] = [Math.round(right * GRID) - x, Math.round(down * GRID) - y];
      if (steps.length && !dx && !dy) continue;
      steps.push(dx, dy);
      [x, y] = [x + dx, y + dy];
    }
    return [steps.length / 2, ...steps];
  });
}

/** @param {string} ink @returns {Strokes} */
function strokesOf(ink) {
  const read = numbersOf(ink);
  const strokes = [];
  let [x, y, place, points] = [0, 0, 0, 0];
  while (place < read.length) {
    const count = read[place++];
    points += count;
    if (count < 1 || place + 2 * count > read.length || points > MOST_POINTS) return [];
    /** @type {[number, number][]} */
    const stroke = [];
    for (let i = 0; i < count; i++) {
      [x, y] = [x + read[place++], y + read[place++]];
      stroke.push([x / GRID, y / GRID]);
    }
    strokes.push(stroke);
  }
  return strokes;
}

/** Small numbers take one byte: the sign goes to the last bit, then seven bits a byte. @param {number[]} values */
function text(values) {
  const bytes = [];
  for (const value of values) {
    let rest = value < 0 ? -2 * value - 1 : 2 * value;
    while (rest > 127) {
      bytes.push((rest & 127) | 128);
      rest >>= 7;
    }
    bytes.push(rest);
  }
  const base64 = btoa(String.fromCharCode(...bytes));
  return base64.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** @param {string} ink @returns {number[]} */
function numbersOf(ink) {
  const base64 = ink.replaceAll("-", "+").replaceAll("_", "/");
  if (!/^[A-Za-z0-9+/]*$/.test(base64) || base64.length % 4 === 1) return [];
  const values = [];
  let [value, shift] = [0, 0];
  for (const character of atob(base64)) {
    const byte = character.charCodeAt(0);
    value += (byte & 127) * 2 ** shift;
    shift += 7;
    if (shift > 28) return [];
    if (byte > 127) continue;
    values.push(value % 2 ? -(value + 1) / 2 : value / 2);
    [value, shift] = [0, 0];
  }
  return values;
}
