// @ts-check
/** Pictures from files, made small enough to travel. */

const LONGEST = 1600; // pixels: more than the network can use, small enough for a slow line

/**
 * The picture upright and at most 1600 pixels long; the file itself where it is small already
 * or this browser cannot decode it (the server may).
 * @param {File} file @returns {Promise<Blob>}
 */
export async function shrunk(file) {
  try {
    const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
    const scale = LONGEST / Math.max(bitmap.width, bitmap.height);
    return scale < 1 ? ((await redrawn(bitmap, scale, file.type)) ?? file) : file;
  } catch {
    return file;
  }
}

/** @param {ImageBitmap} bitmap @param {number} scale @param {string} type @returns {Promise<Blob | null>} */
function redrawn(bitmap, scale, type) {
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  const kind = type === "image/jpeg" ? type : "image/png"; // JPEG would paint clear ground black
  return new Promise((resolve) => canvas.toBlob(resolve, kind, 0.92));
}
