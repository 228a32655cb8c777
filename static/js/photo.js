// @ts-check
/** A picture from a file that lies on the sheet, turned and cropped by hand; what is shown is what is sent. */
import { CropBox } from "./crop-box.js";
import { AS_IT_IS, Pixels, fit, sent, size } from "./pictures.js";
import { say } from "./texts.js";

/** @typedef {import("./pictures.js").Box} Box */
/** @typedef {import("./pictures.js").Pose} Pose */
/** @typedef {import("./predict.js").Answer} Answer */
/** @typedef {{ file: File, pixels: Pixels, pose: Pose, picture: () => Promise<Blob> }} Laid a picture in one pose; picture() gives what is sent */

const FIRST_BOX = { left: 0.2, top: 0.2, width: 0.6, height: 0.6 };

export class Photo {
  /** As it is read: under the crop box while that is open. @type {Laid | null} */
  #laid = null;
  /** As it was put there: what leaving the box comes back to. @type {Laid | null} */
  #settled = null;
  /** Its pixels; null before they are decoded, and where this browser cannot. @type {ImageBitmap | null} */
  #bitmap = null;
  #shown = 0;
  #sheet;
  #image;
  #tools;
  #turn;
  #crop;
  #whole;
  #box;
  #limit;
  #onMove;
  #onSettle;

  /**
   * @param {HTMLElement} sheet holds the picture and the crop box
   * @param {HTMLElement} tools the tools below it; data-photo says that a picture lies there which can be turned and cropped
   * @param {{ limit: number, moved: (final: boolean) => void, settled: (laid: Laid) => void }} options limit: MiB that may be sent;
   *   moved: the crop box was (final: it rests); settled: this is to lie there from now on
   */
  constructor(sheet, tools, { limit, moved, settled }) {
    this.#sheet = sheet;
    this.#image = /** @type {HTMLImageElement} */ (sheet.querySelector("img"));
    this.#tools = tools;
    [this.#turn, this.#crop, this.#whole] = /** @type {NodeListOf<HTMLElement>} */ (tools.querySelectorAll(".for-photo button"));
    this.#box = new CropBox(/** @type {HTMLElement} */ (sheet.querySelector(".crop")), {
      moved: (crop, final) => this.#read(this.#posed({ crop }), final),
      left: (keeping) => this.#leaveBox(keeping),
    });
    this.#limit = limit;
    this.#onMove = moved;
    this.#onSettle = settled;
    this.#turn.addEventListener("click", () => this.#quarterTurn());
    this.#crop.addEventListener("click", () => (this.isCropping ? this.#leaveBox(true) : this.#beginCrop()));
    this.#whole.addEventListener("click", () => this.#uncrop());
  }

  /** @returns {Laid | null} null: no picture lies there */
  get laid() {
    return this.#laid;
  }

  get isCropping() {
    return this.#box.isOpen;
  }

  /** A file as a picture that can lie there. @param {File} file */
  of(file) {
    return this.#inPose({ file, pixels: new Pixels(file) }, AS_IT_IS);
  }

  /** Puts this there and closes the crop box; null: no picture. @param {Laid | null} laid */
  show(laid) {
    if (laid === this.#laid && !this.isCropping) return;
    const isOther = laid?.pixels !== this.#laid?.pixels;
    if (isOther) this.#laid?.pixels.close();
    this.#laid = this.#settled = laid;
    this.#closeBox();
    this.#showPicture();
    if (isOther) this.#decode();
    else this.#showTools();
  }

  /** The answer, with the way out where a crop is one. @param {Answer} answer @returns {Answer} */
  advised(answer) {
    if (answer.rejected?.code !== "several_digits" || !this.#bitmap) return answer;
    return { ...answer, rejected: { ...answer.rejected, message: say(this.isCropping ? "cropCloser" : "cropIt") } };
  }

  // --- Turn and crop ---

  #quarterTurn() {
    const { isCropping } = this;
    const underBox = this.#turned(this.#laid);
    this.#onSettle(this.#turned(this.#settled));
    if (isCropping) this.#openBox(underBox);
  }

  #beginCrop() {
    if (this.#bitmap) this.#openBox(this.#pose.crop ? /** @type {Laid} */ (this.#laid) : this.#posed({ crop: FIRST_BOX }));
  }

  /** @param {boolean} keeping whether the picture is cropped to the box, else it is as before */
  #leaveBox(keeping) {
    this.#onSettle(/** @type {Laid} */ (keeping ? this.#laid : this.#settled));
    this.#crop.focus({ preventScroll: true });
  }

  #uncrop() {
    const settled = /** @type {Laid} */ (this.#settled);
    this.#onSettle(settled.pose.crop ? this.#posed({ crop: null }) : settled);
    this.#crop.focus({ preventScroll: true });
  }

  /** @param {Laid} laid with a crop */
  #openBox(laid) {
    this.#box.open(size(/** @type {ImageBitmap} */ (this.#bitmap), laid.pose.turns), /** @type {Box} */ (laid.pose.crop));
    this.#read(laid, true);
    this.#showPicture();
  }

  #closeBox() {
    if (this.#sheet.querySelector(".crop :focus")) this.#sheet.focus({ preventScroll: true });
    this.#box.close();
  }

  /** @param {Laid} laid @param {boolean} final */
  #read(laid, final) {
    this.#laid = laid;
    this.#showTools();
    this.#onMove(final);
  }

  get #pose() {
    return /** @type {Laid} */ (this.#laid).pose;
  }

  /** @param {Partial<Pose>} change */
  #posed(change) {
    return this.#inPose(/** @type {Laid} */ (this.#laid), { ...this.#pose, ...change });
  }

  /** A quarter clockwise. @param {Laid | null} laid */
  #turned(laid) {
    const { turns, crop } = /** @type {Laid} */ (laid).pose;
    return this.#inPose(/** @type {Laid} */ (laid), { turns: (turns + 1) % 4, crop: crop && turned(crop) });
  }

  /** What is sent is made once, and only when it is asked for. @param {Pick<Laid, "file" | "pixels">} what @param {Pose} pose @returns {Laid} */
  #inPose({ file, pixels }, pose) {
    /** @type {Promise<Blob> | undefined} */
    let made;
    const picture = async () => {
      const bitmap = await pixels.open(); // even when it is made: no answer comes before the page knows whether it can crop
      return (made ??= sent(file, bitmap, pose).then((blob) => fit(blob, this.#limit)));
    };
    return { file, pixels, pose, picture };
  }

  // --- What is seen ---

  async #decode() {
    const laid = this.#laid;
    this.#bitmap = null;
    if (!laid) return this.#showTools();
    const bitmap = await laid.pixels.open();
    if (laid.pixels !== this.#laid?.pixels) return;
    this.#bitmap = bitmap;
    this.#showTools();
  }

  /** What is sent; while the box is open, the whole picture. */
  async #showPicture() {
    const number = ++this.#shown;
    const laid = this.#laid;
    const blob = laid && (await this.#blobOf(laid));
    if (number !== this.#shown) return;
    URL.revokeObjectURL(this.#image.src);
    this.#image.hidden = !blob;
    if (!laid || !blob) return this.#image.removeAttribute("src");
    this.#image.alt = say("yourPicture", { name: laid.file.name });
    this.#image.src = URL.createObjectURL(blob);
  }

  /** @param {Laid} laid @returns {Promise<Blob>} */
  async #blobOf({ file, pixels, pose, picture }) {
    if (this.isCropping) return sent(file, await pixels.open(), { ...pose, crop: null });
    return pose === AS_IT_IS ? file : picture().catch(() => file);
  }

  #showTools() {
    const isUsable = Boolean(this.#bitmap);
    if (!isUsable && this.#tools.querySelector(".for-photo :focus")) this.#sheet.focus({ preventScroll: true });
    this.#tools.toggleAttribute("data-photo", isUsable);
    this.#crop.textContent = say(this.isCropping ? "cropDone" : "crop");
    if (this.#whole.matches(":focus") && !this.#laid?.pose.crop) this.#crop.focus({ preventScroll: true });
    this.#whole.hidden = !this.#laid?.pose.crop;
  }
}

/** A box that keeps its place on a picture that is turned clockwise. @param {Box} box @returns {Box} */
const turned = ({ left, top, width, height }) => ({ left: 1 - top - height, top: left, width: height, height: width });
