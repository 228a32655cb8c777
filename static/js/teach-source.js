// @ts-check
/** What is shown: a live camera or a pad; a picture of it whenever one is wanted. */
import { whyNot } from "./camera.js";
import { DrawingPad } from "./drawing-pad.js";
import { picture } from "./ink.js";
import { say } from "./texts.js";

const SIDE = 256; // pixels of a camera's picture: the middle of what it sees, as high as wide

export class Source {
  #view;
  #video;
  #pad;
  #told;
  #changed;
  /** @type {MediaStream | null} */
  #stream = null;
  #wish = 0;

  /** @param {HTMLElement} element templates/teach.html's section @param {() => void} changed something else is shown */
  constructor(element, changed) {
    this.#changed = changed;
    this.#view = /** @type {HTMLElement} */ (element.querySelector(".view"));
    this.#video = /** @type {HTMLVideoElement} */ (element.querySelector("video"));
    this.#told = /** @type {HTMLElement} */ (element.querySelector(".told"));
    this.#pad = new DrawingPad(/** @type {HTMLElement} */ (element.querySelector(".pad")), { inked: (final) => final && changed(), keyed: () => {} });
    for (const radio of /** @type {NodeListOf<HTMLInputElement>} */ (element.querySelectorAll("[name=from]"))) {
      radio.addEventListener("change", () => this.#turnTo(radio.value));
    }
    element.querySelector(".clear")?.addEventListener("click", () => this.clear());
    this.#video.addEventListener("playing", () => this.#tell(""));
    addEventListener("pagehide", () => this.#stop());
  }

  get isCamera() {
    return this.#view.dataset.from === "camera";
  }

  /** Whether there is anything to take a picture of. */
  get isReady() {
    return this.isCamera ? this.#video.videoWidth > 0 && this.#stream !== null : this.#pad.strokes.length > 0;
  }

  /** @returns {Promise<Blob>} */
  picture() {
    if (!this.isCamera) return picture(this.#pad.strokes, this.#pad.pen);
    const { videoWidth: width, videoHeight: height } = this.#video;
    const side = Math.min(width, height);
    const canvas = new OffscreenCanvas(SIDE, SIDE);
    /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext("2d")).drawImage(this.#video, (width - side) / 2, (height - side) / 2, side, side, 0, 0, SIDE, SIDE);
    return canvas.convertToBlob({ type: "image/jpeg", quality: 0.9 });
  }

  /** A clean pad for the next drawing; a camera goes on. */
  clear() {
    if (this.isCamera) return;
    this.#pad.show([]);
    this.#changed();
  }

  /** @param {string} from */
  async #turnTo(from) {
    this.#view.dataset.from = from;
    this.#stop();
    this.#tell("");
    this.#changed();
    if (from === "camera") await this.#start();
  }

  async #start() {
    if (!navigator.mediaDevices?.getUserMedia) return this.#tell(say("teachNoCamera"));
    const wish = this.#wish;
    this.#tell(say("cameraStarts"));
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 640 }, height: { ideal: 480 } } });
      if (wish !== this.#wish) return stream.getTracks().forEach((track) => track.stop());
      this.#stream = this.#video.srcObject = stream;
      const [track] = stream.getVideoTracks();
      this.#video.toggleAttribute("data-mirrored", track.getSettings().facingMode !== "environment"); // as in a mirror
      track.addEventListener("ended", () => this.#tell(say("cameraMissing")));
    } catch (error) {
      if (wish === this.#wish) this.#tell(whyNot(error));
    }
  }

  #stop() {
    this.#wish++;
    this.#stream?.getTracks().forEach((track) => track.stop());
    this.#stream = this.#video.srcObject = null;
  }

  /** @param {string} sentence */
  #tell(sentence) {
    this.#told.textContent = sentence;
  }
}
