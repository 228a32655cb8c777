// @ts-check
/** Two models read the same picture while it is moved, turned, resized and drawn with another pen. */
import { headlineOf, isUnfamiliar, spoken } from "./answer.js";
import { whileOpen } from "./lab.js";
import { LatestWins } from "./predict.js";
import { Shares } from "./shares.js";
import { UNIT, say } from "./texts.js";
import { warped } from "./warp.js";

/** @typedef {import("./lab.js").Lab} Lab */
/** @typedef {import("./lab.js").Model} Model */
/** @typedef {import("./predict.js").Answer} Answer */
/** @typedef {"right" | "up" | "turn" | "size" | "pen"} Slider */

const RIVAL = "mnist-mlp"; // beside a CNN: what a network without convolution makes of the same picture

/** @param {HTMLDetailsElement} panel @param {Lab} lab */
export function mount(panel, lab) {
  /** @type {<T extends HTMLElement>(selector: string) => T} */
  const part = (selector) => /** @type {any} */ (panel.querySelector(selector));
  const told = part(".told");
  const announced = part(".announced");
  const sliders = new Sliders(part(".sliders"), slid);
  const [left, right] = ["left", "right"].map((side) => new Reader(part(`[data-side=${side}]`), { tell, read, answered }));
  const readers = [left, right];
  const canvas = /** @type {HTMLCanvasElement} */ (part("canvas"));
  /** What the page's model saw. @type {Uint8ClampedArray | null} */
  let seen = null;
  /** Whether the sliders moved since the last announcement. */
  let moved = false;
  /** The page's model that stands on the left. @type {Model | null} */
  let followed = null;

  /** Offers what reads the same kind of picture as the page's model, which stands on the left. */
  function followModel() {
    if (followed === lab.model) return;
    followed = lab.model;
    const models = lab.models.filter(({ channels, size }) => channels === 1 && size === lab.model?.size);
    for (const reader of readers) reader.offer(models);
    const page = models.find((model) => model === lab.model) ?? null;
    left.choose(page);
    if (!right.model || right.model === page) right.choose(rivalOf(page, models));
  }

  /** @param {boolean} final whether the pen is up */
  async function take(final) {
    const { answer, subject } = lab;
    if (!answer || !subject) return showNothing(say("compareEmpty"));
    if (!left.model && !right.model) return showNothing(say("compareUnfit"));
    if (answer.rejected && !isUnfamiliar(answer.rejected)) return showNothing(final ? spoken(answer) : say("goOn"));
    const greys = await greysOf(answer.input);
    if (answer !== lab.answer || !panel.open) return;
    seen = greys;
    read(final);
  }

  /** @param {boolean} final */
  function read(final) {
    if (!seen) return;
    const picture = warped(seen, sliders.change);
    show(canvas, picture);
    const pixels = rowsOf(picture);
    for (const reader of readers) reader.ask(pixels, final);
  }

  /** @param {boolean} final */
  function slid(final) {
    moved = true;
    read(final);
  }

  /** @param {boolean} final */
  function answered(final) {
    tell(say("compareUse"));
    const [one, other] = readers.map(({ answer }) => answer);
    if (!final || !moved || !one || !other || left.pixels !== right.pixels) return;
    moved = false;
    const readings = { left: one.model, leftReading: spoken(one), right: other.model, rightReading: spoken(other) };
    announced.textContent = say("compared", readings);
  }

  /** @param {string} sentence */
  function showNothing(sentence) {
    tell(sentence);
    seen = null;
    canvas.hidden = true;
    for (const reader of readers) reader.forget();
  }

  /** @param {string} sentence */
  function tell(sentence) {
    if (told.textContent !== sentence) told.textContent = sentence;
  }

  lab.addEventListener("answer", (event) => panel.open && take(/** @type {CustomEvent} */ (event).detail));
  whileOpen(panel, lab, followModel);
  panel.addEventListener("toggle", () => (panel.open ? take(true) : readers.forEach((reader) => reader.forget())));
  if (panel.open) take(true);
}

/** @param {Model | null} model @param {Model[]} models */
function rivalOf(model, models) {
  const others = models.filter((other) => other !== model);
  return others.find(({ name }) => name === RIVAL) ?? others[0] ?? model;
}

/** One model and its reading. */
class Reader {
  /** @type {Model | null} */
  model = null;
  /** To the last pixels, final or not. @type {Answer | null} */
  answer = null;
  /** What `answer` is about. @type {number[][]} */
  pixels = [];
  #select;
  #verdict;
  #big;
  #sure;
  #detail;
  #shares;
  #server;
  /** @type {Model[]} */
  #models = [];

  /**
   * @param {HTMLElement} element
   * @param {{ tell: (sentence: string) => void, read: (final: boolean) => void, answered: (final: boolean) => void }} listener
   */
  constructor(element, { tell, read, answered }) {
    /** @type {<T extends HTMLElement>(selector: string) => T} */
    const part = (selector) => /** @type {any} */ (element.querySelector(selector));
    this.#select = /** @type {HTMLSelectElement} */ (part("select"));
    this.#verdict = part(".verdict");
    this.#big = part(".big");
    this.#sure = part(".how-sure");
    this.#detail = part(".hint");
    this.#shares = new Shares(part(".shares"));
    const missed = (/** @type {string} */ sentence) => {
      this.#clear();
      tell(sentence);
    };
    this.#server = new LatestWins({
      answered: (answer, { final }) => {
        this.#show(answer);
        answered(final);
      },
      failed: ({ message }) => missed(message),
      waiting: (reason) => missed(reason?.message ?? say("lostDetail")),
    });
    this.#select.addEventListener("change", () => {
      this.choose(this.#models.find(({ name }) => name === this.#select.value) ?? null);
      read(true);
    });
  }

  /** @param {Model[]} models */
  offer(models) {
    this.#models = models;
    this.#select.replaceChildren(...models.map(({ name }) => new Option(name)));
    if (this.model && !models.includes(this.model)) this.choose(null);
    this.#select.value = this.model?.name ?? "";
  }

  /** @param {Model | null} model */
  choose(model) {
    if (model === this.model) return;
    this.forget();
    this.model = model;
    this.#select.value = model?.name ?? "";
    this.#shares.setClasses(model?.classes ?? []);
  }

  /** @param {number[][]} pixels @param {boolean} final */
  ask(pixels, final) {
    if (!this.model) return;
    const body = async () => {
      this.#asked = pixels;
      return new Blob([JSON.stringify({ pixels })], { type: "application/json" });
    };
    this.#server.ask({ model: this.model.name, classes: this.model.classes.length, final, body });
  }

  /** @type {number[][]} */
  #asked = [];

  forget() {
    this.#server.forget();
    this.#clear();
  }

  /** @param {Answer} answer */
  #show(answer) {
    this.answer = answer;
    this.pixels = this.#asked;
    this.#setVerdict(headlineOf(answer));
    this.#shares.show(answer.predictions);
  }

  #clear() {
    this.answer = null;
    this.#setVerdict({ state: "empty", guess: "", sure: "", detail: "" });
    this.#shares.show([]);
  }

  /** @param {{ state: string, guess: string, sure: string, detail: string }} headline */
  #setVerdict({ state, guess, sure, detail }) {
    this.#verdict.dataset.state = state;
    this.#big.textContent = guess;
    this.#sure.textContent = sure;
    this.#detail.textContent = detail;
  }
}

/** What each slider says of itself: less than usual, as usual, more. */
const WORDS = /** @type {const} */ ({
  right: ["movedLeft", "unmoved", "movedRight"],
  up: ["movedDown", "unmoved", "movedUp"],
  turn: ["turnedLeft", "unturned", "turnedRight"],
  size: ["sized", "sized", "sized"],
  pen: ["thinner", "usualPen", "thicker"],
});

class Sliders {
  /** @type {HTMLInputElement[]} */
  #inputs;

  /** @param {HTMLElement} element @param {(final: boolean) => void} onSlide */
  constructor(element, onSlide) {
    this.#inputs = [...element.querySelectorAll("input")];
    for (const input of this.#inputs) {
      input.addEventListener("input", () => {
        this.#describe(input);
        onSlide(false);
      });
      input.addEventListener("change", () => onSlide(true));
      this.#describe(input);
    }
    element.querySelector("button")?.addEventListener("click", () => {
      for (const input of this.#inputs) {
        input.value = input.defaultValue;
        this.#describe(input);
      }
      onSlide(true);
    });
  }

  get change() {
    const [right, up, turn, size, pen] = this.#inputs.map(({ valueAsNumber }) => valueAsNumber);
    return { right, down: -up, turn, size: size / 100, pen: pen / 100 };
  }

  /** @param {HTMLInputElement} input */
  #describe(input) {
    const [value, usual] = [input.valueAsNumber, Number(input.defaultValue)];
    const word = WORDS[/** @type {Slider} */ (input.name)][Math.sign(value - usual) + 1];
    const text = say(word, { amount: Math.abs(value), unit: UNIT });
    input.setAttribute("aria-valuetext", text);
    if (input.nextElementSibling) input.nextElementSibling.textContent = text;
  }
}

/** @param {string} address a grey picture as a data URL */
async function greysOf(address) {
  const image = new Image();
  image.src = address;
  await image.decode();
  const context = /** @type {OffscreenCanvasRenderingContext2D} */ (new OffscreenCanvas(image.width, image.height).getContext("2d"));
  context.drawImage(image, 0, 0);
  return context.getImageData(0, 0, image.width, image.height).data.filter((_, i) => i % 4 === 0);
}

/** @param {HTMLCanvasElement} canvas @param {Uint8ClampedArray} greys */
function show(canvas, greys) {
  const side = Math.sqrt(greys.length);
  const image = new ImageData(side, side);
  image.data.forEach((_, i, data) => (data[i] = i % 4 === 3 ? 255 : greys[i >> 2]));
  canvas.width = canvas.height = side;
  canvas.getContext("2d")?.putImageData(image, 0, 0);
  canvas.hidden = false;
}

/** @param {Uint8ClampedArray} greys */
function rowsOf(greys) {
  const side = Math.sqrt(greys.length);
  return Array.from({ length: side }, (_, y) => [...greys.subarray(y * side, (y + 1) * side)]);
}
