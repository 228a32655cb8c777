// @ts-check
/** A network broken on purpose: what it reads in the drawing then, and how many test pictures. */
import { ask } from "./ask.js";
import { addressOf, explained, pictureBroken } from "./glass-ask.js";
import { changeInWords, showChange } from "./glass-why.js";
import { whileOpen } from "./lab.js";
import { asTable, element } from "./numbers.js";
import { LatestWins } from "./predict.js";
import { UNIT, accuracyOf, count, percent, say } from "./texts.js";

/**
 * @typedef {{ units: Record<string, number[]>, kernels: Record<string, number[]>, biases: Record<string, number[]>, noise: number, seed: number }} Broken
 * @typedef {{ label: string, n: number, right: number, read_as: number }} ClassLeft
 * @typedef {{ n: number, part: string, accuracy: number, per_class: ClassLeft[] }} Resilience
 * @typedef {import("./glass-layers.js").Layer} Layer
 */

const REST = 500; // ms without another change until the test pictures are tried
const TRIED = 1000; // test pictures: a point of accuracy is seen, half a point is not
const MOST_UNITS = 144; // as buttons
const WEIGHED = ["Conv2d", "Linear", "Whitening"];
const BIASED = ["Conv2d", "Linear", "BatchNorm1d", "BatchNorm2d"];
const SILENT = ["Flatten", "Add", "Looks", "Concatenate", "Closed"]; // kinds that nothing is switched off in

/** @returns {Broken} */
const nothing = () => ({ units: {}, kernels: {}, biases: {}, noise: 0, seed: 1 });

/** @param {HTMLDetailsElement} panel @param {import("./lab.js").Lab} lab */
export function mount(panel, lab) {
  new Bench(panel, lab);
}

class Bench {
  #part;
  #lab;
  #broken = nothing();
  /** @type {Layer[]} */
  #layers = [];
  /** @type {Resilience | null} of the network as it is */
  #whole = null;
  #trying = new AbortController();
  #attacking = new AbortController();
  #beforeAttack;
  #rest = 0;
  #pictures = "test"; // part of the dataset

  /** @param {HTMLDetailsElement} panel @param {import("./lab.js").Lab} lab */
  constructor(panel, lab) {
    this.#part = /** @type {<T extends HTMLElement>(selector: string) => T} */ ((selector) => /** @type {any} */ (panel.querySelector(selector)));
    this.#lab = lab;
    this.#beforeAttack = this.#part(".attack-told").textContent ?? "";
    const told = this.#part(".told");
    this.reads = new LatestWins({
      answered: (answer) => {
        told.textContent = answer.rejected?.message ?? "";
        this.#read(".broken-reads", answer.predictions);
      },
      failed: ({ message }) => (told.textContent = message),
      waiting: (reason) => (told.textContent = reason?.message ?? say("lostDetail")),
    });
    this.#listen();
    lab.addEventListener("answer", () => panel.open && this.#refresh());
    whileOpen(panel, lab, (final) => final && this.#forgetAttack());
    panel.addEventListener("toggle", () => (panel.open ? this.#opened() : this.#giveUp()));
    this.#refresh();
    this.#try();
  }

  #listen() {
    this.#select("of-layer").addEventListener("change", () => this.#showUnits());
    this.#select("what").addEventListener("change", () => this.#showUnits());
    this.#part(".units").addEventListener("click", ({ target }) => target instanceof HTMLButtonElement && this.#toggle(Number(target.dataset.unit)));
    this.#part(".units").addEventListener("keydown", (event) => this.#walk(event));
    for (const [button, keep] of /** @type {[string, (unit: number) => boolean][]} */ ([[".half", (unit) => unit % 2 === 1], [".all", () => true], [".none", () => false]])) {
      this.#part(button).addEventListener("click", () => this.#setOff(Array.from({ length: this.#layer?.shape[0] ?? 0 }, (_, unit) => unit).filter(keep)));
    }
    const noise = /** @type {HTMLInputElement} */ (this.#part(".noise"));
    noise.addEventListener("input", () => {
      this.#broken.noise = noise.valueAsNumber;
      this.#changed();
    });
    this.#part(".other").addEventListener("click", () => {
      this.#broken.seed += 1;
      if (this.#broken.noise) this.#changed();
    });
    this.#part(".put-back").addEventListener("click", () => this.#putBack());
    this.#part(".give-up").addEventListener("click", () => {
      this.#giveUp();
      if (!this.#whole) this.#part(".whole-right").textContent = "–";
      this.#part(".broken-right").textContent = say("tryStopped");
    });
    this.#part(".attack").addEventListener("click", () => this.#attack());
  }

  /** What was given up when it was closed is tried again. */
  #opened() {
    this.#refresh();
    this.#try();
  }

  /** The layers as explain told them, the whole network's reading, and the broken one's. */
  #refresh() {
    const answer = /** @type {(import("./predict.js").Answer & { layers?: Layer[] }) | null} */ (this.#lab.answer);
    if (answer?.layers?.length && !this.#layers.length) this.#setLayers(answer.layers);
    this.#read(".whole-reads", answer?.predictions ?? []);
    this.#ask();
  }

  /** @param {string} place @param {import("./predict.js").Prediction[]} predictions */
  #read(place, [first]) {
    this.#part(place).textContent = first ? say("answer", { label: first.label, share: percent(first.probability) + UNIT }) : "–";
  }

  /** @param {Layer[]} layers */
  #setLayers(layers) {
    this.#layers = layers.filter(({ kind }) => !SILENT.includes(kind));
    this.#select("of-layer").replaceChildren(...this.#layers.map(({ name, title, shape }) => new Option(say("layerOption", { title, units: shape[0] }), name)));
    const first = this.#layers.find(({ kind }) => kind === "ReLU") ?? this.#layers[0];
    this.#select("of-layer").value = first?.name ?? "";
    this.#showUnits();
  }

  get #layer() {
    return this.#layers.find(({ name }) => name === this.#select("of-layer").value);
  }

  get #what() {
    return /** @type {"units" | "kernels" | "biases"} */ (this.#select("what").value);
  }

  get #off() {
    return this.#broken[this.#what][this.#layer?.name ?? ""] ?? [];
  }

  /** @param {string} name @returns {HTMLSelectElement} */
  #select(name) {
    return /** @type {HTMLSelectElement} */ (this.#part(`select.${name}`));
  }

  #showUnits() {
    const layer = this.#layer;
    if (!layer) return;
    const options = this.#select("what").options;
    options[1].disabled = !WEIGHED.includes(layer.kind);
    options[2].disabled = !BIASED.includes(layer.kind);
    if (this.#select("what").selectedOptions[0]?.disabled) this.#select("what").value = "units";
    const units = Math.min(layer.shape[0], MOST_UNITS);
    const group = this.#part(".units");
    if (group.childElementCount !== units) {
      group.replaceChildren(...Array.from({ length: units }, (_, unit) => {
        const button = element("button", "unit", String(unit));
        Object.assign(button, { type: "button", tabIndex: unit ? -1 : 0 });
        button.dataset.unit = String(unit);
        return button;
      }));
    }
    this.#mark();
  }

  #mark() {
    const off = new Set(this.#off);
    for (const button of this.#part(".units").children) button.ariaPressed = String(off.has(Number(/** @type {HTMLElement} */ (button).dataset.unit)));
    const units = this.#layer?.shape[0] ?? 0;
    this.#part(".off").textContent = say(units > MOST_UNITS ? "offOfMany" : "offOf", { off: off.size, units, shown: MOST_UNITS });
    const { units: silent, kernels, biases, noise } = this.#broken;
    const isWhole = !noise && ![silent, kernels, biases].some((each) => Object.keys(each).length);
    this.#part(".put-back").ariaDisabled = String(isWhole);
    this.#part(".noise-told").textContent = noise ? say("noiseTold", { share: percent(noise) + UNIT, seed: this.#broken.seed }) : say("noiseNone");
    return isWhole;
  }

  /** @param {number} unit */
  #toggle(unit) {
    const off = this.#off;
    this.#setOff(off.includes(unit) ? off.filter((each) => each !== unit) : [...off, unit]);
  }

  /** @param {number[]} units */
  #setOff(units) {
    const layer = this.#layer;
    if (!layer) return;
    if (units.length) this.#broken[this.#what][layer.name] = units;
    else delete this.#broken[this.#what][layer.name];
    this.#changed();
  }

  /** Arrow keys walk among the units. @param {KeyboardEvent} event */
  #walk(event) {
    const buttons = /** @type {HTMLElement[]} */ ([...this.#part(".units").children]);
    const at = buttons.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const across = buttons.filter(({ offsetTop }) => offsetTop === buttons[0].offsetTop).length;
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -across, ArrowDown: across }[event.key];
    const next = buttons[at + (step ?? 0)];
    if (!step || !next) return;
    event.preventDefault();
    buttons[at].tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  }

  #putBack() {
    if (this.#part(".put-back").ariaDisabled === "true") return;
    const { seed } = this.#broken;
    this.#broken = { ...nothing(), seed };
    /** @type {HTMLInputElement} */ (this.#part(".noise")).value = "0";
    this.#changed();
  }

  #changed() {
    this.#mark();
    this.#forgetAttack();
    this.#ask();
    this.#giveUp();
    this.#part(".broken-right").textContent = "–";
    this.#rest = setTimeout(() => this.#try(), REST);
  }

  // --- The drawing ---

  #ask() {
    const { model, subject } = this.#lab;
    if (!model || !subject) {
      this.reads.forget();
      return this.#read(".broken-reads", []);
    }
    const broken = structuredClone(this.#broken);
    const body = async () => pictureBroken(await subject.picture(), broken);
    this.reads.ask({ model: model.name, classes: model.classes.length, final: true, body, verb: "explain", query: { layers: "false" } });
  }

  // --- The test pictures ---

  #giveUp() {
    clearTimeout(this.#rest);
    this.#trying.abort();
    this.#hideStop();
  }

  /** Whose focus was on it goes on beside it. */
  #hideStop() {
    const stop = this.#part(".give-up");
    if (stop === document.activeElement) this.#part(".put-back").focus();
    stop.hidden = true;
  }

  async #try() {
    this.#giveUp();
    const { signal } = (this.#trying = new AbortController());
    this.#part(".give-up").hidden = false;
    const isWhole = this.#mark();
    try {
      this.#part(isWhole ? ".whole-right" : ".broken-right").textContent = say("trying", { n: count(TRIED) });
      this.#whole ??= await this.#resilience(nothing(), signal);
      this.#right(".whole-right", this.#whole);
      const left = isWhole ? this.#whole : await this.#resilience(this.#broken, signal);
      this.#right(".broken-right", left);
      this.#table(left);
    } catch (error) {
      if (signal.aborted) return;
      this.#part(".told").textContent = /** @type {Error} */ (error).message;
      for (const place of [".whole-right", ".broken-right"]) this.#part(place).textContent = "–";
    }
    this.#hideStop();
  }

  /** @param {Broken} broken @param {AbortSignal} signal @returns {Promise<Resilience>} */
  async #resilience(broken, signal) {
    const address = `${addressOf(/** @type {import("./lab.js").Model} */ (this.#lab.model))}/resilience`;
    try {
      return await ask("POST", address, { broken, pictures: TRIED, part: this.#pictures }, signal);
    } catch (error) {
      if (/** @type {import("./predict.js").Refusal} */ (error).reason?.code !== "not_finished") throw error;
      this.#pictures = "validation"; // the test part of a run opens when it is finished
      return ask("POST", address, { broken, pictures: TRIED, part: this.#pictures }, signal);
    }
  }

  /** @param {string} place @param {Resilience} left */
  #right(place, { accuracy, n, part }) {
    this.#part(place).textContent = say(part === "test" ? "rightOfTest" : "rightOfValidation", { accuracy: accuracyOf(accuracy), n: count(n) });
  }

  /** @param {Resilience} left */
  #table({ per_class }) {
    const whole = this.#whole?.per_class ?? per_class;
    const rows = per_class.map(({ label, n, right, read_as }, i) => [label, count(n), count(whole[i].right), count(right), count(read_as)]);
    const table = asTable(say("brokenTable"), [say("mapClass"), say("mapPictures"), say("rightWhole"), say("rightBroken"), say("readAs")], rows);
    table.open = this.#part(".numbers").querySelector("details")?.open ?? false;
    this.#part(".numbers").replaceChildren(table);
  }

  // --- Single pixels ---

  async #attack() {
    const told = this.#part(".attack-told");
    const pixels = /** @type {HTMLInputElement} */ (this.#part(".pixels"));
    if (!this.#lab.subject || !pixels.reportValidity()) return;
    this.#forgetAttack();
    told.textContent = say("attackWait");
    const { signal } = (this.#attacking = new AbortController());
    try {
      const { reasons, input, rejected } = await explained(this.#lab, { reasons: "pixels", pixels: pixels.value || "1" }, signal);
      if (signal.aborted) return;
      const change = reasons?.pixels;
      told.textContent = change ? changeInWords(change) : rejected?.message ?? "";
      this.#part(".change").hidden = !change;
      if (change) showChange(this.#part(".change"), change, input, this.#lab.model?.size ?? 28);
    } catch (error) {
      if (!signal.aborted) told.textContent = /** @type {Error} */ (error).message;
    }
  }

  /** It was of another picture, or is asked anew. */
  #forgetAttack() {
    this.#attacking.abort();
    const told = this.#part(".attack-told");
    if (told.textContent !== this.#beforeAttack) told.textContent = this.#beforeAttack;
    this.#part(".change").hidden = true;
  }
}
