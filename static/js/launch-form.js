// @ts-check
/** The form of a training, drawn from what the server says can be chosen. */
import { ChoiceField } from "./choice-field.js";
import { Refusal } from "./predict.js";
import { NetworkShape } from "./network-shape.js";
import { inWords } from "./run-differences.js";
import { choices, fork, start, titleOf } from "./runs.js";
import { ScheduleCurve } from "./schedule-curve.js";
import { Sketch } from "./sketch.js";
import { startingPoints } from "./starting-points.js";
import { brief, labelOf, say, spaced } from "./texts.js";

/**
 * @typedef {import("./runs.js").Choices} Choices
 * @typedef {import("./runs.js").Recipe} Recipe
 * @typedef {import("./runs.js").Run} Run
 */

const FIRST = ["epochs", "batch_size", "learning_rate", "optimizer", "schedule", "seed"]; // all others: more choices
const EXTRAS = ["dataset_options", "augmentation"]; // of a starting point, sent with it
const NEEDED = /** @type {Record<string, [string, string[]]>} */ ({
  // a choice that matters only beside certain others
  gamma: ["activation", ["leaky_relu"]],
  momentum: ["optimizer", ["sgd"]],
  warmup: ["schedule", ["one_cycle", "cosine"]],
});

export class LaunchForm {
  #form;
  #part;
  #curve;
  #sketch;
  #shape;
  /** @type {ChoiceField | null} */
  #wrong = null;
  /** @type {{ run: Run, step: number } | null} what it forks */
  #parent = null;
  /** @type {Record<string, any>} its choices, as the form shows them */
  #before = {};
  /** @type {Record<string, ChoiceField>} */
  #training = {};
  /** @type {Record<string, Record<string, ChoiceField>>} */
  #networks = {};
  /** @type {Record<string, any>} */
  #extras = {};

  /** @param {HTMLFormElement} form @param {(run: Run) => void} started */
  constructor(form, started) {
    this.#form = form;
    this.#part = /** @type {<T extends HTMLElement>(selector: string) => T} */ ((selector) => /** @type {any} */ (form.querySelector(selector)));
    this.#curve = new ScheduleCurve(this.#part(".schedule"));
    this.#sketch = new Sketch(this.#part(".sketch"));
    this.#shape = new NetworkShape(this.#part(".shape"), (refused) => this.#judge(refused));
    form.addEventListener("input", () => this.#follow());
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send(started);
    });
  }

  /** Draws the form; Refusal when the server does not say what can be chosen. */
  async load() {
    const found = await choices();
    this.#draw(found);
    const points = startingPoints(found.recipes);
    const cards = points.map(({ title, detail, recipe }, i) => this.#card(title, detail, recipe, i === 0));
    this.#part(".starts").append(...cards);
    this.#fill(points[0].recipe);
    this.#part(".all-choices").hidden = false;
  }

  /** Instead of a start: go on from a checkpoint; what is changed is marked. @param {Run} run @param {number} step */
  fork(run, step) {
    this.#parent = { run, step };
    const { dataset, network } = run;
    this.#fill(/** @type {Recipe} */ ({ ...run.spec, dataset, network, name: "" }));
    this.#before = Object.fromEntries(Object.values(this.#all()).map((field) => [field.name, field.value]));
    this.#part(".starts").replaceChildren(Object.assign(document.createElement("p"), { textContent: say("forkOf", { name: titleOf(run), step }) }));
    for (const name of /** @type {const} */ (["dataset", "network"])) this.#select(name).disabled = true;
    this.#part("[type=submit]").textContent = say("fork");
    this.#follow();
  }

  /** Those of the choices that are not the parent's. */
  #changed() {
    const fields = Object.values(this.#all()).filter(({ element }) => !element.hidden);
    const pairs = fields.map((field) => ({ field, before: this.#before[field.name] }));
    return pairs.filter(({ field, before }) => JSON.stringify(field.value) !== JSON.stringify(before));
  }

  #tellChanged() {
    for (const field of Object.values(this.#all())) field.tellBefore("");
    for (const { field, before } of this.#changed()) field.tellBefore(say("was", { value: inWords(before) }));
  }

  /** @returns {Promise<Run>} */
  #launch() {
    if (!this.#parent) return start(this.#wanted());
    const { run, step } = this.#parent;
    const chosen = Object.fromEntries(this.#changed().map(({ field }) => [field.name, field.value]));
    return fork(run.id, step, chosen, this.#wanted().name);
  }

  /** @param {Choices} found */
  #draw(found) {
    this.#select("dataset").append(...found.datasets.map(({ name, title }) => new Option(title, name)));
    this.#select("network").append(...found.networks.map(({ name }) => new Option(labelOf(name), name)));
    for (const { name, hyperparameters } of found.networks) {
      const fields = hyperparameters.map((each) => new ChoiceField(each, name));
      this.#networks[name] = Object.fromEntries(fields.map((field) => [field.name, field]));
    }
    const fields = found.training.map((each) => new ChoiceField(each, "training"));
    this.#training = Object.fromEntries(fields.map((field) => [field.name, field]));
    this.#part(".of-training").append(...FIRST.map((name) => this.#training[name].element));
    this.#part(".more-choices").append(...fields.filter(({ name }) => !FIRST.includes(name)).map(({ element }) => element));
  }

  /** @param {string} title @param {string} detail @param {Recipe} recipe @param {boolean} checked */
  #card(title, detail, recipe, checked) {
    const content = /** @type {HTMLTemplateElement} */ (this.#part("template").cloneNode(true)).content;
    const [input, strong, hint] = /** @type {any} */ (["input", "strong", ".hint"].map((selector) => content.querySelector(selector)));
    input.checked = checked;
    input.value = recipe.name;
    strong.textContent = title;
    hint.textContent = detail;
    input.addEventListener("change", () => this.#fill(recipe));
    return content;
  }

  /** @param {Recipe} recipe */
  #fill(recipe) {
    this.#select("dataset").value = recipe.dataset;
    this.#select("network").value = recipe.network;
    for (const field of Object.values(this.#training)) field.value = recipe[field.name] ?? field.initial;
    for (const field of Object.values(this.#networks[recipe.network])) field.value = recipe.hyperparameters[field.name] ?? field.initial;
    this.#extras = Object.fromEntries(EXTRAS.filter((name) => Object.keys(recipe[name] ?? {}).length).map((name) => [name, recipe[name]]));
    this.#showExtras();
    this.#follow();
  }

  #showExtras() {
    const told = Object.values(this.#extras).flatMap((extra) => Object.entries(extra));
    const words = told.map(([name, value]) => say("extra", { name: spaced(name), value: brief(value) })).join(", ");
    this.#part(".extras").textContent = words && say("extras", { words });
  }

  /** What hangs on other choices: the network's fields, fields without use, the curve. */
  #follow() {
    const fields = this.#networks[this.#select("network").value];
    const place = this.#part(".of-network");
    const elements = Object.values(fields).map(({ element }) => element);
    if (place.firstChild !== elements[0]) place.replaceChildren(...elements);
    const all = this.#all();
    for (const [name, [other, values]] of Object.entries(NEEDED)) all[name].element.hidden = !values.includes(all[other].value);
    const { schedule, learning_rate, warmup } = all;
    this.#curve.show(schedule.value, Number(learning_rate.value), Number(warmup.value));
    this.#sketch.show(Number(all.epochs.value));
    this.#shape.show(this.#wanted());
    if (this.#parent) this.#tellChanged();
  }

  #all() {
    return { ...this.#training, ...this.#networks[this.#select("network").value] };
  }

  /** @param {"dataset" | "network"} name */
  #select(name) {
    return /** @type {HTMLSelectElement} */ (this.#part(`#${name}`));
  }

  // --- Start ---

  /** @param {(run: Run) => void} started */
  async #send(started) {
    const button = this.#part("[type=submit]");
    if (button.ariaDisabled === "true") return;
    button.ariaDisabled = "true";
    this.#part(".refused").textContent = "";
    try {
      const run = await this.#launch();
      this.#sketch.keep(run.id);
      started(run);
    } catch (error) {
      this.#refuse(/** @type {Refusal} */ (error));
    } finally {
      button.ariaDisabled = "false";
    }
  }

  #wanted() {
    const used = Object.values(this.#all()).filter(({ element }) => !element.hidden);
    const chosen = Object.fromEntries(used.map((field) => [field.name, field.value]));
    return {
      dataset: this.#select("dataset").value,
      network: this.#select("network").value,
      hyperparameters: { ...this.#extras, ...chosen },
      name: /** @type {HTMLInputElement} */ (this.#part("#name")).value,
    };
  }

  /** @param {Refusal} error */
  #refuse({ reason }) {
    const { code, message, field = "" } = /** @type {{ code: string, message: string, field?: string }} */ (reason);
    this.#judge({ field, message: code === "token_needed" || code === "forbidden" ? say("onlyTeacher") : message });
    this.#wrong?.focus();
  }

  /** Beside the field that it is about; about none, beside the button. @param {import("./network-shape.js").Refused | null} refused */
  #judge(refused) {
    this.#wrong?.accept();
    const [name, ...place] = refused?.field.split(".") ?? [];
    this.#wrong = this.#all()[name] ?? null;
    this.#part(".refused").textContent = refused && !this.#wrong ? refused.message : "";
    if (!refused || !this.#wrong) return;
    const more = /** @type {HTMLDetailsElement} */ (this.#part("details.more"));
    if (more.contains(this.#wrong.element)) more.open = true;
    this.#wrong.refuse(sentence(refused.message, name), place);
  }
}

/** The choice by its label on the page. @param {string} message @param {string} name */
function sentence(message, name) {
  const told = message.startsWith(`${name} `) ? labelOf(name) + message.slice(name.length) : message;
  return told[0].toUpperCase() + told.slice(1);
}
