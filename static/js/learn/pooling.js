// @ts-check
/** The lesson "Pooling": window by window on a map of numbers, then on the edges of a digit. */
import { palette } from "../palette.js";
import { fromAddress, toAddress } from "./address.js";
import { convolve, outputSide, pool, windowOf } from "./arithmetic.js";
import { element, marked, math, number, show, shown } from "./formula.js";
import { paintMap } from "./maps.js";
import { NumberGrid } from "./number-grid.js";
import { OwnDigit } from "./own-digit.js";
import { say } from "./texts.js";

/** @typedef {import("./arithmetic.js").Matrix} Matrix */

const SIDE = 4; // of the map
const PACE = 900; // milliseconds between two windows
const EDGES = [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]; // Sobel's
const START = { map: [7, 5, 0, 3, 10, 4, 21, 2, 6, 1, 7, 0, 5, 0, 8, 4], kind: "max", window: 2, stride: 2, at: 0 };

const lesson = /** @type {HTMLElement} */ (document.querySelector(".lesson"));
/** @type {<T extends Element = HTMLElement>(selector: string) => T} */
const find = (selector) => /** @type {any} */ (lesson.querySelector(selector));
const kinds = /** @type {HTMLInputElement[]} */ ([...lesson.querySelectorAll("input[name=kind]")]);
const [windowChoice, strideChoice] = /** @type {HTMLSelectElement[]} */ ([find("select.window"), find("select.stride")]);
const playButton = find(".play-all");
const shift = /** @type {HTMLInputElement} */ (find("input.shift"));

const state = fromAddress(START);
if (!["max", "average"].includes(state.kind)) state.kind = START.kind;
if (![2, 3].includes(state.window)) state.window = START.window;
if (![1, 2, 3].includes(state.stride)) state.stride = START.stride;

const before = new NumberGrid(find(".grid-in"), { changed: (row, column, value) => change({ map: state.map.with(row * SIDE + column, value) }) });
const after = new NumberGrid(find(".grid-out"));
let timer = 0;

for (const kind of kinds) kind.addEventListener("change", () => change({ kind: /** @type {"max"} */ (kind.value) }));
windowChoice.addEventListener("change", () => change({ window: Number(windowChoice.value), at: 0 }));
strideChoice.addEventListener("change", () => change({ stride: Number(strideChoice.value), at: 0 }));
find(".deck").addEventListener("click", () => change(structuredClone(START)));
find(".back").addEventListener("click", () => go(state.at - 1));
find(".forth").addEventListener("click", () => go(state.at + 1));
playButton.addEventListener("click", () => (timer ? pause() : play()));
change({});

// --- Window by window ---

/** Of the pooled map. */
function side() {
  return outputSide(SIDE, state.window, state.stride);
}

/** @param {Partial<typeof START>} how */
function change(how) {
  Object.assign(state, how);
  state.at = Math.min(Math.max(Math.round(state.at), 0), side() ** 2);
  toAddress(state, START);
  refresh();
}

/** @param {number} at windows that are done */
function go(at) {
  pause();
  change({ at });
  find(".stepped").textContent = state.at ? say("poolStep", { at: state.at, all: side() ** 2, value: shown(Number(find(".grid-out [data-lit]").dataset.value)) }) : "";
}

function play() {
  if (state.at === side() ** 2) change({ at: 0 });
  timer = setInterval(() => {
    change({ at: state.at + 1 });
    if (state.at === side() ** 2) pause();
  }, PACE);
  playButton.textContent = say("pause");
}

function pause() {
  clearInterval(timer);
  timer = 0;
  playButton.textContent = say("play");
}

function refresh() {
  const { map, kind, window, stride, at } = state;
  const grid = Array.from({ length: SIDE }, (_, row) => map.slice(row * SIDE, (row + 1) * SIDE));
  const pooled = pool(grid, { window, stride, kind: /** @type {"max"} */ (kind) });
  const [row, column] = [Math.floor((at - 1) / side()), (at - 1) % side()];
  before.show(grid);
  before.light(at ? { row: row * stride, column: column * stride, height: window, width: window } : null);
  after.show(pooled.map((line, i) => line.map((value, j) => (i * side() + j < at ? value : null))));
  after.light(at ? { row, column, height: 1, width: 1 } : null);
  for (const choice of kinds) choice.checked = choice.value === kind;
  [windowChoice.value, strideChoice.value] = [String(window), String(stride)];
  find(".back").ariaDisabled = String(at === 0);
  find(".forth").ariaDisabled = String(at === side() ** 2);
  find(".at").textContent = say("smallAt", { at, all: side() ** 2 });
  show(find("math.side"), math`"side" = "⌊" frac{${SIDE} - ${window}}{${stride}} "⌋" + 1 = ${marked("result", side())}`);
  if (at) show(find("math.one"), formula(windowOf(grid, row * stride, column * stride, window, window).flat(), pooled[row][column]));
  else find("math.one").replaceChildren();
  if (at === side() ** 2) find(".said").textContent = say("pooled", { numbers: pooled.flat().map((each) => Number(each.toFixed(3))).join(", ") });
  else find(".said").textContent = at ? "" : say("poolBegin");
}

/** @param {number[]} values @param {number} result */
function formula(values, result) {
  const listed = element("mrow");
  values.forEach((value, i) => listed.append(...(i ? [element("mo", state.kind === "max" ? "," : "+")] : []), number(value)));
  return state.kind === "max" ? math`max(${listed}) = ${marked("result", result)}` : math`frac{${listed}}{${values.length}} = ${marked("result", result)}`;
}

// --- On a digit ---

/** @type {Matrix | null} from 0 to 1 */
let digit = null;

new OwnDigit(find(".own-digit-place"), "digits-cnn", (seen) => {
  digit = seen && Array.from({ length: seen.side }, (_, row) => Array.from(seen.pixels.subarray(row * seen.side, (row + 1) * seen.side), (pixel) => pixel / 255));
  showMaps();
});
shift.addEventListener("input", showMaps);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", showMaps);

/** @param {Matrix} picture @param {number} by pixels to the right, zeros come in */
const shifted = (picture, by) => picture.map((row) => row.map((_, i) => row[i - by] ?? 0));

/** The digit, its edges, and those pooled once and twice. @param {Matrix} picture */
function mapsOf(picture) {
  const edges = convolve(picture, EDGES, { padding: 1 }).map((row) => row.map((value) => Math.max(value, 0)));
  const pooled = pool(edges, { window: 2 });
  return [picture, edges, pooled, pool(pooled, { window: 2 })];
}

function showMaps() {
  const by = Number(shift.value);
  find(".shifted").textContent = say(Math.abs(by) === 1 ? "pixel" : "pixels", { by: String(by).replace("-", "−") });
  const cells = [...lesson.querySelectorAll(".change")];
  if (!digit) {
    for (const cell of cells) cell.textContent = "–";
    return;
  }
  const [still, moved] = [mapsOf(digit), mapsOf(shifted(digit, by))];
  moved.forEach((map, i) => {
    paintMap(find(`canvas.m${i}`), map.flat(), map[0].length, { colour: palette(lesson, "ink") });
    const change = far(still[i].flat(), map.flat());
    cells[i].textContent = say("percent", { share: String(Math.round(100 * change)) });
    /** @type {HTMLElement} */ (cells[i]).dataset.value = String(change);
  });
}

/** @param {number[]} one @param {number[]} other */
function far(one, other) {
  const total = one.reduce((sum, value, i) => sum + Math.abs(value) + Math.abs(other[i]), 0);
  return total ? (2 * one.reduce((sum, value, i) => sum + Math.abs(value - other[i]), 0)) / total : 0;
}
