// @ts-check
/** The dataset's pictures that excite a unit most; asked for when it is opened. */
import { LatestLook } from "./latest-look.js";
import { element, plain } from "./numbers.js";
import { count, say } from "./texts.js";

/** @typedef {{ label: string, value: number, at: number[] | null, picture: string }} Picture */

export class Exciting {
  #details;
  #address;
  #unit = -1;
  #look;

  /** @param {HTMLDetailsElement} details @param {string} address of the layer's pictures, without the unit */
  constructor(details, address) {
    this.#details = details;
    this.#address = address;
    const told = /** @type {HTMLElement} */ (details.querySelector(".hint"));
    const list = /** @type {HTMLElement} */ (details.querySelector("ul"));
    /** @type {LatestLook<{ of: number, pictures: Picture[] }>} */
    this.#look = new LatestLook({
      shown({ of, pictures }) {
        told.textContent = say(pictures[0]?.at ? "excitingTold" : "excitingToldUnits", { n: count(of) });
        list.replaceChildren(...pictures.map(pictureItem));
      },
      failed(sentence) {
        told.textContent = sentence;
        list.replaceChildren();
      },
      busy: (isBusy) => (details.ariaBusy = String(isBusy)),
    });
    details.addEventListener("toggle", () => this.#ask());
  }

  /** @param {number} unit */
  show(unit) {
    if (unit === this.#unit) return;
    this.#unit = unit;
    this.#ask();
  }

  #ask() {
    if (!this.#details.open || this.#unit < 0) return;
    if (!this.#details.querySelector("li")) /** @type {HTMLElement} */ (this.#details.querySelector(".hint")).textContent = say("excitingWait");
    this.#look.look(`${this.#address}&unit=${this.#unit}`);
  }
}

/** @param {Picture} picture */
function pictureItem({ label, value, at, picture }) {
  const item = element("li");
  const frame = element("span", "where");
  frame.append(Object.assign(element("img"), { src: picture, alt: "", width: 56, height: 56 }));
  if (at) {
    const spot = frame.appendChild(element("span", "spot"));
    spot.style.setProperty("--x", String(at[0]));
    spot.style.setProperty("--y", String(at[1]));
  }
  item.append(frame, element("span", "", say("excitingOne", { label, value: plain(value) })));
  return item;
}
