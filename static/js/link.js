// @ts-check
/**
 * What is on the page as one short line, for an address to share and for a reload:
 * `model=NAME&pen=75&ink=...`, where ink is each stroke's points on a grid of 1000, as differences.
 *
 * @typedef {import("./strokes.js").Strokes} Strokes
 * @typedef {{ model: string, pen: number, strokes: Strokes }} Shared pen in sides of the pad
 */

const GRID = 1000; // steps from one side of the pad to the other: half a screen pixel
const STORED = "inkling-drawing";
const MOST_POINTS = 100_000; // as many as the API takes

/** @param {Shared} shared */
export function encode({ model, pen, strokes }) {
  const parts = new URLSearchParams({ model });
  if (strokes.length) {
    parts.set("pen", String(Math.round(pen * GRID)));
    parts.set("ink", text(numbers(strokes)));
  }
  return parts.toString();
}

/** The parts that can be read; a damaged line gives an empty drawing. @param {string} line @returns {Partial<Shared>} */
export function decode(line) {
  const parts = new URLSearchParams(line);
  const pen = Number(parts.get("pen")) / GRID || undefined;
  return { model: parts.get("model") ?? undefined, pen, strokes: strokesOf(parts.get("ink") ?? "") };
}

/** The drawing page's own line, which outlives a reload in this tab; "" without one. */
export function stored() {
  try {
    return sessionStorage.getItem(STORED) ?? "";
  } catch {
    return "";
  }
}

/** @param {string} line */
export function store(line) {
  try {
    sessionStorage.setItem(STORED, line);
  } catch {
    // a browser that keeps nothing: then the drawing lives as long as the page
  }
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
