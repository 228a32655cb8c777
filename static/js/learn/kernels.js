// @ts-check
/** The lesson "Kernels": one slides over numbers or over a digit, each product-sum spelled out. */
import { palette } from "../palette.js";
import { fromAddress, toAddress } from "./address.js";
import { convolve, cosine, outputSide, padded, windowOf } from "./arithmetic.js";
import { element, marked, math, show, shown } from "./formula.js";
import { paintMap } from "./maps.js";
import { NumberGrid } from "./number-grid.js";
import { OwnDigit } from "./own-digit.js";
import { say } from "./texts.js";
import { readKernels } from "./weights.js";

/** @typedef {import("./arithmetic.js").Matrix} Matrix */

const NETWORK = "mnist-cnn";
const SIDES = [1, 2, 3, 5];
const ON_THE_DIGIT = 400; // a place on its map where there mostly is ink
const CLOSEST = 3; // learned kernels that are shown, and the one that is farthest
/** @type {Record<string, Matrix>} */
const PRESETS = {
  upright: [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],
  level: [[-1, -2, -1], [0, 0, 0], [1, 2, 1]],
  blur: Array.from({ length: 3 }, () => Array(3).fill(1 / 9)),
  sharpen: [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
  same: [[0, 0, 0], [0, 1, 0], [0, 0, 0]],
};
const START = {
  over: "8",
  kernel: PRESETS.upright.flat().join(),
  stride: 1,
  padding: 0,
  place: 1, // on the map, row after row, from 1
  four: [0, 0, 9, 9, 0, 0, 9, 9, 0, 0, 9, 9, 0, 0, 9, 9],
  eight: [0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 9, 9, 9, 9, 9, 0, 0, 0, 0, 0, 0, 9, 6, 0, 0, 0, 0, 0, 6, 9, 0, 0, 0, 0, 0, 0, 9, 4, 0, 0, 0, 0, 0, 6, 9, 0, 0, 0, 0, 0, 0, 9, 4, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0],
};

const lesson = /** @type {HTMLElement} */ (document.querySelector(".lesson"));
/** @type {<T extends Element = HTMLElement>(selector: string) => T} */
const find = (selector) => /** @type {any} */ (lesson.querySelector(selector));
const overs = /** @type {HTMLInputElement[]} */ ([...lesson.querySelectorAll("input[name=over]")]);
const [sideChoice, strideChoice, paddingChoice] = /** @type {HTMLSelectElement[]} */ (["side", "stride", "padding"].map((name) => find(`select.${name}`)));
const map = find(".out");

const state = fromAddress(START);
if (!overs.some(({ value }) => value === state.over)) state.over = START.over;
if (![1, 2, 3].includes(state.stride)) state.stride = START.stride;
if (![0, 1, 2].includes(state.padding)) state.padding = START.padding;

/** @type {Matrix} */
let kernel = square(state.kernel) ?? PRESETS.upright;
/** @type {Matrix} */
let result = [];
/** @type {Matrix | null} from 0 to 1 */
let digit = null;
/** @type {Promise<Matrix[]> | null} */
let learnt = null;

const before = new NumberGrid(find(".in .numbers"), { changed: (row, column, value) => change(within(row - state.padding, column - state.padding, value)) });
const weights = new NumberGrid(find(".kernel .numbers"), { step: 0.5, changed: (row, column, value) => change({}, kernel.map((line, i) => (i === row ? line.with(column, value) : line))) });
const after = new NumberGrid(find(".out .numbers"));

for (const over of overs) over.addEventListener("change", () => change({ over: over.value, place: over.value === "digit" ? ON_THE_DIGIT : 1 }));
sideChoice.addEventListener("change", () => change({ place: 1 }, ofSide(kernel, Number(sideChoice.value))));
strideChoice.addEventListener("change", () => change({ stride: Number(strideChoice.value), place: 1 }));
paddingChoice.addEventListener("change", () => change({ padding: Number(paddingChoice.value), place: 1 }));
for (const button of /** @type {HTMLElement[]} */ ([...lesson.querySelectorAll("[data-kernel]")])) {
  button.addEventListener("click", () => change({}, PRESETS[button.dataset.kernel ?? ""]));
}
map.addEventListener("keydown", keyed);
for (const name of /** @type {const} */ (["pointerdown", "pointermove"])) map.addEventListener(name, pointed);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => change({}));
new OwnDigit(find(".own-digit-place"), NETWORK, (seen) => {
  digit = seen && rows(Array.from(seen.pixels, (pixel) => pixel / 255), seen.side);
  change({});
});
change({});

// --- What is there ---

/** The numbers that the kernel slides over; null: no digit is drawn. @returns {Matrix | null} */
function picture() {
  if (state.over === "digit") return digit;
  return state.over === "4" ? rows(state.four, 4) : rows(state.eight, 8);
}

/** @param {number} row @param {number} column @param {number} value @returns {Partial<typeof START>} */
function within(row, column, value) {
  return state.over === "4" ? { four: state.four.with(4 * row + column, value) } : { eight: state.eight.with(8 * row + column, value) };
}

/** @param {number[]} numbers @param {number} side @returns {Matrix} */
function rows(numbers, side) {
  return Array.from({ length: numbers.length / side }, (_, row) => numbers.slice(row * side, (row + 1) * side));
}

/** @param {string} text its numbers, row after row */
function square(text) {
  const numbers = text.split(",").map(Number);
  const side = Math.sqrt(numbers.length);
  return SIDES.includes(side) && numbers.every(Number.isFinite) ? rows(numbers, side) : null;
}

/** The same kernel on another square, its middle on the middle: cut off, or with zeros around. @param {Matrix} from @param {number} side @returns {Matrix} */
function ofSide(from, side) {
  const shift = Math.floor((from.length - side) / 2);
  return Array.from({ length: side }, (_, row) => Array.from({ length: side }, (_, column) => from[row + shift]?.[column + shift] ?? 0));
}

// --- What is chosen ---

/** @param {Partial<typeof START>} how @param {Matrix} [other] kernel */
function change(how, other) {
  const isOther = Boolean(other) || !learnt;
  kernel = other ?? kernel;
  Object.assign(state, how, { kernel: kernel.flat().map((each) => Number(each.toFixed(4))).join() });
  const grid = picture();
  result = grid && convolve(grid, kernel, { stride: state.stride, padding: state.padding }) || [];
  state.place = Math.min(Math.max(Math.round(state.place), 1), Math.max(result.length ** 2, 1));
  toAddress(state, START);
  showChoices();
  showGrids(grid);
  showPlace(grid);
  if (isOther) showClosest();
}

/** @param {KeyboardEvent} event */
function keyed(event) {
  const moves = /** @type {Record<string, number>} */ ({ ArrowLeft: -1, ArrowRight: 1, ArrowUp: -result.length, ArrowDown: result.length, Home: -Infinity, End: Infinity });
  const move = moves[event.key];
  if (move === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  const there = state.place + move;
  if (Number.isFinite(there) && (there < 1 || there > result.length ** 2)) return;
  change({ place: there });
}

/** A mouse chooses by hovering, a finger by a tap: its way scrolls. @param {PointerEvent} event */
function pointed(event) {
  if (event.type === "pointermove" && event.pointerType === "touch") return;
  const box = find(state.over === "digit" ? ".out canvas" : ".out .numbers").getBoundingClientRect();
  const [x, y] = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  const side = result.length;
  if (side && x >= 0 && x < 1 && y >= 0 && y < 1) change({ place: 1 + Math.floor(y * side) * side + Math.floor(x * side) });
}

// --- What is shown ---

function showChoices() {
  for (const over of overs) over.checked = over.value === state.over;
  [sideChoice.value, strideChoice.value, paddingChoice.value] = [kernel.length, state.stride, state.padding].map(String);
  const isDigit = state.over === "digit";
  find(".own-digit-place").hidden = !isDigit;
  for (const name of ["in", "out"]) {
    find(`.${name} .numbers`).hidden = isDigit;
    find(`.${name} .pixels`).hidden = !isDigit;
  }
}

/** Row and column of the chosen place. */
function at() {
  const side = result.length || 1;
  return [Math.floor((state.place - 1) / side), (state.place - 1) % side];
}

/** @param {Matrix | null} grid */
function showGrids(grid) {
  weights.show(kernel);
  const [row, column] = at();
  const under = { row: row * state.stride, column: column * state.stride, height: kernel.length, width: kernel.length };
  if (state.over !== "digit") {
    before.show(padded(grid ?? [], state.padding), state.padding);
    before.light(result.length ? under : null);
    after.show(result);
    after.light(result.length ? { row, column, height: 1, width: 1 } : null);
    return;
  }
  const wide = grid ? padded(grid, state.padding) : [[0]];
  paintMap(find(".in canvas"), wide.flat(), wide.length, { most: 1, colour: palette(lesson, "ink") });
  paintMap(find(".out canvas"), result.length ? result.flat() : [0], result.length || 1);
  lay(find(".in .frame"), under, wide.length);
  lay(find(".out .frame"), { row, column, height: 1, width: 1 }, result.length);
}

/** @param {HTMLElement} frame @param {{ row: number, column: number, height: number, width: number }} window @param {number} side of what it lies on */
function lay(frame, { row, column, height, width }, side) {
  frame.hidden = !side;
  const share = (/** @type {number} */ cells) => `${(100 * cells) / (side || 1)}%`;
  for (const [name, cells] of /** @type {[string, number][]} */ ([["top", row], ["left", column], ["height", height], ["width", width]])) frame.style.setProperty(name, share(cells));
}

/** @param {Matrix | null} grid */
function showPlace(grid) {
  const said = find(".said");
  const side = result.length;
  const full = grid?.length ?? 0;
  show(find("math.size"), math`"side" = "⌊" frac{${full} + 2 * ${state.padding} - ${kernel.length}}{${state.stride}} "⌋" + 1 = ${marked("result", outputSide(full, kernel.length, state.stride, state.padding))}`);
  [map.ariaValueMax, map.ariaValueNow] = [String(Math.max(side ** 2, 1)), String(state.place)];
  if (!grid || !side) {
    find("math.place").replaceChildren();
    said.textContent = say(grid ? "kernelTooLarge" : "noDigit");
    map.ariaValueText = said.textContent;
    return;
  }
  said.textContent = "";
  const [row, column] = at();
  const value = result[row][column];
  const window = windowOf(padded(grid, state.padding), row * state.stride, column * state.stride, kernel.length, kernel.length);
  map.ariaValueText = say("kernelPlace", { row: row + 1, column: column + 1, value: shown(value) });
  show(find("math.place"), ...window.map((line, i) => products(line, kernel[i], i > 0)), math`= ${marked("result", value)}`);
}

/** @param {number[]} line @param {number[]} factors @param {boolean} goesOn */
function products(line, factors, goesOn) {
  return element("mrow", ...line.flatMap((value, j) => [...(goesOn || j ? math`+ ${value} * ${factors[j]}` : math`${value} * ${factors[j]}`).children]));
}

// --- The network's own ---

/** Of those that were learnt, the ones most like this kernel and the one most unlike it. */
async function showClosest() {
  const mine = kernel;
  const said = find(".close-said");
  learnt ??= readKernels(NETWORK);
  const all = await learnt.catch((error) => {
    learnt = null;
    said.textContent = error.message;
    return [];
  });
  if (mine !== kernel || !all.length) return;
  if (!mine.flat().some(Boolean)) {
    said.textContent = say("kernelEmpty");
    find(".closest").replaceChildren();
    return;
  }
  const side = Math.max(mine.length, all[0].length);
  const likeness = all.map((each) => cosine(ofSide(each, side).flat(), ofSide(mine, side).flat()));
  const order = [...likeness.keys()].sort((one, other) => likeness[other] - likeness[one]);
  find(".closest").replaceChildren(...[...order.slice(0, CLOSEST), order[order.length - 1]].map((index) => tile(all[index], index, likeness[index])));
  said.textContent = say("kernelsOf", { kernels: all.length, side: all[0].length });
}

/** @param {Matrix} weights @param {number} index @param {number} likeness */
function tile(weights, index, likeness) {
  const item = document.createElement("li");
  const canvas = item.appendChild(document.createElement("canvas"));
  const words = item.appendChild(document.createElement("span"));
  words.className = "hint";
  words.textContent = say("kernelTile", { number: index, likeness: shown(Number(likeness.toFixed(2))) });
  words.dataset.value = String(likeness);
  canvas.setAttribute("aria-hidden", "true");
  paintMap(canvas, weights.flat(), weights.length, { colour: palette(lesson) });
  return item;
}
