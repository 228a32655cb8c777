// @ts-check
/** Pictures of a part, as the network saw them, with what it read. */
import { UNIT, percent, say } from "./texts.js";

/** @typedef {{ true: string, predicted: string, confidence: number, true_probability: number, picture: string }} Seen */

export class Gallery {
  #list;

  /** @param {HTMLElement} list */
  constructor(list) {
    this.#list = list;
  }

  /** @param {Seen[]} pictures @param {boolean} named whether each says what it was read as and what it is */
  show(pictures, named) {
    this.#list.replaceChildren(...pictures.map((each) => item(each, named)));
  }

  clear() {
    this.#list.replaceChildren();
  }
}

/** @param {Seen} seen @param {boolean} named */
function item({ true: label, predicted, confidence, true_probability, picture }, named) {
  const element = document.createElement("li");
  const image = element.appendChild(new Image(56, 56));
  image.src = picture;
  image.alt = "";
  const values = { label, predicted, share: percent(confidence) + UNIT, trueShare: percent(true_probability) + UNIT };
  const line = element.appendChild(document.createElement("p"));
  line.textContent = named ? say("seenAs", values) : values.share;
  if (named) element.appendChild(Object.assign(document.createElement("p"), { className: "hint", textContent: say("seenReally", values) }));
  return element;
}
