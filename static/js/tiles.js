// @ts-check
/**
 * Sheets of tiles on a canvas, in the colours of palette.js.
 *
 * @typedef {{ picture: string, columns: number, tile: number, shown: number, zero: number, minimum: number, maximum: number }} Tiles
 *   a grey sheet as the API sends it; zero: the grey of 0
 * @typedef {{ least: number, gap?: number, across?: number, most?: number }} Look
 *   least: pixels of a tile's side; across: tiles in a row; most: so many of the tiles
 * @typedef {{ across: number, step: number, side: number, shown: number }} Plan where the tiles lie, in canvas pixels
 */
import { palette } from "./palette.js";

/** @type {WeakMap<HTMLCanvasElement, object>} */
const latest = new WeakMap();

/**
 * Draws the tiles, as many to a row as fit; only the sheet that was asked for last is drawn.
 * @param {HTMLCanvasElement} canvas @param {Tiles} tiles @param {Look} look @returns {Promise<Plan | null>} null: a later one is drawn
 */
export async function lay(canvas, tiles, { least, gap = 6, across, most = tiles.shown }) {
  latest.set(canvas, tiles);
  const source = await coloured(canvas, tiles);
  if (latest.get(canvas) !== tiles) return null;
  const height = Math.round(source.height / Math.ceil(tiles.shown / tiles.columns));
  const width = Math.round(source.width / tiles.columns);
  const scale = Math.max(1, Math.ceil(least / width));
  const [right, down] = [scale * width + gap, scale * height + gap];
  const shown = Math.min(most, tiles.shown);
  const columns = Math.min(shown, across ?? Math.max(1, Math.floor((roomOf(canvas) + gap) / right)));
  canvas.width = columns * right - gap;
  canvas.height = Math.ceil(shown / columns) * down - gap;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.imageSmoothingEnabled = false;
  for (let tile = 0; tile < shown; tile++) {
    const from = [(tile % tiles.columns) * width, Math.floor(tile / tiles.columns) * height];
    const to = [(tile % columns) * right, Math.floor(tile / columns) * down];
    context.drawImage(source, from[0], from[1], width, height, to[0], to[1], right - gap, down - gap);
  }
  return { across: columns, step: right, side: right - gap, shown };
}

/** Pixels of the page that it may be wide. @param {HTMLCanvasElement} canvas */
export function roomOf(canvas) {
  const parent = /** @type {HTMLElement} */ (canvas.parentElement);
  const { paddingLeft, paddingRight } = getComputedStyle(parent);
  return parent.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight);
}

/** The tile under a pointer, and where in it from 0 to 1; null: beside them. @param {HTMLCanvasElement} canvas @param {Plan} plan @param {{ offsetX: number, offsetY: number }} event */
export function tileAt(canvas, { across, step, side, shown }, { offsetX, offsetY }) {
  const scale = canvas.width / canvas.clientWidth;
  const [x, y] = [offsetX * scale, offsetY * scale];
  const [column, row] = [Math.floor(x / step), Math.floor(y / step)];
  const [dx, dy] = [(x - column * step) / side, (y - row * step) / side];
  const tile = row * across + column;
  return dx < 0 || dy < 0 || dx >= 1 || dy >= 1 || column >= across || tile >= shown ? null : { tile, x: dx, y: dy };
}

/** A frame around a tile, and a mark at a place in it. @param {HTMLCanvasElement} canvas @param {Plan} plan @param {number} tile @param {{ x: number, y: number } | null} place from 0 to 1 */
export function mark(canvas, { across, step, side, shown }, tile, place) {
  if (tile >= shown) return;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const [left, top] = [(tile % across) * step, Math.floor(tile / across) * step];
  context.strokeStyle = getComputedStyle(canvas).getPropertyValue("--ink");
  context.lineWidth = 3;
  context.strokeRect(left + 0.5, top + 0.5, side - 1, side - 1);
  if (!place) return;
  context.lineWidth = 2;
  context.beginPath();
  context.arc(left + place.x * side, top + place.y * side, Math.max(4, side / 16), 0, 2 * Math.PI);
  context.stroke();
}

/** @param {HTMLCanvasElement} canvas @param {Tiles} tiles */
async function coloured(canvas, tiles) {
  const image = new Image();
  image.src = tiles.picture;
  await image.decode();
  const context = /** @type {OffscreenCanvasRenderingContext2D} */ (new OffscreenCanvas(image.width, image.height).getContext("2d", { willReadFrequently: true }));
  context.drawImage(image, 0, 0);
  const pixels = context.getImageData(0, 0, image.width, image.height);
  const table = colours(canvas, tiles.zero);
  const words = new Uint32Array(pixels.data.buffer);
  for (let i = 0; i < words.length; i++) words[i] = table[words[i] & 255];
  context.putImageData(pixels, 0, 0);
  return context.canvas;
}

/** The colour of each grey. @param {Element} element @param {number} zero */
function colours(element, zero) {
  const colour = palette(element);
  return Uint32Array.from({ length: 256 }, (_, grey) => colour((grey - zero) / (255 - zero)));
}
