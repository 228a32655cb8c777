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
import { labelOf, say, spaced } from "./texts.js";
import { trainingsOf } from "./variants.js";

/**
 * @typedef {import("./runs.js").Choices} Choices
 * @typedef {import("./runs.js").Recipe} Recipe
 * @typedef {import("./runs.js").Run} Run
 * @typedef {import("./starting-points.js").StartingPoint} StartingPoint
 */

const TABLES = /** @type {const} */ (["augmentation", "dataset_options"]); // tables within a training; their fields are named by path
const FIRST = ["epochs", "batch_size", "learning_rate", "optimizer", "schedule", "seed"]; // all others: in groups that open
const ON_PURPOSE = ["dataset_options.leak", "dataset_options.label_noise"];
const NEEDED = /** @type {Record<string, [string, (value: any) => boolean]>} */ ({
  // a choice that matters only beside certain others
  gamma: ["activation", among("leaky_relu")],
  patch: ["whitening", Boolean],
  momentum: ["optimizer", among("sgd")],
  warmup: ["schedule", among("one_cycle", "cosine")],
  "augmentation.grain": ["augmentation.elastic", (value) => value !== 0],
  frozen_epochs: ["start_from", Boolean],
  thawed_rate: ["frozen_epochs", (value) => value !== 0],
  "dataset_options.pens": ["dataset", among("pen-digits", "digits")],
  "dataset_options.paper": ["dataset", among("pen-digits", "digits")],
});

export class LaunchForm {
  #form;
  #part;
  #curve;
  #sketch;
  #shape;
  /** @type {ChoiceField | null} */
  #wrong = null;
  /** @type {{ run: Run, step: number, variant: number } | null} what it forks */
  #parent = null;
  /** @type {Record<string, any>} its choices, as the form shows them */
  #before = {};
  /** @type {Record<string, ChoiceField>} */
  #training = {};
  /** @type {Record<string, Record<string, ChoiceField>>} */
  #networks = {};
  /** @type {Set<string>} datasets whose pictures come in any size */
  #photographs = new Set();
  /** @type {Map<string, Choices["start_from"][number]>} models whose weights it may begin with, by name */
  #models = new Map();

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
    points.forEach((point, i) => this.#part(point.ships ? ".shipped .starts" : ".starts").append(this.#card(point, i === 0)));
    this.#fill(points[0].recipe);
    this.#part(".all-choices").hidden = false;
  }

  /** With this dataset, as the page of it asks; all else as in the start. @param {string} dataset */
  choose(dataset) {
    const select = this.#select("dataset");
    if ([...select.options].some(({ value }) => value === dataset)) select.value = dataset;
    this.#follow();
  }

  /** Instead of a start: go on from a checkpoint; what is changed is marked. @param {Run} run @param {number} step @param {number} variant */
  fork(run, step, variant) {
    this.#parent = { run, step, variant };
    const { dataset, network, spec, name } = trainingsOf(run)[variant];
    this.#fill(/** @type {Recipe} */ ({ ...spec, dataset, network, name: "" }));
    this.#before = Object.fromEntries(Object.values(this.#all()).map((field) => [field.name, field.value]));
    this.#part(".starts").replaceChildren(Object.assign(document.createElement("p"), { textContent: say("forkOf", { name: name ? say("variantOf", { run: titleOf(run), variant: name }) : titleOf(run), step }) }));
    this.#part(".shipped").remove();
    for (const name of /** @type {const} */ (["dataset", "network"])) this.#select(name).disabled = true;
    this.#training.start_from.element.hidden = true;
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
    const { run, step, variant } = this.#parent;
    const names = this.#changed().map(({ field: { name } }) => TABLES.find((table) => name.startsWith(`${table}.`)) ?? name);
    const { hyperparameters, name } = this.#wanted();
    return fork(run.id, { checkpoint: step, variant }, Object.fromEntries(names.map((each) => [each, hyperparameters[each]])), name);
  }

  /** @param {Choices} found */
  #draw(found) {
    this.#select("dataset").append(...found.datasets.map(({ name, title }) => new Option(title, name)));
    for (const { name, photographs } of found.datasets) if (photographs) this.#photographs.add(name);
    this.#select("network").append(...found.networks.map(({ name }) => new Option(labelOf(name), name)));
    for (const { name, hyperparameters } of found.networks) {
      const fields = hyperparameters.map((each) => new ChoiceField(each, name));
      this.#networks[name] = Object.fromEntries(fields.map((field) => [field.name, field]));
    }
    this.#models = new Map(found.start_from.map((model) => [model.name, model]));
    const start = /** @type {import("./runs.js").Hyperparameter} */ ({ name: "start_from", kind: "choice", default: "", hint: say("startFromHint"), choices: ["", ...this.#models.keys()] });
    const inTables = TABLES.flatMap((table) => found[table].map((each) => ({ ...each, name: `${table}.${each.name}` })));
    const fields = [start, ...inTables, ...found.training].map((each) => new ChoiceField(each, "training"));
    this.#training = Object.fromEntries(fields.map((field) => [field.name, field]));
    this.#part(".of-training").append(...FIRST.map((name) => this.#training[name].element));
    for (const { name, element } of fields) if (!FIRST.includes(name)) this.#part(groupOf(name)).append(element);
    this.#training.start_from.element.addEventListener("input", () => this.#begin());
  }

  /** @param {StartingPoint} point @param {boolean} checked */
  #card({ title, detail, recipe }, checked) {
    const content = /** @type {HTMLTemplateElement} */ (this.#part("template").cloneNode(true)).content;
    const [input, strong, hint] = /** @type {any} */ (["input", "strong", ".hint"].map((selector) => content.querySelector(selector)));
    input.checked = checked;
    input.value = recipe.name;
    strong.textContent = title;
    hint.textContent = detail;
    input.addEventListener("change", () => this.#fill(recipe));
    return content;
  }

  /** Another model to begin with: what is usual for it, or fresh weights as before. */
  #begin() {
    const model = this.#models.get(this.#training.start_from.value);
    for (const field of Object.values(this.#training)) {
      if (field.name !== "start_from" && field.name !== "seed" && field.name !== "threads") field.value = model?.usual[field.name] ?? field.initial;
    }
    this.#follow();
  }

  /** @param {Recipe} recipe */
  #fill(recipe) {
    if (!this.#networks[recipe.network]) { // of a model that was imported
      this.#networks[recipe.network] = {};
      this.#select("network").add(new Option(recipe.network, recipe.network));
    }
    this.#select("dataset").value = recipe.dataset;
    this.#select("network").value = recipe.network;
    for (const field of Object.values(this.#training)) field.value = valueIn(recipe, field.name) ?? field.initial;
    for (const field of Object.values(this.#networks[recipe.network])) field.value = recipe.hyperparameters[field.name] ?? field.initial;
    this.#follow();
  }

  /** What a closed group holds that is not as usual. */
  #tellGroups() {
    for (const told of this.#form.querySelectorAll("details.more .set")) {
      const group = told.closest("details");
      const set = Object.values(this.#training).filter(({ element, value, initial }) => !element.hidden && group?.contains(element) && value !== initial);
      told.textContent = set.map(({ name, value }) => say("extra", { name: spaced(name), value: inWords(value) })).join(", ");
    }
  }

  /** What hangs on other choices: the network's fields, fields without use, the curve. */
  #follow() {
    const model = this.#model;
    /** @type {HTMLElement} */ (this.#select("network").closest(".field")).hidden = Boolean(model);
    const place = this.#part(".of-network");
    const elements = Object.values(this.#ofNetwork).map(({ element }) => element);
    if (place.firstChild !== (elements[0] ?? null)) place.replaceChildren(...elements);
    const all = this.#all();
    for (const [name, [other, isUseful]] of Object.entries(NEEDED)) {
      if (all[name]) all[name].element.hidden = !isUseful(other === "dataset" ? this.#select(other).value : all[other].value);
    }
    all["dataset_options.size"].element.hidden = !this.#photographs.has(this.#select("dataset").value);
    this.#tellGroups();
    const { schedule, learning_rate, warmup } = all;
    this.#curve.show(schedule.value, Number(learning_rate.value), Number(warmup.value));
    this.#sketch.show(Number(all.epochs.value));
    this.#shape.show(model?.network ?? this.#select("network").value, this.#wanted());
    if (this.#parent) this.#tellChanged();
  }

  /** The model that it begins with; a fork begins with its parent. */
  get #model() {
    return this.#parent ? undefined : this.#models.get(this.#training.start_from.value);
  }

  /** Choices of the network, which are a model's own where it begins with one. */
  get #ofNetwork() {
    return this.#model ? {} : this.#networks[this.#select("network").value];
  }

  #all() {
    return { ...this.#training, ...this.#ofNetwork };
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
    /** @type {Record<string, any>} */
    const chosen = { augmentation: {}, dataset_options: {} };
    for (const { name, value, initial } of used) {
      if (name === "start_from") continue;
      const [table, inner] = name.split(".");
      if (!inner) chosen[name] = value;
      else if (value !== initial) chosen[table][inner] = value;
    }
    return {
      dataset: this.#select("dataset").value,
      ...(this.#model ? { start_from: this.#model.name } : { network: this.#select("network").value }),
      hyperparameters: chosen,
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
    const path = refused?.field ?? "";
    this.#wrong = Object.values(this.#all()).find(({ name }) => `${path}.`.startsWith(`${name}.`)) ?? null;
    this.#part(".refused").textContent = refused && !this.#wrong ? refused.message : "";
    if (!refused || !this.#wrong) return;
    const { name, element } = this.#wrong;
    const group = element.closest("details");
    if (group) group.open = true;
    this.#wrong.refuse(sentence(refused.message, name), path.slice(name.length + 1).split("."));
  }
}

/** @param {string} name of a choice that is not among the first */
function groupOf(name) {
  if (name === "start_from") return ".what";
  if (ON_PURPOSE.includes(name)) return ".on-purpose";
  if (name === "fade" || name.startsWith("augmentation.")) return ".of-augmentation";
  return name.startsWith("dataset_options.") ? ".of-pictures" : ".more-choices";
}

/** @param {Record<string, any>} recipe @param {string} path */
const valueIn = (recipe, path) => path.split(".").reduce((table, name) => table?.[name], recipe);

/** @param {any[]} values @returns {(value: any) => boolean} */
function among(...values) {
  return (value) => values.includes(value);
}

/** The choice by its label on the page. @param {string} message @param {string} path */
function sentence(message, path) {
  const name = path.slice(path.lastIndexOf(".") + 1);
  const told = message.startsWith(`${name} `) ? labelOf(path) + message.slice(name.length) : message;
  return told[0].toUpperCase() + told.slice(1);
}
