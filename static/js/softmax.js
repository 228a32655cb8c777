// @ts-check
/** Logits to shares, spelled out, at any temperature. */
import { element, plain } from "./numbers.js";
import { UNIT, percent, say } from "./texts.js";

/**
 * softmax(z / T), with the largest taken away first so that no power is too large; the sum is of the powers.
 * @param {number[]} logits @param {number} temperature
 */
export function softmax(logits, temperature) {
  const largest = Math.max(...logits);
  const exponents = logits.map((logit) => (logit - largest) / temperature);
  const powers = exponents.map(Math.exp);
  const sum = powers.reduce((total, power) => total + power, 0);
  return { largest, exponents, powers, sum, shares: powers.map((power) => power / sum) };
}

export class Softmax {
  #part;
  #classes;
  /** @type {number[]} */
  #logits = [];

  /** @param {HTMLElement} element @param {string[]} classes */
  constructor(element, classes) {
    this.#part = /** @type {<T extends HTMLElement>(selector: string) => T} */ ((selector) => /** @type {any} */ (element.querySelector(selector)));
    this.#classes = classes;
    this.#slider.addEventListener("input", () => this.#draw());
  }

  /** @param {number[]} logits */
  show(logits) {
    this.#logits = logits;
    this.#part(".facts").textContent = say("softmaxFacts", { classes: logits.length });
    this.#draw();
  }

  get #slider() {
    return /** @type {HTMLInputElement} */ (this.#part("#temperature"));
  }

  get #temperature() {
    return 10 ** this.#slider.valueAsNumber;
  }

  #draw() {
    const { largest, exponents, powers, sum, shares } = softmax(this.#logits, this.#temperature);
    const told = plain(Number(this.#temperature.toPrecision(2)));
    this.#slider.ariaValueText = told;
    this.#part("#temperature-told").textContent = told;
    this.#part("#temperature-hint").textContent = say(this.#temperature < 0.999 ? "temperatureCold" : this.#temperature > 1.001 ? "temperatureHot" : "temperatureOne");
    const top = shares.indexOf(Math.max(...shares));
    this.#part("tbody").replaceChildren(
      ...this.#classes.map((label, i) => {
        const row = element("tr");
        row.toggleAttribute("data-first", i === top);
        row.style.setProperty("--share", shares[i].toFixed(4));
        const cells = [plain(this.#logits[i]), plain(exponents[i]), plain(powers[i]), percent(shares[i]) + UNIT, ""];
        row.append(Object.assign(element("th", "", label), { scope: "row" }), ...cells.map((text) => element("td", "", text)));
        row.lastElementChild?.classList.add("bar");
        if (this.#logits[i] === largest) row.cells[1].append(element("span", "hint", say("isMax")));
        return row;
      }),
    );
    this.#part(".sum").textContent = plain(sum);
    this.#part(".whole").textContent = `100${UNIT}`;
  }
}
