// @ts-check
/** The lesson "Layers as matrices": a digit goes through a real network, row by row. */
import { plain } from "../numbers.js";
import { palette } from "../palette.js";
import { count } from "../texts.js";
import { fromAddress, toAddress } from "./address.js";
import { softmax } from "./arithmetic.js";
import { math, marked, number, show, shown } from "./formula.js";
import { showLogits } from "./logits.js";
import { Tiles, largest, paintMap } from "./maps.js";
import { OwnDigit } from "./own-digit.js";
import { put, scrubbed } from "./scrub.js";
import { say } from "./texts.js";
import { forward, readPerceptron } from "./weights.js";

/** @typedef {import("./own-digit.js").Seen} Seen */
/** @typedef {{ x: Float64Array, z: Float64Array }} Went */

const MODEL = "mnist-mlp";
const START = { layer: 1, unit: 0 }; // 0: the one that the digit excites most
const SPELLED = 3; // products of a sum that are written out
const HIDDEN_WIDTH = 32; // of what is no picture, laid out as one

const lesson = /** @type {HTMLElement} */ (document.querySelector(".lesson"));
/** @type {<T extends Element = HTMLElement>(selector: string) => T} */
const find = (selector) => /** @type {any} */ (lesson.querySelector(selector));
const unitField = /** @type {HTMLInputElement} */ (find("input.unit"));
const layerChoices = /** @type {HTMLInputElement[]} */ ([...lesson.querySelectorAll("input[name=layer]")]);
const sheet = find(".rows-sheet");
const canvas = /** @type {HTMLCanvasElement} */ (find(".rows-sheet canvas"));
const tiles = new Tiles(canvas);

const state = fromAddress(START);
/** @type {import("./weights.js").Perceptron | null} */
let model = null;
/** @type {Seen | null} */
let seen = null;
/** @type {Went[]} */
let went = [];

new OwnDigit(find(".own-digit-place"), MODEL, (now) => {
  seen = now;
  refresh();
});
readPerceptron(MODEL).then(begin, (error) => (find(".weights-said").textContent = error.message));

/** @param {import("./weights.js").Perceptron} read */
function begin(read) {
  model = read;
  if (!model.layers[state.layer - 1]) state.layer = START.layer;
  listShapes();
  state.unit = Math.min(Math.max(Math.round(state.unit), 0), layer().units);
  layOut();
  for (const choice of layerChoices) choice.addEventListener("change", () => chooseLayer(Number(choice.value)));
  scrubbed(unitField, choose);
  sheet.addEventListener("keydown", keyed);
  for (const name of /** @type {const} */ (["pointerdown", "pointermove"])) canvas.addEventListener(name, pointed);
  find(".strongest").addEventListener("click", () => choose(0));
  new ResizeObserver(layOut).observe(sheet);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", layOut);
}

const layer = () => /** @type {import("./weights.js").Perceptron} */ (model).layers[state.layer - 1];

/** The neuron that is looked at, from 1. */
const unit = () => state.unit || 1 + (went.length ? strongest(went[state.layer - 1].z) : 0);

/** How many numbers stand side by side where those that come into the layer are laid out. */
const width = () => (state.layer === 1 ? /** @type {any} */ (model).side : HIDDEN_WIDTH);

/** @param {number} chosen */
function chooseLayer(chosen) {
  state.layer = chosen;
  state.unit = START.unit;
  layOut();
  choose(state.unit);
}

/** @param {number} chosen from 1; 0: whichever the digit excites most */
function choose(chosen) {
  state.unit = Math.min(Math.max(Math.round(chosen), 0), layer().units);
  toAddress(state, START);
  refresh();
}

/** @param {KeyboardEvent} event */
function keyed(event) {
  const moves = /** @type {Record<string, number>} */ ({ ArrowLeft: -1, ArrowRight: 1, ArrowUp: -tiles.across, ArrowDown: tiles.across, Home: -Infinity, End: Infinity });
  const move = moves[event.key];
  if (move === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  const there = unit() + move;
  if (Number.isFinite(there) && (there < 1 || there > layer().units)) return;
  choose(Math.max(there, 1));
}

/** A mouse chooses as it moves over the sheet with its button down, a finger by a tap: its way scrolls. @param {PointerEvent} event */
function pointed(event) {
  if (event.type === "pointermove" && (event.pointerType === "touch" || !event.buttons)) return;
  choose(1 + tiles.at(event));
}

/** The rows of the layer's matrix as tiles, as many side by side as there is room for. */
function layOut() {
  if (!model) return;
  const { W, inputs } = layer();
  const across = width();
  tiles.set(W, { width: across, height: Math.ceil(inputs / across) }, sheet.clientWidth);
  for (const choice of layerChoices) choice.checked = Number(choice.value) === state.layer;
  refresh();
}

function bringIntoView() {
  const row = Math.floor((unit() - 1) / tiles.across);
  const height = canvas.clientHeight / Math.ceil(layer().units / tiles.across);
  const [top, bottom] = [row * height, (row + 1) * height];
  if (top < sheet.scrollTop) sheet.scrollTop = top;
  if (bottom > sheet.scrollTop + sheet.clientHeight) sheet.scrollTop = bottom - sheet.clientHeight;
}

// --- What is shown ---

function refresh() {
  if (!model) return;
  went = seen ? forward(model, seen.pixels) : [];
  const now = went[state.layer - 1];
  tiles.draw(unit() - 1, (tile) => Boolean(now) && state.layer < went.length && now.z[tile] <= 0);
  showChoice(now);
  showUnit(now);
  showActivity();
  showAnswer();
  bringIntoView();
}

/** @param {Went | undefined} now */
function showChoice(now) {
  const { units } = layer();
  unitField.max = sheet.ariaValueMax = String(units);
  if (document.activeElement !== unitField || Number(unitField.value) !== unit()) put(unitField, unit());
  find(".of").textContent = say("unitOf", { units: count(units) });
  sheet.ariaValueNow = String(unit());
  sheet.ariaValueText = now ? say("unitSum", { unit: unit(), z: shown(now.z[unit() - 1]) }) : say("unit", { unit: unit() });
  find(".sheet-said").textContent = now && state.layer < went.length ? say("silentUnits", { silent: count(now.z.filter((z) => z <= 0).length), units: count(units) }) : say("rowsOf", { layer: state.layer });
}

/** @param {Went | undefined} now */
function showUnit(now) {
  const { W, b, inputs } = layer();
  const row = W.subarray((unit() - 1) * inputs, unit() * inputs);
  const across = width();
  paintMap(find("canvas.its-row"), row, across);
  const products = now ? Float64Array.from(row, (w, j) => w * now.x[j]) : new Float64Array(inputs);
  paintMap(find("canvas.products"), products, across);
  if (state.layer === 1 && seen) paintMap(find("canvas.went-in"), seen.pixels, across, { most: 255, colour: palette(lesson, "ink") });
  else paintMap(find("canvas.went-in"), now?.x ?? new Float64Array(inputs), across);
  if (now) spellOut(now, row, products, b[unit() - 1]);
  else for (const place of [find(".unit-sum"), find(".unit-out")]) place.replaceChildren();
}

/** @param {Went} now @param {Float32Array} row @param {Float64Array} products @param {number} bias */
function spellOut({ x, z }, row, products, bias) {
  const order = [...products.keys()].sort((one, other) => Math.abs(products[other]) - Math.abs(products[one]));
  const [first, second, third] = order.slice(0, SPELLED);
  const rest = order.slice(SPELLED).reduce((sum, j) => sum + products[j], 0);
  const sum = z[unit() - 1];
  const [i, of, name] = [number(unit()), state.layer, state.layer === 1 ? "x" : "a"];
  const isLast = of === went.length;
  show(
    find(".unit-sum"),
    math`${isLast ? "h" : "z"}_{${i}} = sum_j w_{${unit()}, j} ${name}_j + b_{${unit()}}`,
    math`= ${row[first]} * ${x[first]} + ${row[second]} * ${x[second]} + ${row[third]} * ${x[third]}`,
    math`+ ${wording("others", { others: count(products.length - SPELLED), rest: shown(rest) })} + ${bias}`,
    math`= ${marked("result", sum)}`,
  );
  if (isLast) find(".unit-out").replaceChildren();
  else show(find(".unit-out"), math`a_{${unit()}} = max(${sum}, 0) = ${marked("result", Math.max(sum, 0))}`);
}

/** Words within a formula. @param {"others"} key @param {Record<string, string | number>} values */
function wording(key, values) {
  const words = document.createElementNS("http://www.w3.org/1998/Math/MathML", "mtext");
  words.textContent = say(key, values);
  return words;
}

function listShapes() {
  const { layers } = /** @type {import("./weights.js").Perceptron} */ (model);
  const rows = layers.map(({ units, inputs }, i) => {
    const row = document.createElement("tr");
    const step = say(i + 1 < layers.length ? "stepBent" : "stepPlain", { layer: i + 1 });
    row.append(cell(step, "th"), ...[count(inputs), `${count(units)} × ${count(inputs)}`, count(units), count(units), count(units * inputs + units), ""].map((text) => cell(text)));
    return row;
  });
  find(".shapes tbody").replaceChildren(...rows);
  find(".shapes .total").textContent = count(layers.reduce((sum, { W, b }) => sum + W.length + b.length, 0));
}

/** @param {string} text @param {"td" | "th"} [kind] */
function cell(text, kind = "td") {
  const made = document.createElement(kind);
  made.textContent = text;
  if (kind === "th") /** @type {HTMLTableCellElement} */ (made).scope = "row";
  return made;
}

function showActivity() {
  const rows = [...find(".shapes tbody").children];
  rows.forEach((row, i) => {
    const active = went[i] && i + 1 < rows.length;
    /** @type {Element} */ (row.lastElementChild).textContent = active ? count(went[i].z.filter((z) => z > 0).length) : "–";
  });
}

function showAnswer() {
  const { classes, temperature } = /** @type {import("./weights.js").Perceptron} */ (model);
  const logits = went.length ? [...went[went.length - 1].z] : [];
  const shares = logits.length ? softmax(logits, temperature) : [];
  showLogits(find(".logits tbody"), classes, logits, shares);
  find(".divided").textContent = say("divided", { temperature: plain(temperature) });
  find(".agrees").textContent = seen ? say("agrees", { difference: shown(difference(shares, seen.answer)) }) : say("nothingOut");
}

/** The largest, between this page's shares and the server's. @param {number[]} shares @param {import("../predict.js").Answer} answer */
const difference = (shares, { predictions }) => largest(predictions.map(({ index, probability }) => shares[index] - probability));

/** @param {ArrayLike<number>} numbers */
const strongest = (numbers) => Array.from(numbers).reduce((best, each, i, all) => (each > all[best] ? i : best), 0);
