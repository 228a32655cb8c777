// @ts-check
/** One neuron: its weights and inputs, its sum, its bend, and the gates that it can be. */
import { fromAddress, toAddress } from "./address.js";
import { ACTIVATIONS, dot } from "./arithmetic.js";
import { marked, math, show, shown } from "./formula.js";
import { Plot } from "./plot.js";
import { put, scrubbed } from "./scrub.js";
import { say } from "./texts.js";
import { Wiring } from "./wiring.js";

/** @typedef {{ x: number[], theta: number[], bend: string, gate: string, story: string }} Neuron */

/** @type {Neuron} */
const START = { x: [1, 1, 0], theta: [-1, 2, 2], bend: "sigmoid", gate: "and", story: "yes" };
/** @type {Record<string, Partial<Neuron>>} */
const STORIES = {
  yes: { x: [1, 1, 0], theta: [-1, 2, 2], bend: "sigmoid" },
  price: { x: [1, 1.2, 3], theta: [-1, 2.5, 0.4], bend: "relu" },
};
/** @type {Record<string, (one: number, other: number) => boolean>} */
const GATES = { and: (one, other) => one + other > 1, or: (one, other) => one + other > 0, xor: (one, other) => one !== other };
const CORNERS = [[0, 0], [0, 1], [1, 0], [1, 1]];

const lesson = /** @type {HTMLElement} */ (document.querySelector(".lesson"));
/** @type {<T extends Element = HTMLElement>(selector: string) => T} */
const find = (selector) => /** @type {any} */ (lesson.querySelector(selector));
/** @type {<T extends Element = HTMLInputElement>(selector: string) => T[]} */
const all = (selector) => /** @type {any[]} */ ([...lesson.querySelectorAll(selector)]);

const state = fromAddress(START);
if (!["relu", "sigmoid"].includes(state.bend)) state.bend = START.bend;
if (!Object.hasOwn(GATES, state.gate)) state.gate = START.gate;
if (!Object.hasOwn(STORIES, state.story)) state.story = START.story;
state.x[0] = 1;

const [xs, thetas] = [all("input.x"), all("input.theta")];
const neuron = find(".neuron");
const [sum, out] = [find(".node.sum"), find(".node.out")];
const plot = new Plot(find("svg.bend"), { x: [-6, 6], y: [-0.5, 3.5] });
const wiring = new Wiring(neuron);

xs.slice(1).forEach((field, i) => scrubbed(field, (value) => change(() => (state.x[i + 1] = value))));
thetas.forEach((field, i) => scrubbed(field, (value) => change(() => (state.theta[i] = value))));
for (const name of /** @type {const} */ (["bend", "gate"])) {
  for (const choice of all(`input[name=${name}]`)) choice.addEventListener("change", () => change(() => (state[name] = choice.value)));
}
for (const button of all("[data-preset]")) {
  button.addEventListener("click", () => {
    const story = button.dataset.preset ?? "";
    Object.assign(state, structuredClone(STORIES[story]), { story });
    refill();
    change();
  });
}
refill();
change();

function refill() {
  xs.forEach((field, i) => put(field, state.x[i]));
  thetas.forEach((field, i) => put(field, state.theta[i]));
  for (const name of /** @type {const} */ (["bend", "gate"])) /** @type {any} */ (find(`input[name=${name}][value=${state[name]}]`)).checked = true;
}

/** @param {() => void} [how] */
function change(how = () => {}) {
  how();
  toAddress(state, START);
  const { at } = ACTIVATIONS[/** @type {import("./arithmetic.js").Activation} */ (state.bend)];
  const z = dot(state.theta, state.x);
  showNeuron(z, at(z));
  showGate(at);
  plot.curve("bent", at);
  plot.mark("here", Math.min(Math.max(z, -6), 6), at(Math.min(Math.max(z, -6), 6)));
}

/** @param {number} z @param {number} a */
function showNeuron(z, a) {
  const { x, theta, story } = state;
  wiring.show([...xs.map((field, i) => ({ from: field.closest(".input") ?? field, to: sum, weight: theta[i] })), { from: sum, to: out }]);
  for (const [node, value] of /** @type {const} */ ([[sum, z], [out, a]])) {
    const place = /** @type {HTMLElement} */ (node.querySelector(".value"));
    place.textContent = shown(value);
    place.dataset.value = String(value);
  }
  all(".caption").forEach((caption, i) => (caption.textContent = say(/** @type {"yes0"} */ (`${story}${i}`))));
  show(
    find("math.sum"),
    math`z = ${theta[0]} * ${x[0]} + ${theta[1]} * ${x[1]} + ${theta[2]} * ${x[2]} = ${marked("result", z)}`,
  );
  show(find("math.bent"), state.bend === "relu" ? math`a = max(${z}, 0) = ${marked("result", a)}` : math`a = frac{1}{1 + exp(${-z})} = ${marked("result", a)}`);
  find(".said").textContent = say("neuronSays", { z: shown(z), a: shown(a) });
}

/** The same weights at the four corners. @param {(z: number) => number} at */
function showGate(at) {
  const answers = CORNERS.map(([one, other]) => at(dot(state.theta, [1, one, other])));
  const wanted = CORNERS.map(([one, other]) => GATES[state.gate](one, other));
  const right = answers.filter((a, i) => a > 0.5 === wanted[i]).length;
  all("table.gate tbody tr").forEach((row, i) => {
    const cells = /** @type {(selector: string) => HTMLElement} */ ((selector) => /** @type {any} */ (row.querySelector(selector)));
    cells(".wanted").textContent = wanted[i] ? "1" : "0";
    cells(".a").textContent = shown(answers[i]);
    cells(".judged").textContent = answers[i] > 0.5 === wanted[i] ? "✓" : "✗";
  });
  find(".gate-said").textContent = right === 4 ? say("gateDone") : say("gateRight", { right });
}
