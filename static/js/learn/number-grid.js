// @ts-check
/** A square of numbers: fields that are typed, stepped or dragged, or cells that are only read. */
import { shown } from "./formula.js";
import { put, scrubbed } from "./scrub.js";
import { say } from "./texts.js";

/** @typedef {import("./arithmetic.js").Matrix} Matrix */

export class NumberGrid {
  #place;
  #changed;
  #options;
  /** @type {HTMLElement[][]} rows of fields or cells */
  #cells = [];

  /**
   * @param {HTMLElement} place
   * @param {{ step?: number, changed?: (row: number, column: number, value: number) => void }} [options] changed: its numbers are fields
   */
  constructor(place, options = {}) {
    this.#place = place;
    this.#options = options;
    this.#changed = options.changed;
    place.classList.add("number-grid");
  }

  /** @param {(number | null)[][]} numbers null: not there yet @param {number} [border] cells at each side that cannot be changed */
  show(numbers, border = 0) {
    if (numbers.length !== this.#cells.length || numbers[0]?.length !== this.#cells[0]?.length) this.#make(numbers.length, numbers[0]?.length ?? 0);
    this.#cells.forEach((row, i) => row.forEach((cell, j) => this.#put(cell, numbers[i][j])));
    if (this.#changed) this.#fix(border);
  }

  /** Marks the numbers under a window, and only them. @param {{ row: number, column: number, height: number, width: number } | null} window */
  light(window) {
    this.#cells.forEach((row, i) =>
      row.forEach((cell, j) => {
        const isLit = window && i >= window.row && i < window.row + window.height && j >= window.column && j < window.column + window.width;
        cell.toggleAttribute("data-lit", Boolean(isLit));
      }),
    );
  }

  /** @param {number} border */
  #fix(border) {
    const last = this.#cells.length - 1 - border;
    this.#cells.forEach((row, i) => row.forEach((cell, j) => (/** @type {HTMLInputElement} */ (cell).readOnly = Math.min(i, j) < border || Math.max(i, j) > last)));
  }

  /** @param {HTMLElement} cell @param {number | null} value */
  #put(cell, value) {
    if (cell instanceof HTMLInputElement) {
      if (document.activeElement !== cell || cell.valueAsNumber !== value) put(cell, value ?? 0);
      return;
    }
    cell.textContent = value === null ? "" : shown(value);
    cell.dataset.value = String(value ?? "");
  }

  /** @param {number} rows @param {number} columns */
  #make(rows, columns) {
    this.#place.style.setProperty("--columns", String(columns));
    this.#cells = Array.from({ length: rows }, (_, i) => Array.from({ length: columns }, (_, j) => (this.#changed ? this.#field(i, j) : this.#cell())));
    this.#place.replaceChildren(...this.#cells.flat());
  }

  /** @param {number} row @param {number} column */
  #field(row, column) {
    const field = document.createElement("input");
    Object.assign(field, { type: "number", step: String(this.#options.step ?? 1), min: "-99", max: "99", autocomplete: "off", className: "number" });
    field.ariaLabel = say("gridCell", { row: row + 1, column: column + 1 });
    scrubbed(field, (value) => this.#changed?.(row, column, value));
    return field;
  }

  #cell() {
    const cell = document.createElement("span");
    cell.className = "number read";
    return cell;
  }
}
