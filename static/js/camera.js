// @ts-check
/** A dialog with the live camera; it is on only while the dialog is open. */
import { say } from "./texts.js";

/** Why there is no picture, as a sentence. @param {unknown} error of getUserMedia */
export const whyNot = (error) => say(REASONS[error instanceof Error ? error.name : ""] ?? "cameraFailed");

/** @type {Record<string, "cameraRefused" | "cameraMissing" | "cameraBusy">} */
const REASONS = { NotAllowedError: "cameraRefused", NotFoundError: "cameraMissing", NotReadableError: "cameraBusy" };
const SIZE = { width: { ideal: 1920 }, height: { ideal: 1080 } };

export class Camera {
  #dialog;
  #video;
  #said;
  #take;
  #other;
  #onTaken;
  /** @type {MediaStream | null} */
  #stream = null;
  /** Counts wishes: a camera that starts after another wish, or after the dialog was closed, is stopped at once. */
  #wish = 0;

  /** @param {HTMLDialogElement} dialog with a video, a sentence and three buttons @param {(files: File[]) => void} taken */
  constructor(dialog, taken) {
    this.#dialog = dialog;
    this.#onTaken = taken;
    this.#video = /** @type {HTMLVideoElement} */ (dialog.querySelector("video"));
    this.#said = /** @type {HTMLElement} */ (dialog.querySelector("[aria-live]"));
    /** @type {NodeListOf<HTMLButtonElement>} */
    const buttons = dialog.querySelectorAll("button");
    [this.#take, this.#other] = buttons;
    this.#take.addEventListener("click", () => this.#takePicture());
    this.#other.addEventListener("click", () => this.#startOther());
    buttons[2].addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => this.#stop());
    this.#video.addEventListener("playing", () => this.#tell("", true));
  }

  open() {
    this.#dialog.showModal();
    this.#start({ facingMode: "environment" });
  }

  /** @param {MediaTrackConstraints} which */
  async #start(which) {
    this.#stop();
    const wish = this.#wish;
    this.#tell(say("cameraStarts"), false);
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ video: { ...which, ...SIZE } });
      if (wish !== this.#wish) return stop(stream);
      this.#stream = this.#video.srcObject = stream;
      stream.getVideoTracks()[0].addEventListener("ended", () => this.#tell(say("cameraMissing"), false));
      this.#other.hidden = (await cameras()).length < 2;
    } catch (error) {
      if (wish === this.#wish) this.#tell(whyNot(error), false);
    }
  }

  async #startOther() {
    const all = await cameras();
    const now = this.#stream?.getVideoTracks()[0].getSettings().deviceId;
    const next = all[(all.findIndex(({ deviceId }) => deviceId === now) + 1) % all.length];
    if (next && this.#dialog.open) this.#start({ deviceId: { exact: next.deviceId } });
  }

  #stop() {
    this.#wish++;
    if (this.#stream) stop(this.#stream);
    this.#stream = this.#video.srcObject = null;
  }

  #takePicture() {
    if (this.#take.ariaDisabled === "true") return;
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [this.#video.videoWidth, this.#video.videoHeight];
    /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d")).drawImage(this.#video, 0, 0);
    this.#dialog.close();
    canvas.toBlob((blob) => blob && this.#onTaken([new File([blob], "camera.jpg", { type: blob.type })]), "image/jpeg", 0.95);
  }

  /** @param {string} sentence @param {boolean} ready whether there is a picture to take */
  #tell(sentence, ready) {
    this.#said.textContent = sentence;
    this.#take.setAttribute("aria-disabled", String(!ready));
  }
}

/** @param {MediaStream} stream */
const stop = (stream) => stream.getTracks().forEach((track) => track.stop());

const cameras = async () => (await navigator.mediaDevices.enumerateDevices()).filter(({ kind }) => kind === "videoinput");
