// @ts-check
/** Maps over the input, on a canvas: the colours of a sheet with the picture faintly over them, and marks of edits. */
import { asTable, plain } from "./numbers.js";
import { say } from "./texts.js";
import { lay } from "./tiles.js";

/** @typedef {import("./tiles.js").Tiles} Tiles */

const SIDE = 224; // pixels of a canvas, about
const INK = 0.3; // how strongly it lies over the colours
const LISTED = 10; // places in the table behind a map

/** @param {HTMLCanvasElement} canvas @param {Tiles} tiles @param {string} input a data URL */
export async function overlay(canvas, tiles, input) {
  const drawn = await lay(canvas, tiles, { least: SIDE, gap: 0, across: 1 });
  if (!drawn) return;
  const { data, width, height } = await pixelsOf(input);
  const scale = canvas.width / width;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.fillStyle = getComputedStyle(canvas).getPropertyValue("--ink");
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = 4 * (y * width + x);
      context.globalAlpha = (INK * (data[at] + data[at + 1] + data[at + 2])) / 765;
      context.fillRect(x * scale, y * scale, scale, scale);
    }
  }
  context.globalAlpha = 1;
}

/** Plus and minus where something was added or taken away. @param {HTMLCanvasElement} canvas @param {import("./glass-ask.js").Edit[]} edits @param {number} side of the input */
export function markEdits(canvas, edits, side) {
  const scale = canvas.width / side;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const style = getComputedStyle(canvas);
  context.font = `700 ${Math.max(14, canvas.width / 12)}px ${style.fontFamily}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.lineWidth = 4;
  for (const { x, y, brighter } of edits) {
    const sign = brighter ? "+" : "\u2212";
    context.strokeStyle = style.getPropertyValue("--sheet");
    context.fillStyle = style.getPropertyValue("--ink");
    context.strokeText(sign, (x + 0.5) * scale, (y + 0.5) * scale);
    context.fillText(sign, (x + 0.5) * scale, (y + 0.5) * scale);
  }
}

/** The strongest places of a map, as a table that opens. @param {Tiles} tiles @param {string} title */
export async function strongest(tiles, title) {
  const { data, width } = await pixelsOf(tiles.picture);
  const values = Array.from({ length: data.length / 4 }, (_, i) => ((data[4 * i] - tiles.zero) / (255 - tiles.zero)) * tiles.maximum);
  const order = [...values.keys()].sort((a, b) => Math.abs(values[b]) - Math.abs(values[a])).slice(0, LISTED);
  const rows = order.map((i) => [String(Math.floor(i / width)), String(i % width), plain(values[i])]);
  const [at] = order;
  return { value: values[at], row: Math.floor(at / width), column: at % width, table: asTable(say("strongestOf", { title }), [say("row"), say("column"), say("value")], rows) };
}

/** @param {string} picture a data URL */
async function pixelsOf(picture) {
  const image = new Image();
  image.src = picture;
  await image.decode();
  const context = /** @type {OffscreenCanvasRenderingContext2D} */ (new OffscreenCanvas(image.width, image.height).getContext("2d", { willReadFrequently: true }));
  context.drawImage(image, 0, 0);
  return context.getImageData(0, 0, image.width, image.height);
}
