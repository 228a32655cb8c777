// @ts-check
/** Files for the person before the page; the drawing as one: dark ink on white, whatever the theme. */
import { paint } from "./ink.js";

/** @typedef {import("./strokes.js").Strokes} Strokes */

const INK = "#1b1f3b"; // the light theme's
const PNG_SIDE = 1024; // pixels
const SVG_SIDE = 1000;

/** @param {Blob} content @param {string} name */
export function save(content, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // a phone may first ask where to
}

/** @param {Strokes} strokes @param {number} pen in sides of the pad @returns {Promise<Blob>} */
export function png(strokes, pen) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = PNG_SIDE;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { alpha: false }));
  context.fillStyle = "#fff";
  context.fillRect(0, 0, PNG_SIDE, PNG_SIDE);
  paint(context, strokes, { side: PNG_SIDE, pen, ink: INK });
  return new Promise((resolve) => canvas.toBlob((blob) => resolve(/** @type {Blob} */ (blob)), "image/png"));
}

/** @param {Strokes} strokes @param {number} pen in sides of the pad */
export function svg(strokes, pen) {
  const lines = strokes.map((stroke) => `    <polyline points="${points(stroke)}"/>`).join("\n");
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${SVG_SIDE} ${SVG_SIDE}" width="${SVG_SIDE}" height="${SVG_SIDE}">
  <rect width="100%" height="100%" fill="#fff"/>
  <g fill="none" stroke="${INK}" stroke-width="${round(pen)}" stroke-linecap="round" stroke-linejoin="round">
${lines}
  </g>
</svg>
`;
}

/** A tap is a line from its point to itself, so that it has caps. @param {import("./strokes.js").Stroke} stroke */
const points = (stroke) =>
  (stroke.length > 1 ? stroke : [stroke[0], stroke[0]]).map(([x, y]) => `${round(x)},${round(y)}`).join(" ");

/** @param {number} place in sides */
const round = (place) => Number((place * SVG_SIDE).toFixed(1));
