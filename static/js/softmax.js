// @ts-check
/** Logits to shares, spelled out, at any temperature. */
import { element, plain } from "./numbers.js";
import { UNIT, count, percent, say } from "./texts.js";

const MOST_ROWS = 30; // of classes; of more of them the likeliest stand there
const LIKELIEST = 10;

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
  #own = 1;

  /** @param {HTMLElement} element @param {string[]} classes */
  constructor(element, classes) {
    this.#part = /** @type {<T extends HTMLElement>(selector: string) => T} */ ((selector) => /** @type {any} */ (element.querySelector(selector)));
    this.#classes = classes;
    this.#slider.addEventListener("input", () => this.#draw());
  }

  /** @param {number[]} logits @param {number} own the temperature at which the network answers */
  show(logits, own) {
    this.#logits = logits;
    this.#own = own;
    this.#part(".facts").textContent = say("softmaxFacts", { classes: logits.length });
    this.#draw();
  }

  /** Which classes have a row, of very many the likeliest. @param {number[]} shares @returns {number[]} */
  #shown(shares) {
    const all = this.#classes.map((_, i) => i);
    return all.length <= MOST_ROWS ? all : all.sort((a, b) => shares[b] - shares[a]).slice(0, LIKELIEST);
  }

  /** The classes without a row, summed up. @param {number[]} shown @param {number[]} powers @param {number[]} shares @returns {HTMLElement[]} */
  #others(shown, powers, shares) {
    if (shown.length === this.#classes.length) return [];
    const rest = (/** @type {number[]} */ numbers) => numbers.reduce((sum, each) => sum + each, 0) - shown.reduce((sum, i) => sum + numbers[i], 0);
    const row = element("tr");
    const label = say("otherClasses", { count: count(this.#classes.length - shown.length) });
    row.append(Object.assign(element("th", "", label), { scope: "row" }), ...["", "", plain(rest(powers)), percent(Math.max(0, rest(shares))) + UNIT, ""].map((text) => element("td", "", text)));
    return [row];
  }

  get #slider() {
    return /** @type {HTMLInputElement} */ (this.#part("#temperature"));
  }

  get #temperature() {
    return this.#own * 10 ** this.#slider.valueAsNumber;
  }

  get #hint() {
    const turned = this.#slider.valueAsNumber;
    if (turned) return turned < 0 ? "temperatureCold" : "temperatureHot";
    return this.#own === 1 ? "temperatureOne" : "temperatureOwn";
  }

  #draw() {
    const { largest, exponents, powers, sum, shares } = softmax(this.#logits, this.#temperature);
    const told = plain(Number(this.#temperature.toPrecision(2)));
    this.#slider.ariaValueText = told;
    this.#part("#temperature-told").textContent = told;
    this.#part("#temperature-hint").textContent = say(this.#hint, { own: plain(this.#own) });
    const top = shares.indexOf(Math.max(...shares));
    const shown = this.#shown(shares);
    const rows = shown.map((i) => {
      const row = element("tr");
      row.toggleAttribute("data-first", i === top);
      row.style.setProperty("--share", shares[i].toFixed(4));
      const cells = [plain(this.#logits[i]), plain(exponents[i]), plain(powers[i]), percent(shares[i]) + UNIT, ""];
      row.append(Object.assign(element("th", "", this.#classes[i]), { scope: "row" }), ...cells.map((text) => element("td", "", text)));
      row.lastElementChild?.classList.add("bar");
      if (this.#logits[i] === largest) row.cells[1].append(element("span", "hint", say("isMax")));
      return row;
    });
    this.#part("tbody").replaceChildren(...rows, ...this.#others(shown, powers, shares));
    this.#part(".sum").textContent = plain(sum);
    this.#part(".whole").textContent = `100${UNIT}`;
  }
}
