// @ts-check
/** Five activation functions and their slopes at one z, and a race between them. */
import { accuracyOf } from "../texts.js";
import { sample } from "../side-by-side.js";
import { fromAddress, toAddress } from "./address.js";
import { ACTIVATIONS } from "./arithmetic.js";
import { shown } from "./formula.js";
import { Plot } from "./plot.js";
import { Race, bestAccuracy } from "./race.js";
import { say } from "./texts.js";

/** @typedef {"sigmoid" | "tanh" | "relu" | "leaky_relu" | "gelu"} Name */

const NAMES = /** @type {Name[]} */ (["sigmoid", "tanh", "relu", "leaky_relu", "gelu"]);
const TITLES = ["sigmoid", "tanh", "ReLU", "leaky ReLU", "GELU"];
const FLAT = 0.05; // a slope below it hardly lets anything through
const DEEP = 5; // layers
const SAMPLES = 481; // places at which flatness is looked for
/** @type {{ x: [number, number], y: [number, number] }} */
const VIEW = { x: [-6, 6], y: [-1.5, 3] };
const START = { z: 1, gamma: 0.1, on: [1, 0, 1, 0, 0], curves: 1, slopes: 1, run: "" };

const lesson = /** @type {HTMLElement} */ (document.querySelector(".lesson"));
/** @type {<T extends Element = HTMLElement>(selector: string) => T} */
const find = (selector) => /** @type {any} */ (lesson.querySelector(selector));

const state = fromAddress(START);
state.z = within(state.z, VIEW.x[0], VIEW.x[1]);
state.gamma = within(state.gamma, 0.01, 0.99);

const plot = new Plot(find("svg.bends"), VIEW, (z) => change(() => (state.z = Math.round(10 * z) / 10)));
const rows = NAMES.map((name) => /** @type {HTMLElement} */ (find(`[data-function=${name}]`)));
const race = new Race(find(".race"), {
  wanted: () => ({
    dataset: "mnist",
    network: "mlp",
    hyperparameters: { hidden: [64, 64, 64], epochs: 5, batch_size: 100, optimizer: "sgd", learning_rate: 0.05, momentum: 0.9, weight_decay: 0, schedule: "constant", threads: 1, report_every: 10, dataset_options: { pictures: 10000 } },
    variants: NAMES.map((activation, i) => ({ name: TITLES[i], hyperparameters: activation === "leaky_relu" ? { activation, gamma: state.gamma } : { activation } })),
  }),
  told,
  started: (id) => change(() => (state.run = id)),
  highest: 2.5,
});

/** @type {HTMLInputElement} */ (find(".z")).addEventListener("input", ({ target }) => change(() => (state.z = Number(/** @type {HTMLInputElement} */ (target).value))));
/** @type {HTMLInputElement} */ (find(".gamma")).addEventListener("input", ({ target }) => change(() => (state.gamma = Number(/** @type {HTMLInputElement} */ (target).value))));
for (const name of /** @type {const} */ (["curves", "slopes"])) {
  const box = /** @type {HTMLInputElement} */ (find(`input.${name}`));
  box.checked = Boolean(state[name]);
  box.addEventListener("change", () => change(() => (state[name] = Number(box.checked))));
}
rows.forEach((row, i) => {
  const box = /** @type {HTMLInputElement} */ (row.querySelector("input"));
  box.checked = Boolean(state.on[i]);
  box.addEventListener("change", () => change(() => (state.on[i] = Number(box.checked))));
  row.querySelector(".line")?.append(sample(i));
});
change(() => {});
if (state.run) race.open(state.run);

/** @param {number} value @param {number} least @param {number} most */
function within(value, least, most) {
  return Math.min(Math.max(value, least), most);
}

/** @param {() => void} how */
function change(how) {
  how();
  toAddress(state, START);
  /** @type {HTMLInputElement} */ (find(".z")).value = String(state.z);
  /** @type {HTMLInputElement} */ (find(".gamma")).value = String(state.gamma);
  find(".z-shown").textContent = shown(state.z);
  find(".gamma-shown").textContent = shown(state.gamma);
  NAMES.forEach((name, i) => {
    draw(name, Boolean(state.on[i]));
    showRow(rows[i], name);
  });
}

/** @param {Name} name @param {boolean} isOn */
function draw(name, isOn) {
  const { at, slope } = ACTIVATIONS[name];
  const bend = (/** @type {number} */ z) => at(z, state.gamma);
  const slopeAt = (/** @type {number} */ z) => slope(z, state.gamma);
  for (const part of ["flat left", "flat middle", "flat right", "slope", "bend", "dot", "slope-dot"]) plot.remove(`${name} ${part}`);
  if (isOn && state.curves) {
    flatParts(slopeAt).forEach((part, i) => plot.path(`${name} ${["flat left", "flat middle", "flat right"][i]}`, part.map((z) => [z, bend(z)])));
    plot.curve(`${name} bend`, bend);
    plot.mark(`${name} dot`, state.z, bend(state.z));
  }
  if (isOn && state.slopes) {
    plot.curve(`${name} slope`, slopeAt);
    plot.mark(`${name} slope-dot`, state.z, slopeAt(state.z));
  }
}

/** Where a curve is flat, as stretches of z. @param {(z: number) => number} slope */
function flatParts(slope) {
  const [low, high] = VIEW.x;
  /** @type {number[][]} */
  const parts = [[]];
  for (let i = 0; i < SAMPLES; i++) {
    const z = low + ((high - low) * i) / (SAMPLES - 1);
    if (Math.abs(slope(z)) < FLAT) parts[parts.length - 1].push(z);
    else if (parts[parts.length - 1].length) parts.push([]);
  }
  return parts.filter((part) => part.length > 1);
}

/** @param {HTMLElement} row @param {Name} name */
function showRow(row, name) {
  const { at, slope } = ACTIVATIONS[name];
  const [value, rise] = [at(state.z, state.gamma), slope(state.z, state.gamma)];
  for (const [place, number] of Object.entries({ says: value, slope: rise, deep: rise ** DEEP })) {
    const cell = /** @type {HTMLElement} */ (row.querySelector(`.${place}`));
    cell.textContent = shown(number);
    cell.dataset.value = String(number);
  }
  const here = /** @type {HTMLElement} */ (row.querySelector(".here"));
  here.textContent = say(judged(name, rise));
  here.toggleAttribute("data-flat", Math.abs(rise) < FLAT);
}

/** @param {Name} name @param {number} slope */
function judged(name, slope) {
  if (Math.abs(slope) >= FLAT) return "learns";
  if (name === "relu") return "dead";
  if (name === "leaky_relu") return "slow";
  return name === "gelu" ? "flat" : "saturated";
}

/** Who is ahead, in words. @param {import("../variants.js").Training[]} trainings @param {boolean} isOver */
function told(trainings, isOver) {
  const known = trainings.filter(({ record }) => record.epochs.length).sort((one, other) => bestAccuracy(other) - bestAccuracy(one));
  if (known.length < 2) return "";
  const [first, last] = [known[0], known[known.length - 1]];
  const values = { first: first.name, firstShare: accuracyOf(bestAccuracy(first)), last: last.name, lastShare: accuracyOf(bestAccuracy(last)) };
  return say(isOver ? "raceOver" : "raceAhead", values);
}
