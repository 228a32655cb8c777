// @ts-check
/** Numbers as pictures, in the colours of palette.js. */
import { palette } from "../palette.js";

const GAP = 1; // pixels between tiles

/** The largest size among numbers; never 0, since it is divided by. @param {ArrayLike<number>} numbers */
export function largest(numbers) {
  let most = 1e-12;
  for (let i = 0; i < numbers.length; i++) most = Math.max(most, Math.abs(numbers[i]));
  return most;
}

/** One picture, a pixel for each number. @param {HTMLCanvasElement} canvas @param {ArrayLike<number>} numbers @param {number} width @param {{ most?: number, colour?: import("../palette.js").Palette }} [look] */
export function paintMap(canvas, numbers, width, { most = largest(numbers), colour = palette(canvas) } = {}) {
  canvas.width = width;
  canvas.height = Math.ceil(numbers.length / width);
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const image = context.createImageData(canvas.width, canvas.height);
  const words = new Uint32Array(image.data.buffer);
  for (let i = 0; i < numbers.length; i++) words[i] = colour(numbers[i] / most);
  context.putImageData(image, 0, 0);
}

/** The pixels of a grey picture. @param {string} address @returns {Promise<{ pixels: Uint8Array, side: number }>} */
export async function greys(address) {
  const image = new Image();
  image.src = address;
  await image.decode();
  const context = /** @type {OffscreenCanvasRenderingContext2D} */ (new OffscreenCanvas(image.width, image.height).getContext("2d", { willReadFrequently: true }));
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, image.width, image.height);
  return { pixels: Uint8Array.from({ length: data.length / 4 }, (_, i) => data[4 * i]), side: image.width };
}

/** Many pictures side by side, which can be chosen by their place. */
export class Tiles {
  across = 1;
  #canvas;
  #source = new OffscreenCanvas(1, 1);
  #size = [1, 1];
  #count = 0;

  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.#canvas = canvas;
  }

  /** @param {Float32Array} numbers tile after tile @param {{ width: number, height: number }} tile @param {number} room pixels across; each tile has its own scale */
  set(numbers, { width, height }, room) {
    const colour = palette(this.#canvas);
    const each = width * height;
    this.#count = numbers.length / each;
    this.#size = [width, height];
    this.#source = new OffscreenCanvas(width, height * this.#count); // one above the other, as they lie in memory
    const context = /** @type {OffscreenCanvasRenderingContext2D} */ (this.#source.getContext("2d"));
    const image = context.createImageData(this.#source.width, this.#source.height);
    const words = new Uint32Array(image.data.buffer);
    for (let tile = 0; tile < this.#count; tile++) {
      const own = numbers.subarray(tile * each, (tile + 1) * each);
      const most = largest(own);
      own.forEach((number, i) => (words[tile * each + i] = colour(number / most)));
    }
    context.putImageData(image, 0, 0);
    this.across = Math.max(1, Math.min(this.#count, Math.floor(room / (width + GAP))));
    this.#canvas.width = this.across * (width + GAP);
    this.#canvas.height = Math.ceil(this.#count / this.across) * (height + GAP);
  }

  /** @param {number} chosen @param {(tile: number) => boolean} isFaint */
  draw(chosen, isFaint) {
    const context = /** @type {CanvasRenderingContext2D} */ (this.#canvas.getContext("2d"));
    const [width, height] = this.#size;
    context.clearRect(0, 0, this.#canvas.width, this.#canvas.height);
    for (let tile = 0; tile < this.#count; tile++) {
      const [left, top] = this.#corner(tile);
      context.globalAlpha = isFaint(tile) && tile !== chosen ? 0.3 : 1;
      context.drawImage(this.#source, 0, tile * height, width, height, left, top, width, height);
    }
    context.globalAlpha = 1;
    const [left, top] = this.#corner(chosen);
    context.lineWidth = 3;
    context.strokeStyle = getComputedStyle(this.#canvas).getPropertyValue("--ink");
    context.strokeRect(left + 0.5, top + 0.5, width - 1, height - 1);
  }

  /** @param {{ offsetX: number, offsetY: number }} pointer */
  at({ offsetX, offsetY }) {
    const scale = this.#canvas.width / this.#canvas.clientWidth;
    const [width, height] = this.#size.map((side) => side + GAP);
    const tile = Math.floor((offsetY * scale) / height) * this.across + Math.min(Math.floor((offsetX * scale) / width), this.across - 1);
    return Math.min(Math.max(tile, 0), this.#count - 1);
  }

  /** Where a tile lies, in the canvas's own pixels. @param {number} tile */
  #corner(tile) {
    const [width, height] = this.#size;
    return [(tile % this.across) * (width + GAP), Math.floor(tile / this.across) * (height + GAP)];
  }
}
