// @ts-check
/** Strokes become pixels. */

/** @typedef {import("./strokes.js").Strokes} Strokes */

export const PEN = { thinnest: 0.03, usual: 0.075, widest: 0.15 }; // of the pad's side; usual: 2 px of 28, as in MNIST
const PICTURE_SIDE = 256; // pixels of the picture sent: nine times what the network sees

/**
 * Draws strokes as straight lines from point to point, as the server does with strokes it is sent:
 * curves through few points would round the corner of a 1 until it is a 2.
 * @param {CanvasRenderingContext2D} context cleared by the caller
 * @param {Strokes} strokes
 * @param {{ side: number, pen: number, ink: string }} look side in canvas pixels, pen in sides
 */
export function paint(context, strokes, { side, pen, ink }) {
  context.setTransform(side, 0, 0, side, 0, 0);
  context.strokeStyle = ink;
  context.lineWidth = pen;
  context.lineCap = context.lineJoin = "round";
  for (const stroke of strokes) {
    context.beginPath();
    trace(context, stroke);
    context.stroke();
  }
  context.setTransform(1, 0, 0, 1, 0, 0);
}

/** White ink on black, whatever the theme, without transparency. @param {Strokes} strokes @param {number} pen @returns {Promise<Blob>} a PNG */
export function picture(strokes, pen) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = PICTURE_SIDE;
  const options = { alpha: false, willReadFrequently: true };
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", options));
  paint(context, strokes, { side: PICTURE_SIDE, pen, ink: "#fff" });
  return new Promise((resolve) => canvas.toBlob((blob) => resolve(/** @type {Blob} */ (blob)), "image/png"));
}

/** @param {CanvasPath} path @param {import("./strokes.js").Stroke} stroke */
function trace(path, stroke) {
  for (const [x, y] of stroke) path.lineTo(x, y);
  const [x, y] = stroke[stroke.length - 1];
  path.lineTo(x + 1e-4, y); // a hair further, so that a tap leaves a dot in every browser
}
