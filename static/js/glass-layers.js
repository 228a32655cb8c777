// @ts-check
/** The layers of a network, one below the other; one of them open, one unit of it chosen. */
import { Card } from "./glass-card.js";
import { say } from "./texts.js";

/**
 * @typedef {import("./tiles.js").Tiles} Tiles
 * @typedef {import("./glass-unit.js").Unit} Unit
 * @typedef {{ name: string, kind: string, title: string, sentence: string, shape: number[], parameters: number, branch: string | null,
 *   maps?: Tiles, values?: number[], detail?: import("./glass-detail.js").Detail }} Layer
 * @typedef {{ layer: string, unit: number | null, place: number[] | null }} Chosen place null: where it is largest
 */

const INPUTS = { 1: ["thePicture"], 3: ["theRed", "theGreen", "theBlue"] };

export class Layers {
  #list;
  #pattern;
  #classes;
  #address;
  #onLook;
  #announce;
  #isNew = false; // the unit was just chosen
  /** @type {Card[]} */
  #cards = [];
  /** @type {Chosen | null} */
  #chosen = null;

  /**
   * @param {HTMLElement} list @param {HTMLTemplateElement} pattern of a layer
   * @param {{ classes: string[], address: string, looked: () => void, announce: (sentence: string) => void }} options
   *   address: of the model in the API; looked: another layer is open, or another unit chosen; announce: what that unit says, to those who do not see it
   */
  constructor(list, pattern, { classes, address, looked, announce }) {
    this.#address = address;
    this.#list = list;
    this.#pattern = pattern;
    this.#classes = classes;
    this.#onLook = looked;
    this.#announce = announce;
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#cards.forEach((card) => card.restyle()));
    new ResizeObserver(() => this.#cards.forEach((card) => card.resized())).observe(list);
  }

  /** What to ask the server for. @returns {Record<string, string>} */
  get query() {
    if (!this.#chosen) return {};
    const { layer, unit, place } = this.#chosen;
    return { layer, ...(unit !== null && { unit: String(unit) }), ...(unit !== null && place && { row: String(place[0]), column: String(place[1]) }) };
  }

  /** @param {boolean} isOld of a picture that lies there no more */
  set old(isOld) {
    this.#list.toggleAttribute("data-old", isOld);
  }

  /** @param {Layer[]} layers @param {Unit | undefined} unit @param {number} channels of the input */
  show(layers, unit, channels) {
    this.old = false;
    if (layers.length !== this.#cards.length) this.#build(layers, channels);
    layers.forEach((layer, i) => this.#cards[i].show(layer, layer.name === unit?.layer ? unit : null, !this.#chosen?.place));
    const open = layers.find(({ name, detail }) => detail && name === this.#chosen?.layer);
    if (unit && this.#isNew) this.#announce(this.#cards.find(({ name }) => name === unit.layer)?.told ?? "");
    if (unit) this.#isNew = false;
    if (open && this.#chosen?.unit === null) this.#choose(open.name, strongest(open), null);
  }

  /** @param {Layer[]} layers @param {number} channels */
  #build(layers, channels) {
    this.#cards = layers.map((layer, i) => {
      const item = /** @type {HTMLElement} */ (/** @type {DocumentFragment} */ (this.#pattern.content.cloneNode(true)).firstElementChild);
      const inputs = i ? null : INPUTS[/** @type {1 | 3} */ (channels)].map((key) => say(/** @type {Parameters<typeof say>[0]} */ (key)));
      const classes = layers.slice(i).every(({ kind }) => kind === "Linear" || kind === "Looks") && layer.shape[0] === this.#classes.length ? this.#classes : null;
      const exciting = `${this.#address}/exciting?layer=${encodeURIComponent(layer.name)}`;
      return new Card(item, layer, { inputs, classes, exciting, opened: (isOpen) => this.#opened(layer.name, isOpen), chosen: (unit, place) => this.#choose(layer.name, unit, place) });
    });
    this.#list.replaceChildren(...this.#cards.map(({ element }) => element));
  }

  /** @param {string} layer @param {boolean} isOpen */
  #opened(layer, isOpen) {
    if (isOpen) {
      this.#closeOthers(layer);
      if (this.#chosen?.layer === layer) return; // a click on its map opened it
      this.#chosen = { layer, unit: null, place: null };
    } else if (this.#chosen?.layer === layer) this.#chosen = null;
    else return;
    this.#onLook();
  }

  /** The open one stays where it is on the screen, however much closes above it. @param {string} layer */
  #closeOthers(layer) {
    const open = this.#cards.find(({ name }) => name === layer)?.element;
    const before = open?.getBoundingClientRect().top ?? 0;
    for (const card of this.#cards) if (card.name !== layer) card.close();
    scrollBy(0, (open?.getBoundingClientRect().top ?? 0) - before);
  }

  /** @param {string} layer @param {number} unit @param {number[] | null} place */
  #choose(layer, unit, place) {
    this.#chosen = { layer, unit, place };
    this.#isNew = true;
    this.#onLook();
  }
}

/** The unit with the largest output. @param {Layer} layer */
function strongest({ values, detail }) {
  const outputs = values ?? detail?.channels.map(([, , largest]) => largest) ?? [0];
  return outputs.indexOf(Math.max(...outputs));
}
