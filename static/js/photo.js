// @ts-check
/** A picture from a file that lies on the pad, turned and cropped by hand; what is shown is what is sent. */
import { CropBox } from "./crop-box.js";
import { AS_IT_IS, decoded, fit, sent, size } from "./pictures.js";
import { say } from "./texts.js";

/** @typedef {import("./pictures.js").Box} Box */
/** @typedef {import("./pictures.js").Pose} Pose */
/** @typedef {import("./predict.js").Answer} Answer */
/** @typedef {import("./lab.js").Subject} Subject */
/** @typedef {{ file: File, opening: Promise<ImageBitmap | null>, bitmap: ImageBitmap | null, pose: Pose, picture: () => Promise<Blob> }} Laid
 *   opening: the file being decoded; bitmap: null before that, and where this browser cannot */

const FIRST_BOX = { left: 0.2, top: 0.2, width: 0.6, height: 0.6 };

export class Photo {
  /** @type {Laid | null} */
  #laid = null;
  /** The crop as it was before the box was opened; undefined while it is closed. @type {Box | null | undefined} */
  #cropBefore;
  #sheet;
  #image;
  #tools;
  #turn;
  #crop;
  #whole;
  #box;
  #limit;
  #onChange;

  /**
   * @param {HTMLElement} sheet holds the picture and the crop box
   * @param {HTMLElement} tools the tools below it; data-photo says that a picture lies there which can be turned and cropped
   * @param {{ limit: number, changed: (final: boolean) => void }} options limit: MiB that may be sent;
   *   changed: the picture was turned or cropped (final: no more is coming)
   */
  constructor(sheet, tools, { limit, changed }) {
    this.#sheet = sheet;
    this.#image = /** @type {HTMLImageElement} */ (sheet.querySelector("img"));
    this.#tools = tools;
    [this.#turn, this.#crop, this.#whole] = /** @type {NodeListOf<HTMLElement>} */ (tools.querySelectorAll(".for-photo button"));
    this.#box = new CropBox(/** @type {HTMLElement} */ (sheet.querySelector(".crop")), {
      moved: (box, final) => this.#take({ crop: box }, final),
      left: (keeping) => this.#endCrop(keeping),
    });
    this.#limit = limit;
    this.#onChange = changed;
    this.#turn.addEventListener("click", () => this.#quarterTurn());
    this.#crop.addEventListener("click", () => (this.#isCropping ? this.#endCrop(true) : this.#beginCrop()));
    this.#whole.addEventListener("click", () => this.#uncrop());
  }

  /** @returns {Subject | null} null: no picture lies there */
  get subject() {
    return this.#laid && { kind: "picture", picture: this.#laid.picture, name: this.#laid.file.name };
  }

  /** @param {File} file */
  lay(file) {
    this.remove();
    const opening = decoded(file);
    const picture = this.#pictureOf({ file, opening, pose: AS_IT_IS });
    /** @type {Laid} */
    const laid = (this.#laid = { file, opening, bitmap: null, pose: AS_IT_IS, picture });
    this.#image.alt = say("yourPicture", { name: file.name });
    this.#image.hidden = false;
    this.#showBlob(file);
    opening.then((bitmap) => {
      laid.bitmap = bitmap;
      if (laid === this.#laid) this.#showTools();
    });
  }

  remove() {
    const hadFocus = this.#tools.querySelector(".for-photo :focus") || this.#sheet.querySelector(".crop :focus");
    if (hadFocus) this.#sheet.focus({ preventScroll: true });
    this.#laid?.opening.then((bitmap) => bitmap?.close());
    this.#laid = null;
    this.#cropBefore = undefined;
    this.#box.close();
    this.#image.hidden = true;
    URL.revokeObjectURL(this.#image.src);
    this.#image.removeAttribute("src");
    this.#showTools();
  }

  /** The answer, with the way out where a crop is one. @param {Answer} answer @returns {Answer} */
  advised(answer) {
    if (answer.rejected?.code !== "several_digits" || !this.#laid?.bitmap) return answer;
    return { ...answer, rejected: { ...answer.rejected, message: say(this.#isCropping ? "cropCloser" : "cropIt") } };
  }

  // --- Turn and crop ---

  get #isCropping() {
    return this.#cropBefore !== undefined;
  }

  #quarterTurn() {
    const { turns, crop } = this.#pose;
    if (this.#cropBefore) this.#cropBefore = turned(this.#cropBefore);
    this.#take({ turns: (turns + 1) % 4, crop: crop && turned(crop) }, true);
    if (this.#isCropping) this.#openBox();
    this.#showPicture();
  }

  #beginCrop() {
    this.#cropBefore = this.#pose.crop;
    this.#take({ crop: this.#pose.crop ?? FIRST_BOX }, true);
    this.#openBox();
    this.#showPicture();
  }

  /** @param {boolean} keeping whether the box stays, else what was before it was opened */
  #endCrop(keeping) {
    const crop = keeping ? this.#pose.crop : (this.#cropBefore ?? null);
    this.#cropBefore = undefined;
    this.#box.close();
    this.#take({ crop }, true);
    this.#showPicture();
    this.#crop.focus({ preventScroll: true });
  }

  #uncrop() {
    this.#cropBefore = null;
    this.#endCrop(false);
  }

  #openBox() {
    const { bitmap } = /** @type {Laid} */ (this.#laid);
    const { turns, crop } = this.#pose;
    this.#box.open(size(/** @type {ImageBitmap} */ (bitmap), turns), /** @type {Box} */ (crop));
  }

  get #pose() {
    return /** @type {Laid} */ (this.#laid).pose;
  }

  /** @param {Partial<Pose>} change @param {boolean} final */
  #take(change, final) {
    const laid = /** @type {Laid} */ (this.#laid);
    laid.pose = { ...laid.pose, ...change };
    laid.picture = this.#pictureOf(laid);
    this.#showTools();
    this.#onChange(final);
  }

  /** What is sent of the picture as it lies now; made once, and only when it is asked for. @param {Pick<Laid, "file" | "opening" | "pose">} laid */
  #pictureOf({ file, opening, pose }) {
    /** @type {Promise<Blob> | undefined} */
    let made;
    return () => (made ??= opening.then((bitmap) => sent(file, bitmap, pose)).then((blob) => fit(blob, this.#limit)));
  }

  // --- What is seen ---

  /** What is sent; while the box is open, the whole picture. */
  async #showPicture() {
    const laid = /** @type {Laid} */ (this.#laid);
    const pose = this.#isCropping ? { ...laid.pose, crop: null } : laid.pose;
    const blob = await (this.#isCropping ? sent(laid.file, laid.bitmap, pose) : laid.picture());
    if (laid === this.#laid && (this.#isCropping || pose === laid.pose)) this.#showBlob(blob);
  }

  /** @param {Blob} blob */
  #showBlob(blob) {
    URL.revokeObjectURL(this.#image.src);
    this.#image.src = URL.createObjectURL(blob);
  }

  #showTools() {
    this.#tools.toggleAttribute("data-photo", Boolean(this.#laid?.bitmap));
    this.#crop.textContent = say(this.#isCropping ? "cropDone" : "crop");
    this.#whole.hidden = !this.#laid?.pose.crop;
  }
}

/** A box that keeps its place on a picture that is turned clockwise. @param {Box} box @returns {Box} */
const turned = ({ left, top, width, height }) => ({ left: 1 - top - height, top: left, width: height, height: width });
