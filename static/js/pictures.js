// @ts-check
/** Pictures from files, made upright and small enough to travel. */
import { Refusal } from "./predict.js";
import { say } from "./texts.js";

/** @typedef {{ left: number, top: number, width: number, height: number }} Box in shares of the picture it lies on */
/** @typedef {{ turns: number, crop: Box | null }} Pose turns: quarters clockwise; the crop lies on the turned picture */

const LONGEST = 1600; // pixels: more than the network can use, small enough for a slow line
const READ_BY_SERVER = new Set(["image/png", "image/jpeg", "image/webp", "image/gif", "image/bmp"]);
const QUARTERS = [[1, 0, 0, 1], [0, 1, -1, 0], [-1, 0, 0, -1], [0, -1, 1, 0]]; // a, b, c, d of each turn

/** @type {Pose} */
export const AS_IT_IS = Object.freeze({ turns: 0, crop: null });

/** Upright as its EXIF says; null where this browser cannot decode the file (the server may). @param {File} file */
export const decoded = (file) => createImageBitmap(file, { imageOrientation: "from-image" }).catch(() => null);

/** A file's pixels, decoded when they are first needed, and again after they were let go: they are large. */
export class Pixels {
  #file;
  /** @type {ReturnType<typeof decoded> | undefined} */
  #opening;

  /** @param {File} file */
  constructor(file) {
    this.#file = file;
  }

  open() {
    return (this.#opening ??= decoded(this.#file));
  }

  close() {
    this.#opening?.then((bitmap) => bitmap?.close());
    this.#opening = undefined;
  }
}

/**
 * What is sent of a file: turned, cropped and at most 1600 pixels long; the file itself where that changes nothing.
 * @param {File} file @param {ImageBitmap | null} bitmap @param {Pose} [pose] @returns {Promise<Blob>}
 */
export async function sent(file, bitmap, pose = AS_IT_IS) {
  if (!bitmap) return file;
  const isSmall = Math.max(bitmap.width, bitmap.height) <= LONGEST;
  if (isSmall && !pose.turns && !pose.crop && READ_BY_SERVER.has(file.type)) return file;
  return (await redrawn(bitmap, pose, file.type)) ?? file;
}

/** The blob, if it may travel; its content is at hand then, whatever becomes of the file. @param {Blob} blob @param {number} limit in MiB @returns {Promise<Blob>} */
export async function fit(blob, limit) {
  if (blob.size > limit * 2 ** 20) throw refusal("tooLarge", { limit });
  const content = await blob.arrayBuffer().catch(() => { throw refusal("unreadable"); });
  const { type } = blob;
  return blob instanceof File ? new File([content], blob.name, { type }) : new Blob([content], { type });
}

/** Whether a file says itself that it is no picture; a browser knows no type for some that are. @param {File} file */
export const isOther = ({ type }) => Boolean(type) && !type.startsWith("image/");

/** @param {Parameters<typeof say>[0]} key @param {Parameters<typeof say>[1]} [values] */
export const refusal = (key, values) => new Refusal(0, { code: key, message: say(key, values) });

/** @param {ImageBitmap} bitmap @param {Pose} pose @param {string} type @returns {Promise<Blob | null>} */
function redrawn(bitmap, { turns, crop }, type) {
  const [across, down] = size(bitmap, turns);
  const [left, right] = span(crop?.left ?? 0, crop?.width ?? 1, across);
  const [top, bottom] = span(crop?.top ?? 0, crop?.height ?? 1, down);
  const scale = Math.min(1, LONGEST / Math.max(right - left, bottom - top));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round((right - left) * scale));
  canvas.height = Math.max(1, Math.round((bottom - top) * scale));
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.imageSmoothingQuality = "high";
  const [a, b, c, d] = QUARTERS[turns].map((each) => each * scale);
  context.setTransform(a, b, c, d, (across / 2 - left) * scale, (down / 2 - top) * scale);
  context.drawImage(bitmap, -bitmap.width / 2, -bitmap.height / 2);
  const kind = type === "image/jpeg" ? type : "image/png"; // JPEG would paint clear ground black
  return new Promise((resolve) => canvas.toBlob(resolve, kind, 0.92));
}

/** Width and height in pixels after quarter turns. @param {{ width: number, height: number }} bitmap @param {number} turns */
export const size = ({ width, height }, turns) => (turns % 2 ? [height, width] : [width, height]);

/** Whole pixels from a share to a share, one at least. @param {number} start @param {number} length @param {number} pixels */
function span(start, length, pixels) {
  const from = Math.min(Math.round(start * pixels), pixels - 1);
  return [from, Math.max(from + 1, Math.round((start + length) * pixels))];
}
