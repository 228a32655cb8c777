// @ts-check
/**
 * Drawings as vectors: pure functions on frozen values; nothing of the page.
 * Coordinates run from 0 to 1 over the pad, y downwards, so a drawing survives every change of size.
 *
 * @typedef {readonly [x: number, y: number]} Point
 * @typedef {readonly Point[]} Stroke
 * @typedef {{ strokes: readonly Stroke[], past: readonly (readonly Stroke[])[] }} Drawing
 */

export const PEN_WIDTH = 0.075; // of the pad's side: 2 px of 28, as in MNIST

/** @type {Drawing} */
export const EMPTY = Object.freeze({ strokes: [], past: [] });

/** @type {(drawing: Drawing, stroke: Stroke) => Drawing} */
export const withStroke = (drawing, stroke) => changed(drawing, [...drawing.strokes, stroke]);

/** Clearing is a change like any other: it can be undone. @type {(drawing: Drawing) => Drawing} */
export const cleared = (drawing) => (drawing.strokes.length ? changed(drawing, []) : drawing);

/** @type {(drawing: Drawing) => Drawing} */
export const undone = ({ strokes, past }) => ({ strokes: past.at(-1) ?? strokes, past: past.slice(0, -1) });

/** @type {(drawing: Drawing, strokes: readonly Stroke[]) => Drawing} */
const changed = (drawing, strokes) => ({ strokes, past: [...drawing.past, drawing.strokes] });

/**
 * Draws strokes as straight lines from point to point, as the server does with strokes it is sent:
 * curves through few points would round the corner of a 1 until it is a 2.
 * @param {CanvasRenderingContext2D} context
 * @param {readonly Stroke[]} strokes
 * @param {{ side: number, ink: string, paper?: string }} look side in canvas pixels; without paper the ground stays clear
 */
export function paint(context, strokes, { side, ink, paper }) {
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, side, side);
  if (paper) {
    context.fillStyle = paper;
    context.fillRect(0, 0, side, side);
  }
  context.scale(side, side);
  context.strokeStyle = ink;
  context.lineWidth = PEN_WIDTH;
  context.lineCap = context.lineJoin = "round";
  for (const stroke of strokes) {
    context.beginPath();
    trace(context, stroke);
    context.stroke();
  }
}

/** @param {CanvasPath} path @param {Stroke} stroke */
function trace(path, stroke) {
  for (const [x, y] of stroke) path.lineTo(x, y);
  const [x, y] = stroke[stroke.length - 1];
  path.lineTo(x + 1e-4, y); // a hair further, so that a tap leaves a dot in every browser
}
