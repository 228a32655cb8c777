// @ts-check
/** The lesson "Datasets": pictures with their labels, page by page, class by class; wires its parts. */
import { ask } from "../ask.js";
import { LatestLook } from "../latest-look.js";
import { captioned, tile } from "../sample-tiles.js";
import { count } from "../texts.js";
import { fromAddress, toAddress } from "./address.js";
import { Game } from "./guess-game.js";
import { Leak } from "./leak.js";
import { say } from "./texts.js";

/** @typedef {{ name: string, title: string, classes: string[], channels: number, present: boolean, bring: string }} Dataset */
/** @typedef {{ index: number, label: string, given: string | null }} Sample */
/** @typedef {{ total: number, page: number, pages: number, columns: number, tile: number, sheet: string, samples: Sample[] }} Page */
/** @typedef {{ part: string, n: number, counts: number[], classes: string[], columns: number, means: string, spreads: string, widest: number }} Detail */

const START = { dataset: "mnist", part: "train", class: "", order: "file", noise: 0, page: 1 };

const lesson = /** @type {HTMLElement} */ (document.querySelector(".lesson"));
/** @type {<T extends Element = HTMLElement>(selector: string) => T} */
const find = (selector) => /** @type {any} */ (lesson.querySelector(selector));
const selects = Object.fromEntries(
  /** @type {const} */ (["dataset", "part", "class", "order", "noise"]).map((name) => [name, /** @type {HTMLSelectElement} */ (find(`select.${name}`))]),
);

const state = fromAddress(START);
/** @type {Dataset[]} */
let datasets = [];
let lastPage = 1;

/** @type {LatestLook<Page>} */
const pages = new LatestLook({ shown: showPage, failed: (sentence) => tell(sentence), busy: (isBusy) => (find(".samples").ariaBusy = String(isBusy)) });
/** @type {LatestLook<Detail>} */
const details = new LatestLook({ shown: showMeans, failed: (sentence) => (find(".means-said").textContent = sentence), busy: (isBusy) => (find(".means").ariaBusy = String(isBusy)) });
const game = new Game(find(".game"), find(".scores tbody"));

new Leak(lesson);
ask("GET", "/api/v1/datasets").then(begin, (error) => tell(error.message));

/** @param {{ datasets: Dataset[] }} answer */
function begin(answer) {
  ({ datasets } = answer);
  selects.dataset.replaceChildren(...datasets.map(({ name, title, present }) => new Option(present ? title : say("notHere", { title }), name)));
  if (!datasets.some(({ name }) => name === state.dataset)) state.dataset = START.dataset;
  listClasses();
  for (const [name, select] of Object.entries(selects)) {
    const value = String(state[/** @type {"part"} */ (name)]);
    if (![...select.options].some((option) => option.value === value)) /** @type {any} */ (state)[name] = /** @type {any} */ (START)[name];
    select.value = String(state[/** @type {"part"} */ (name)]);
    select.addEventListener("change", () => change(name, select.value));
  }
  state.page = Math.max(1, Math.round(state.page));
  find(".before").addEventListener("click", () => turn(-1));
  find(".after").addEventListener("click", () => turn(1));
  refresh();
  game.play(dataset());
}

const dataset = () => /** @type {Dataset} */ (datasets.find(({ name }) => name === state.dataset));

/** @param {string} name @param {string} value */
function change(name, value) {
  /** @type {any} */ (state)[name] = name === "noise" ? Number(value) : value;
  state.page = 1;
  if (name === "dataset") {
    state.class = "";
    listClasses();
    game.play(dataset());
  }
  refresh();
}

/** @param {number} by */
function turn(by) {
  if (find(by < 0 ? ".before" : ".after").ariaDisabled === "true") return;
  state.page = Math.min(Math.max(state.page + by, 1), lastPage);
  refresh();
}

function listClasses() {
  const all = selects.class.options[0];
  selects.class.replaceChildren(all, ...dataset().classes.map((label) => new Option(label, label)));
  selects.class.value = dataset().classes.includes(state.class) ? state.class : "";
}

function refresh() {
  toAddress(state, START);
  find(".noise-said").textContent = say(state.part !== "train" && state.noise ? "noiseElsewhere" : state.noise ? "noiseHere" : "noiseNone");
  const { name, present, bring } = dataset();
  if (!present) {
    for (const look of [pages, details]) look.forget();
    find(".samples").replaceChildren();
    find(".means").replaceChildren();
    find(".means-said").textContent = "\u00a0";
    return tell(bring);
  }
  const asked = new URLSearchParams({ part: state.part, order: state.order, page: String(state.page) });
  if (state.class) asked.set("label", state.class);
  if (state.noise) asked.set("label_noise", String(state.noise));
  if (!find(".samples").childElementCount) tell(say("reading"));
  pages.look(`/api/v1/datasets/${name}/samples?${asked}`);
  details.look(`/api/v1/datasets/${name}?part=${state.part}`);
}

/** @param {string} sentence instead of pictures */
function tell(sentence) {
  find(".where-said").textContent = sentence;
  for (const name of [".before", ".after"]) find(name).ariaDisabled = "true";
}

/** @param {Page} page */
function showPage({ total, page, pages: last, columns, sheet, samples }) {
  lastPage = Math.max(last, 1);
  if (page > lastPage) {
    state.page = lastPage;
    return refresh();
  }
  const items = captioned(sheet, columns, samples, ({ label, given }) => (given ? say("wrongly", { given, label }) : label));
  for (const [i, { given }] of samples.entries()) items[i].toggleAttribute("data-wrong", Boolean(given));
  find(".samples").replaceChildren(...items);
  find(".samples").toggleAttribute("data-words", dataset().classes.some((label) => label.length > 2));
  find(".where-said").textContent = total ? say("pageOf", { page: count(page), pages: count(last), total: count(total) }) : say("noPictures");
  find(".before").ariaDisabled = String(page <= 1);
  find(".after").ariaDisabled = String(page >= last);
}

/** @param {Detail} detail */
function showMeans({ part, n, counts, classes, columns, means, spreads, widest }) {
  const [across, rows] = [Math.min(columns, classes.length), Math.ceil(classes.length / columns)];
  const items = classes.slice(0, columns * rows).map((label, k) => {
    const item = document.createElement("li");
    const [name, of] = [document.createElement("strong"), document.createElement("span")];
    name.textContent = label;
    of.textContent = count(counts[k]);
    of.className = "hint";
    item.append(name, tile(means, k, across, rows), tile(spreads, k, across, rows), of);
    return item;
  });
  find(".means").replaceChildren(...items);
  find(".means-said").textContent = say("meansSaid", { n: count(n), part, widest: Math.round(widest) });
}
