// @ts-check
/** Compact bars: how probable each class is, one row for each. */
import { UNIT, percent } from "./texts.js";

export class Shares {
  #list;
  /** @type {string[]} */
  #classes = [];
  /** @type {{ row: HTMLElement, number: HTMLElement }[]} */
  #rows = [];

  /** @param {HTMLElement} list */
  constructor(list) {
    this.#list = list;
  }

  /** @param {string[]} classes */
  setClasses(classes) {
    if (classes === this.#classes) return;
    this.#classes = classes;
    this.#rows = classes.map((label) => {
      const row = document.createElement("li");
      const [name, track, number] = ["class", "track", "share"].map((part) => {
        const element = row.appendChild(document.createElement("span"));
        element.className = part;
        return element;
      });
      name.textContent = label;
      track.setAttribute("aria-hidden", "true");
      return { row, number };
    });
    this.#list.replaceChildren(...this.#rows.map(({ row }) => row));
    this.show([]);
  }

  /** @param {import("./predict.js").Prediction[]} predictions sorted; none: blank */
  show(predictions) {
    this.#list.toggleAttribute("data-blank", !predictions.length);
    const shares = new Map(predictions.map(({ index, probability }) => [index, probability]));
    this.#rows.forEach(({ row, number }, index) => {
      const share = shares.get(index) ?? 0;
      row.style.setProperty("--share", share.toFixed(4));
      row.toggleAttribute("data-first", index === predictions[0]?.index);
      number.textContent = percent(share) + UNIT;
    });
  }
}
