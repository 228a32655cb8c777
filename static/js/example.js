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

/** Its light changes from top to bottom, as in a photograph: flat colours look like nothing that a network learnt from. @param {CanvasRenderingContext2D} context */
function boat(context) {
  fill(context, shade(context, ["#8fb8dc", "#e6edf2"], 0, 162), [[0, 0], [256, 0], [256, 162], [0, 162]]);
  fill(context, shade(context, ["#5b8299", "#24435c"], 162, 256), [[0, 162], [256, 162], [256, 256], [0, 256]]);
  fill(context, shade(context, ["#f7f4ee", "#b9b6b0"], 142, 202), [[10, 148], [246, 140], [222, 200], [36, 200]]);
  fill(context, "#2b3b52", [[20, 172], [236, 170], [230, 186], [28, 186]]);
  fill(context, "#fbf9f4", [[46, 116], [186, 116], [196, 146], [40, 148]]);
  fill(context, "#c2cdd4", [[54, 126], [184, 126], [186, 132], [52, 132]]);
  fill(context, "#fbf9f4", [[66, 98], [160, 98], [168, 116], [62, 116]]);
  fill(context, "#c2552f", [[96, 68], [118, 68], [120, 98], [94, 98]]);
}

/** @param {CanvasRenderingContext2D} context @param {[string, string]} colours @param {number} top @param {number} bottom */
function shade(context, colours, top, bottom) {
  const gradient = context.createLinearGradient(0, top, 0, bottom);
  colours.forEach((colour, at) => gradient.addColorStop(at, colour));
  return gradient;
}

/** @param {CanvasRenderingContext2D} context @param {string | CanvasGradient} colour @param {[number, number][]} corners */
function fill(context, colour, corners) {
  context.fillStyle = colour;
  context.beginPath();
  for (const [x, y] of corners) context.lineTo(x, y);
  context.fill();
}
