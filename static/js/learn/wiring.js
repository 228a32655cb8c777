// @ts-check
/** The wires of a network between boxes on the page: as thick as their weight is large, dashed where it is negative. */

const NAMESPACE = "http://www.w3.org/2000/svg";
const THICKEST = 7; // pixels

/** @typedef {{ from: Element, to: Element, weight?: number, isLit?: boolean }} Wire without a weight: thin and grey */

export class Wiring {
  #place;
  #svg;
  /** @type {Wire[]} */
  #wires = [];

  /** @param {HTMLElement} place holds the boxes; positioned, so that the wires lie under them */
  constructor(place) {
    this.#place = place;
    this.#svg = document.createElementNS(NAMESPACE, "svg");
    this.#svg.setAttribute("class", "wires");
    this.#svg.setAttribute("aria-hidden", "true");
    place.prepend(this.#svg);
    new ResizeObserver(() => this.#draw()).observe(place);
  }

  /** @param {Wire[]} wires */
  show(wires) {
    this.#wires = wires;
    this.#draw();
  }

  #draw() {
    const ground = this.#place.getBoundingClientRect();
    const most = Math.max(1, ...this.#wires.map(({ weight = 0 }) => Math.abs(weight)));
    const paths = this.#wires.map(({ from, to, weight, isLit }) => {
      const [one, other] = [from.getBoundingClientRect(), to.getBoundingClientRect()];
      const [x1, y1] = [one.right - ground.left, (one.top + one.bottom) / 2 - ground.top];
      const [x2, y2] = [other.left - ground.left, (other.top + other.bottom) / 2 - ground.top];
      const bend = (x2 - x1) / 2;
      const path = document.createElementNS(NAMESPACE, "path");
      path.setAttribute("d", `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`);
      path.setAttribute("class", `wire ${weight === undefined ? "plain" : weight < 0 ? "negative" : "positive"}${isLit ? " lit" : ""}`);
      path.setAttribute("stroke-width", String(weight === undefined ? 1.5 : 1 + (THICKEST - 1) * (Math.abs(weight) / most)));
      return path;
    });
    this.#svg.replaceChildren(...paths);
  }
}
