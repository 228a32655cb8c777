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
      const path = document.createElementNS(NAMESPACE, "path");
      path.setAttribute("d", way(from.getBoundingClientRect(), to.getBoundingClientRect(), ground));
      path.setAttribute("class", `wire ${weight === undefined ? "plain" : weight < 0 ? "negative" : "positive"}${isLit ? " lit" : ""}`);
      path.setAttribute("stroke-width", String(weight === undefined ? 1.5 : 1 + (THICKEST - 1) * (Math.abs(weight) / most)));
      return path;
    });
    this.#svg.replaceChildren(...paths);
  }
}

/** To the right, or down where nothing lies to the right. @param {DOMRect} one @param {DOMRect} other @param {DOMRect} ground */
function way(one, other, ground) {
  const place = (/** @type {number} */ x, /** @type {number} */ y) => `${x - ground.left} ${y - ground.top}`;
  if (other.left >= one.right) {
    const [y1, y2] = [(one.top + one.bottom) / 2, (other.top + other.bottom) / 2];
    const middle = (one.right + other.left) / 2;
    return `M${place(one.right, y1)}C${place(middle, y1)} ${place(middle, y2)} ${place(other.left, y2)}`;
  }
  const [x1, x2] = [(one.left + one.right) / 2, (other.left + other.right) / 2];
  const middle = (one.bottom + other.top) / 2;
  return `M${place(x1, one.bottom)}C${place(x1, middle)} ${place(x2, middle)} ${place(x2, other.top)}`;
}
