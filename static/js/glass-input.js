// @ts-check
/** What the network sees, and on it the part that a chosen unit looks at. */
import { say } from "./texts.js";

/** @typedef {{ top: number, left: number, height: number, width: number }} Box in pixels of the input */

const SIDE = 224; // pixels of the canvas, about

export class GlassInput {
  #canvas;
  #told;
  #size;
  #asked = 0;

  /** @param {HTMLCanvasElement} canvas @param {HTMLElement} told @param {number} size side of the input */
  constructor(canvas, told, size) {
    this.#canvas = canvas;
    this.#told = told;
    this.#size = size;
    this.#canvas.width = this.#canvas.height = this.#scale * size;
  }

  get #scale() {
    return Math.max(1, Math.round(SIDE / this.#size));
  }

  /** @param {string} picture a data URL @param {Box | undefined} box */
  async show(picture, box) {
    const number = ++this.#asked;
    const image = new Image();
    image.src = picture;
    await image.decode().catch(() => {});
    if (number !== this.#asked) return;
    const context = /** @type {CanvasRenderingContext2D} */ (this.#canvas.getContext("2d"));
    context.imageSmoothingEnabled = false;
    context.drawImage(image, 0, 0, this.#canvas.width, this.#canvas.height);
    const isWhole = box && box.height === this.#size && box.width === this.#size;
    this.#told.textContent = box ? say(isWhole ? "looksEverywhere" : "looksAt", { ...box }) : say("seesPixels", { size: this.#size });
    if (box) this.#frame(context, box);
  }

  /** Light on dark, so that it is seen on any picture. @param {CanvasRenderingContext2D} context @param {Box} box */
  #frame(context, { top, left, height, width }) {
    const scale = this.#scale;
    const accent = getComputedStyle(this.#canvas).getPropertyValue("--accent");
    for (const [style, line] of /** @type {[string, number][]} */ ([["#fff", 6], [accent, 3]])) {
      context.strokeStyle = style;
      context.lineWidth = line;
      context.strokeRect(left * scale + 2, top * scale + 2, width * scale - 4, height * scale - 4);
    }
  }
}
