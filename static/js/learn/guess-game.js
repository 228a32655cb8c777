// @ts-check
/** "Guess the label": a student and the networks on the same pictures. */
import { ask } from "../ask.js";
import { predict } from "../predict.js";
import { UNIT, percent } from "../texts.js";
import { say } from "./texts.js";

/** @typedef {import("./datasets.js").Dataset} Dataset */
/** @typedef {import("./datasets.js").Page} Page */
/** @typedef {{ name: string, classes: string[] }} Model */
/** @typedef {{ who: string, model: Model | null, said: string, right: number }} Player model: null is the student */

const RIDDLES = 10;
const PAGES = 3; // of the strangest pictures, among which they are drawn
const ALSO = /** @type {Record<string, string>} */ ({ mnist: "digits" }); // a dataset that holds the same pictures, its test among the test

export class Game {
  #part;
  #scores;
  #round = 0;
  /** @type {Dataset | null} */
  #dataset = null;
  /** @type {Page | null} */
  #page = null;
  /** @type {number[]} places on the page */
  #riddles = [];
  #asked = 0;
  #isOpen = false;
  /** @type {Player[]} */
  #players = [];

  /** @param {HTMLElement} element @param {HTMLElement} scores the rows of a table */
  constructor(element, scores) {
    this.#part = /** @type {<T extends HTMLElement>(selector: string) => T} */ ((selector) => /** @type {any} */ (element.querySelector(selector)));
    this.#scores = scores;
    this.#part(".next").addEventListener("click", () => this.#next());
  }

  /** From the start, with other pictures. @param {Dataset} dataset */
  async play(dataset) {
    const round = ++this.#round;
    this.#dataset = dataset;
    this.#isOpen = false;
    this.#part(".guesses").replaceChildren();
    this.#part(".verdict-said").textContent = "";
    this.#part(".next").hidden = true;
    this.#scores.replaceChildren();
    this.#part(".asks").textContent = dataset.present ? say("reading") : dataset.bring;
    if (!dataset.present) return;
    try {
      const [{ models }, first] = await Promise.all([ask("GET", "/api/v1/models"), this.#strangest(1)]);
      const full = Math.floor(first.total / first.samples.length); // pages; the last one may hold less
      const page = 1 + Math.floor(Math.random() * Math.min(PAGES, full));
      const chosen = page === 1 ? first : await this.#strangest(page);
      if (round === this.#round) await this.#begin(chosen, models);
    } catch (error) {
      if (round === this.#round) this.#part(".asks").textContent = /** @type {Error} */ (error).message;
    }
  }

  /** @param {number} page @returns {Promise<Page>} */
  #strangest(page) {
    return ask("GET", `/api/v1/datasets/${this.#dataset?.name}/samples?part=test&order=hard&page=${page}`);
  }

  /** @param {Page} page @param {{ name: string, origin: string, dataset: string, classes: string[], available: boolean }[]} models */
  async #begin(page, models) {
    const { name = "" } = this.#dataset ?? {};
    this.#page = page;
    this.#riddles = shuffled(page.samples.length).slice(0, RIDDLES);
    this.#asked = 0;
    const own = models.filter(({ origin, dataset, available }) => available && origin === "shipped" && [name, ALSO[name]].includes(dataset));
    this.#players = [null, ...own].map((model) => ({ who: model?.name ?? say("you"), model, said: "", right: 0 }));
    await this.#show();
  }

  async #next() {
    if (this.#asked < this.#riddles.length) {
      for (const player of this.#players) player.said = "";
      await this.#show();
    } else if (this.#dataset) await this.play(this.#dataset);
    this.#part(".guesses button")?.focus();
  }

  async #show() {
    const { classes = [] } = this.#dataset ?? {};
    this.#isOpen = true;
    this.#part(".asks").textContent = say("riddle", { number: this.#asked + 1, of: this.#riddles.length });
    this.#part(".verdict-said").textContent = "";
    this.#part(".next").hidden = true;
    const buttons = classes.map((label) => {
      const button = Object.assign(document.createElement("button"), { type: "button", className: "button", textContent: label });
      button.addEventListener("click", () => this.#guess(label));
      return button;
    });
    this.#part(".guesses").replaceChildren(...buttons);
    this.#showScores();
    await this.#paint();
  }

  async #paint() {
    const { sheet, columns, tile } = /** @type {Page} */ (this.#page);
    const place = this.#riddles[this.#asked];
    const image = new Image();
    image.src = sheet;
    await image.decode();
    const canvas = /** @type {HTMLCanvasElement} */ (this.#part(".riddle"));
    canvas.width = canvas.height = tile;
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));
    context.drawImage(image, -(place % columns) * tile, -Math.floor(place / columns) * tile);
  }

  /** @param {string} label */
  async #guess(label) {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    const truth = /** @type {Page} */ (this.#page).samples[this.#riddles[this.#asked]].label;
    const round = this.#round;
    for (const button of this.#part(".guesses").children) button.ariaDisabled = "true";
    const body = new Blob([JSON.stringify({ pixels: this.#pixels() })], { type: "application/json" });
    await Promise.all(this.#players.map(async (player) => {
      const { model } = player;
      if (!model) return this.#score(player, label, label, truth);
      const [first] = await this.#read(model, body);
      this.#score(player, first?.label ?? "", first ? `${first.label}, ${percent(first.probability)}${UNIT}` : say("nothingSaid"), truth);
    }));
    if (round !== this.#round) return;
    this.#asked++;
    this.#showScores();
    const isLast = this.#asked >= this.#riddles.length;
    this.#part(".verdict-said").textContent = say(label === truth ? "guessRight" : "guessWrong", { truth });
    this.#part(".next").textContent = say(isLast ? "playAgain" : "nextPicture");
    this.#part(".next").hidden = false;
    this.#part(".next").focus();
  }

  /** @param {Model} model @param {Blob} body */
  async #read({ name, classes }, body) {
    const question = { model: name, classes: classes.length, final: true, body: async () => body };
    const answer = await predict(question, AbortSignal.timeout(30_000)).catch(() => null);
    return answer?.predictions ?? [];
  }

  /** @param {Player} player @param {string} label @param {string} said @param {string} truth */
  #score(player, label, said, truth) {
    player.said = said;
    player.right += Number(label === truth);
  }

  /** The riddle as the API takes it: rows of greys, or of [red, green, blue]. */
  #pixels() {
    const canvas = /** @type {HTMLCanvasElement} */ (this.#part(".riddle"));
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    const { data, width, height } = context.getImageData(0, 0, canvas.width, canvas.height);
    const isGrey = this.#dataset?.channels === 1;
    const pixel = (/** @type {number} */ at) => (isGrey ? data[at] : [...data.subarray(at, at + 3)]);
    return Array.from({ length: height }, (_, y) => Array.from({ length: width }, (_, x) => pixel(4 * (y * width + x))));
  }

  #showScores() {
    const rows = this.#players.map(({ who, said, right }) => {
      const row = document.createElement("tr");
      const name = Object.assign(document.createElement("th"), { scope: "row", textContent: who });
      const cells = [said || "–", say("rightOf", { right, of: this.#asked })].map((text) => Object.assign(document.createElement("td"), { textContent: text }));
      row.append(name, ...cells);
      return row;
    });
    this.#scores.replaceChildren(...rows);
  }
}

/** 0 to length - 1, in any order. @param {number} length */
function shuffled(length) {
  const order = Array.from({ length }, (_, i) => i);
  for (let i = length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}
