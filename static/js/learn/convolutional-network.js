// @ts-check
/** The lesson "A convolutional network": a digit's way through a real one, and what a push does to it. */
import { guess } from "../answer.js";
import { ask } from "../ask.js";
import { plain } from "../numbers.js";
import { palette } from "../palette.js";
import { LatestWins } from "../predict.js";
import { accuracyOf, count } from "../texts.js";
import { lay } from "../tiles.js";
import { fromAddress, toAddress } from "./address.js";
import { softmax } from "./arithmetic.js";
import { showLogits } from "./logits.js";
import { paintMap } from "./maps.js";
import { OwnDigit } from "./own-digit.js";
import { Plot } from "./plot.js";
import { say } from "./texts.js";

/** @typedef {import("./own-digit.js").Seen} Seen */
/** @typedef {{ kind: string, title: string, sentence: string, shape: number[], parameters: number, maps?: import("../tiles.js").Tiles }} Layer */
/** @typedef {{ n: number, pixels: number[], accuracy: number[] }} Shifts */

const NETWORK = "mnist-cnn";
const READERS = ["mnist-mlp", NETWORK];
const START = { push: 0 };
const MOST = 6;
const OWN_STEP = new Set(["Conv2d", "MaxPool2d", "AvgPool2d", "AdaptiveAvgPool2d", "Flatten", "Linear"]); // other layers belong to the one before
const WIDE = 8; // tiles side by side

const lesson = /** @type {HTMLElement} */ (document.querySelector(".lesson"));
/** @type {<T extends Element = HTMLElement>(selector: string) => T} */
const find = (selector) => /** @type {any} */ (lesson.querySelector(selector));
const slider = /** @type {HTMLInputElement} */ (find("input.shift"));
const plot = new Plot(find("svg.fall"), { x: [-0.5, 6.5], y: [0.45, 1.02], grid: [1, 0.1] });

const state = fromAddress(START);
state.push = Math.min(Math.max(Math.round(state.push), 0), MOST);
slider.value = String(state.push);
/** @type {Seen | null} */
let seen = null;
/** @type {Map<string, number[]>} */
const falls = new Map();

const readers = READERS.map((model) => {
  const place = find(`.readers [data-model=${model}] .reads`);
  const server = new LatestWins({
    answered: ({ predictions }) => {
      const { guess: label, sure } = guess(predictions);
      place.textContent = say("readAs", { label, sure });
    },
    failed: ({ message }) => (place.textContent = message),
    waiting: (reason) => reason && (place.textContent = reason.message),
  });
  return { model, server, place };
});

new OwnDigit(find(".own-digit-place"), NETWORK, show, "explain");
slider.addEventListener("input", () => {
  state.push = Number(slider.value);
  toAddress(state, START);
  push();
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => show(seen));
show(null);
showParameters();
measure();

/** @param {Seen | null} now */
function show(now) {
  seen = now;
  const { layers = [], logits = [], predictions = [], temperature = 1 } = /** @type {any} */ (now?.answer ?? {});
  const classes = predictions.length ? [...predictions].sort((one, other) => one.index - other.index).map(({ label }) => label) : [..."0123456789"];
  showWay(layers);
  showLogits(find(".logits tbody"), classes, logits, logits.length ? softmax(logits, temperature) : []);
  find(".divided").textContent = now ? say("divided", { temperature: plain(temperature) }) : "";
  push();
}

// --- The way ---

/** @param {Layer[]} layers */
function showWay(layers) {
  const steps = stepsOf(layers);
  const place = find(".way");
  if (!steps.length) return place.toggleAttribute("data-stale", true);
  place.toggleAttribute("data-stale", false);
  while (place.children.length > steps.length) place.lastElementChild?.remove();
  while (place.children.length < steps.length) place.append(newStep());
  steps.forEach((step, i) => fill(/** @type {HTMLElement} */ (place.children[i]), step));
}

/** A convolution with its batch norm and ReLU is one step, whose maps are the last of them. @param {Layer[]} layers */
function stepsOf(layers) {
  /** @type {Layer[][]} */
  const steps = [];
  for (const layer of layers) {
    if (OWN_STEP.has(layer.kind) || !steps.length) steps.push([layer]);
    else steps[steps.length - 1].push(layer);
  }
  return steps;
}

function newStep() {
  const item = document.createElement("li");
  const parts = [["h3", ""], ["p", ""], ["p", "hint"], ["canvas", ""]].map(([kind, name]) => {
    const part = document.createElement(kind);
    part.className = name;
    return part;
  });
  item.append(...parts);
  return item;
}

/** @param {HTMLElement} item @param {Layer[]} step */
function fill(item, step) {
  const [first, last] = [step[0], step[step.length - 1]];
  const [title, sentence, shape] = item.children;
  const canvas = /** @type {HTMLCanvasElement} */ (item.querySelector("canvas"));
  title.textContent = step.map((each) => each.title).join(", ");
  sentence.textContent = first.sentence;
  const parameters = count(step.reduce((sum, each) => sum + each.parameters, 0));
  const [units, height, width] = last.shape;
  shape.textContent = height ? say("mapsOf", { maps: count(units), height, width, parameters }) : say("rowOf", { units: count(units), parameters });
  canvas.hidden = !last.maps;
  if (!last.maps) return;
  canvas.role = "img";
  canvas.ariaLabel = say("mapsLabel", { shown: last.maps.shown, title: first.title });
  lay(canvas, last.maps, { least: last.maps.tile, gap: 1, across: WIDE }).catch(() => {}); // a later one may come before
}

// --- The push ---

function push() {
  find(".shift-said").textContent = say("pushedBy", { pixels: state.push });
  for (const [name, accuracy] of falls) plot.mark(`here ${name}`, state.push, accuracy[state.push]);
  const moved = seen ? pushed(seen.pixels, seen.side, state.push) : new Uint8Array(784);
  const side = seen?.side ?? 28;
  paintMap(find("canvas.pushed-picture"), moved, side, { most: 255, colour: palette(lesson, "ink") });
  for (const { model, server, place } of readers) {
    if (!seen) {
      server.forget();
      place.textContent = "–";
    } else server.ask({ model, classes: 10, final: true, body: async () => asBody(moved, side) });
  }
}

/** What leaves at the right is lost, black comes in at the left. @param {Uint8Array} pixels @param {number} side @param {number} by */
function pushed(pixels, side, by) {
  return pixels.map((_, i) => (i % side < by ? 0 : pixels[i - by]));
}

/** @param {Uint8Array} pixels @param {number} side */
function asBody(pixels, side) {
  const rows = Array.from({ length: side }, (_, y) => [...pixels.subarray(y * side, (y + 1) * side)]);
  return new Blob([JSON.stringify({ pixels: rows })], { type: "application/json" });
}

async function showParameters() {
  for (const model of READERS) {
    const found = await ask("GET", `/api/v1/models/${model}`).catch(() => null);
    if (found) find(`.readers [data-model=${model}] .parameters`).textContent = count(found.parameters);
  }
}

/** One network after the other; what was measured before is there at once. */
async function measure() {
  const said = find(".measured");
  said.textContent = say("measuring");
  try {
    for (const model of READERS) {
      const shifts = await ask("GET", `/api/v1/models/${model}/shifts`);
      showFall(model, shifts);
      if (model === NETWORK) said.textContent = say("measured", { n: count(shifts.n) });
    }
  } catch (error) {
    said.textContent = /** @type {Error} */ (error).message;
  }
}

/** @param {string} model @param {Shifts} shifts */
function showFall(model, { pixels, accuracy }) {
  falls.set(model, accuracy);
  plot.path(model, pixels.map((by, i) => [by, accuracy[i]]));
  const cells = find(`.fall-numbers [data-model=${model}]`).querySelectorAll("td");
  cells.forEach((cell, i) => (cell.textContent = accuracyOf(accuracy[i])));
  plot.mark(`here ${model}`, state.push, accuracy[state.push]);
}
