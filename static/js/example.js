// @ts-check
/** A picture to begin with, where nothing was drawn yet. */

/** @typedef {import("./strokes.js").Strokes} Strokes */

/** @type {Strokes} */
export const SEVEN = [
  [[0.27, 0.22], [0.5, 0.21], [0.72, 0.22], [0.66, 0.38], [0.56, 0.6], [0.46, 0.82]],
  [[0.38, 0.51], [0.55, 0.5], [0.7, 0.49]],
];

const SIDE = 256; // pixels

/** A shirt for clothes, a boat for everything else, as a file. @param {string} pipeline @param {string} name @returns {Promise<File>} */
export async function painted(pipeline, name) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIDE;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  (pipeline === "clothing" ? shirt : boat)(context);
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  return new File([/** @type {Blob} */ (blob)], name, { type: "image/png" });
}

/** @param {CanvasRenderingContext2D} context */
function shirt(context) {
  fill(context, "#fff", [[0, 0], [256, 0], [256, 256], [0, 256]]);
  fill(context, "#44506b", [[92, 38], [112, 50], [144, 50], [164, 38], [228, 74], [208, 122], [178, 108], [178, 226], [78, 226], [78, 108], [48, 122], [28, 74]]);
}

/** @param {CanvasRenderingContext2D} context */
function boat(context) {
  fill(context, "#9cc4e4", [[0, 0], [256, 0], [256, 160], [0, 160]]);
  fill(context, "#2d5d86", [[0, 160], [256, 160], [256, 256], [0, 256]]);
  fill(context, "#8a3b2a", [[30, 142], [226, 142], [196, 192], [64, 192]]);
  fill(context, "#f4f1e8", [[84, 104], [172, 104], [172, 142], [84, 142]]);
  fill(context, "#d8b13a", [[126, 64], [148, 64], [148, 104], [126, 104]]);
}

/** @param {CanvasRenderingContext2D} context @param {string} colour @param {[number, number][]} corners */
function fill(context, colour, corners) {
  context.fillStyle = colour;
  context.beginPath();
  for (const [x, y] of corners) context.lineTo(x, y);
  context.fill();
}
