// @ts-check
/** The tools below the pad: pen, eraser, width, undo, redo, clear. */

/** @typedef {import("./sheet.js").Sheet} Sheet */

export class Tools {
  #part;
  #place;
  #sheet;

  /**
   * @param {HTMLElement} element @param {HTMLElement} place the pad @param {Sheet} sheet
   * @param {(final: boolean) => void} widened the pen is wider or thinner (final: it stays so)
   */
  constructor(element, place, sheet, widened) {
    this.#part = /** @type {<T extends HTMLElement>(selector: string) => T} */ ((selector) => /** @type {any} */ (element.querySelector(selector)));
    this.#place = place;
    this.#sheet = sheet;
    const width = this.#slider;
    width.addEventListener("input", () => {
      sheet.pad.pen = Number(width.value) / 1000;
      widened(false);
    });
    width.addEventListener("change", () => widened(true));
    this.#part("#pen").addEventListener("click", () => this.hold("pen"));
    this.#part("#eraser").addEventListener("click", () => this.hold("eraser"));
    this.#part("#undo").addEventListener("click", () => sheet.undo());
    this.#part("#redo").addEventListener("click", () => sheet.redo());
    this.#part("#clear").addEventListener("click", () => sheet.clear());
    addEventListener("keydown", (event) => this.#keyed(event));
  }

  get #slider() {
    return /** @type {HTMLInputElement} */ (this.#part("#width"));
  }

  /** @param {number} pen in sides of the pad */
  set width(pen) {
    this.#sheet.pad.pen = pen;
    this.#slider.value = String(Math.round(1000 * pen));
  }

  /** @param {"pen" | "eraser"} tool */
  hold(tool) {
    this.#sheet.pad.tool = this.#place.dataset.tool = tool;
    for (const each of ["pen", "eraser"]) this.#part(`#${each}`).setAttribute("aria-pressed", String(each === tool));
  }

  /** What can be done with what lies on the pad. */
  show() {
    const holds = Boolean(this.#sheet.subject);
    this.#place.toggleAttribute("data-holds", holds);
    /** @type {[string, boolean][]} */
    const usable = [["#undo", this.#sheet.canUndo], ["#redo", this.#sheet.canRedo], ["#clear", holds]];
    for (const [button, can] of usable) this.#part(button).setAttribute("aria-disabled", String(!can));
  }

  /** @param {KeyboardEvent} event */
  #keyed(event) {
    const key = event.key.toLowerCase();
    if (!(event.ctrlKey || event.metaKey) || event.altKey || isTyping(event.target)) return;
    if (key === "y" || (key === "z" && event.shiftKey)) this.#sheet.redo();
    else if (key === "z") this.#sheet.undo();
    else return;
    event.preventDefault();
  }
}

/** Whether undo belongs to a text that is being written. @param {EventTarget | null} target */
export function isTyping(target) {
  return target instanceof Element && target.matches("textarea, input:not([type=range], [type=checkbox], [type=file])");
}
