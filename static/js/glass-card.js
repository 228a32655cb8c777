// @ts-check
/** One layer of a network: its maps or values, and when it is open its weights and the chosen unit. */
import { showDetail } from "./glass-detail.js";
import { Exciting } from "./glass-exciting.js";
import { formulaOf } from "./glass-unit.js";
import { barAt, bars, element, plain, refill } from "./numbers.js";
import { count, say } from "./texts.js";
import { lay, mark, roomOf, tileAt } from "./tiles.js";

/** @typedef {import("./tiles.js").Tiles} Tiles */
/** @typedef {import("./glass-layers.js").Layer} Layer */
/** @typedef {import("./glass-unit.js").Unit} Unit */

const WIDE = { across: 8, least: 56, most: 16 }; // maps in a row, pixels of a map's side, maps seen without opening a layer
const NARROW = { across: 4, least: 66, most: 8, room: 470 }; // where there is less room than this

export class Card {
  #part;
  #layer;
  #inputs;
  #classes;
  #onChoose;
  #exciting;
  /** @type {Unit | null} */
  #unit = null;
  #canvas;
  /** Where the maps lie on each canvas. @type {Map<HTMLCanvasElement, import("./tiles.js").Plan>} */
  #plans = new Map();
  /** Where the bars stand. @type {{ each: number, perRow: number } | null} */
  #plan = null;
  /** The chosen unit's weights: drawn once, since they do not change with the picture. @type {{ unit: number, figures: HTMLElement[] } | null} */
  #weights = null;
  #isSeen = false;
  #isDrawn = true;
  #room = 0;

  /**
   * @param {HTMLElement} item @param {Layer} layer
   * @param {{ inputs: string[] | null, classes: string[] | null, exciting: string, opened: (isOpen: boolean) => void, chosen: (unit: number, place: number[] | null) => void }} options
   */
  constructor(item, layer, { inputs, classes, exciting, opened, chosen }) {
    this.element = item;
    this.#part = /** @type {<T extends HTMLElement>(selector: string) => T} */ ((selector) => /** @type {any} */ (item.querySelector(selector)));
    this.#canvas = /** @type {HTMLCanvasElement} */ (this.#part("canvas"));
    this.#layer = layer;
    this.#inputs = inputs;
    this.#classes = classes;
    this.#onChoose = chosen;
    this.name = layer.name;
    const details = /** @type {HTMLDetailsElement} */ (this.#part(".exciting"));
    details.hidden = layer.kind === "Looks"; // other looks' answers: no unit of its own
    this.#part("details").hidden = layer.kind === "Closed";
    this.#exciting = new Exciting(details, exciting);
    this.#tell();
    this.#part("details").addEventListener("toggle", () => opened(this.#isOpen));
    for (const canvas of item.querySelectorAll("canvas")) canvas.addEventListener("click", (event) => this.#clicked(canvas, event));
    for (const kind of ["unit", "row", "column"]) this.#input(kind).addEventListener("change", () => this.#typed(kind !== "unit"));
    this.#part(".choose button").addEventListener("click", () => this.#onChoose(this.#unit?.unit ?? 0, null));
    this.#part(".choose").addEventListener("submit", (event) => event.preventDefault());
    new IntersectionObserver((entries) => this.#seen(entries[entries.length - 1].isIntersecting), { rootMargin: "200px" }).observe(item);
  }

  get #isOpen() {
    return /** @type {HTMLDetailsElement} */ (this.#part("details")).open;
  }

  close() {
    /** @type {HTMLDetailsElement} */ (this.#part("details")).open = false;
  }

  /** @param {Layer} layer @param {Unit | null} unit @param {boolean} isLargest whether its place is where it is largest */
  show(layer, unit, isLargest) {
    this.#layer = layer;
    this.#unit = unit;
    this.#part(".choose button").ariaPressed = String(isLargest);
    const { title, shape, maps, values } = layer;
    this.#canvas.ariaLabel = say(maps ? "mapsOf" : "valuesOf", { title, shown: maps ? Math.min(this.#look.most, maps.shown) : values?.length ?? 0, units: shape[0] });
    if (maps) this.#part(".every canvas").ariaLabel = this.#part(".every p").textContent = say(maps.shown < shape[0] ? "firstMaps" : "allMaps", { shown: maps.shown, units: shape[0] });
    this.redraw();
  }

  redraw() {
    const isFirst = !this.#plan && !this.#plans.size; // all are drawn once: then nothing moves when one scrolls
    this.#isDrawn = false;
    if (this.#isSeen || isFirst) this.#draw();
  }

  /** Everything anew, in other colours or another size. */
  restyle() {
    this.#part(".more").replaceChildren();
    this.#weights = null;
    this.redraw();
  }

  resized() {
    const room = this.element.clientWidth;
    if (room !== this.#room) this.restyle();
    this.#room = room;
  }

  /** @param {boolean} isSeen */
  #seen(isSeen) {
    this.#isSeen = isSeen;
    if (isSeen && !this.#isDrawn) this.#draw();
  }

  /** What does not change with the picture. */
  #tell() {
    const { title, name, sentence, shape, parameters, branch, maps } = this.#layer;
    this.#part("h3").textContent = title;
    this.#part("code").textContent = name;
    this.#part("summary .unseen").textContent = title;
    this.#part(".sentence").textContent = sentence;
    this.element.toggleAttribute("data-branch", Boolean(branch));
    const size = say(shape.length === 3 ? "shapeMaps" : "shapeUnits", { units: count(shape[0]), height: shape[1], width: shape[2] });
    this.#part(".facts").textContent = say(parameters ? "layerFacts" : "layerFactsNone", { size, parameters: count(parameters) });
    this.#part(".choose .called").textContent = say(maps ? "mapLabel" : "unitLabel");
    for (const at of /** @type {NodeListOf<HTMLElement>} */ (this.element.querySelectorAll(".at"))) at.hidden = !maps;
    this.#part(".pick").textContent = say(maps ? "pickMap" : "pickUnit");
    for (const [kind, most] of /** @type {[string, number | undefined][]} */ ([["unit", shape[0]], ["row", shape[1]], ["column", shape[2]]])) this.#input(kind).max = String((most ?? 1) - 1);
  }

  #draw() {
    this.#isDrawn = true;
    const { maps, values, detail } = this.#layer;
    if (maps) this.#drawMaps(maps);
    else if (values) this.#drawValues(values);
    this.#part(".range").textContent = this.#scaleTold();
    if (!this.#isOpen) return;
    this.#showUnit();
    if (detail) showDetail(this.#part(".more"), detail, values ?? [], say(maps ? "map" : "unit"));
  }

  get #look() {
    return roomOf(this.#canvas) < NARROW.room ? NARROW : WIDE;
  }

  /** The first ones in sight, all of them in the open layer. @param {Tiles} maps */
  #drawMaps(maps) {
    this.#drawTiles(this.#canvas, maps, this.#look.most);
    const all = this.#part(".every");
    all.hidden = this.#layer.shape[0] <= this.#look.most;
    if (this.#isOpen && !all.hidden) this.#drawTiles(/** @type {HTMLCanvasElement} */ (all.querySelector("canvas")), maps, maps.shown);
  }

  /** @param {HTMLCanvasElement} canvas @param {Tiles} maps @param {number} most */
  async #drawTiles(canvas, maps, most) {
    const plan = await lay(canvas, maps, { ...this.#look, gap: 4, most }).catch(() => null);
    if (!plan) return;
    this.#plans.set(canvas, plan);
    if (!this.#unit) return;
    const [, height, width] = this.#layer.shape;
    const [row, column] = this.#unit.place ?? [0, 0];
    mark(canvas, plan, this.#unit.unit, { x: (column + 0.5) / width, y: (row + 0.5) / height });
  }

  /** @param {number[]} values */
  #drawValues(values) {
    this.#part(".every").hidden = true;
    this.#canvas.toggleAttribute("data-bars", true);
    this.#plan = bars(this.#canvas, values, roomOf(this.#canvas), this.#unit?.unit, this.#classes ?? undefined);
  }

  #scaleTold() {
    const { maps, values, shape } = this.#layer;
    const { most: first } = this.#look;
    if (maps) return say(first < shape[0] ? "scaleMapsFirst" : "scaleMaps", { shown: first, units: shape[0], minimum: plain(maps.minimum), maximum: plain(maps.maximum) });
    if (!values) return say("shapeAlone");
    const [least, most] = [plain(Math.min(...values)), plain(Math.max(...values))];
    return say(values.length < shape[0] ? "scaleValuesFirst" : "scaleValues", { shown: values.length, units: count(shape[0]), least, most });
  }

  #showUnit() {
    const unit = this.#unit;
    const place = this.#part(".one");
    place.hidden = !unit;
    if (!unit) return;
    const [row, column] = unit.place ?? [0, 0];
    for (const [kind, value] of /** @type {[string, number][]} */ ([["unit", unit.unit], ["row", row], ["column", column]])) {
      if (!this.#input(kind).matches(":focus")) this.#input(kind).value = String(value);
    }
    this.#exciting.show(unit.unit);
    refill(place, [element("h4", "", this.told), ...formulaOf(unit, this.#inputs), ...this.#ownWeights(unit)]);
  }

  /** What the chosen unit says. */
  get told() {
    if (!this.#unit) return "";
    const { unit, place, value } = this.#unit;
    const [row, column] = place ?? [0, 0];
    const name = this.#classes ? say("unitOfClass", { label: this.#classes[unit] }) : say(place ? "unitAt" : "unitNamed", { unit, row, column });
    return say("unitTitle", { name, value: plain(value) });
  }

  /** @param {Unit} unit */
  #ownWeights(unit) {
    if (this.#weights?.unit !== unit.unit) this.#weights = { unit: unit.unit, figures: this.#drawnWeights(unit) };
    return this.#weights.figures;
  }

  /** @param {Unit} unit */
  #drawnWeights({ weights, formula }) {
    if (!weights) return [];
    const figure = element("figure", "weights");
    const canvas = element("canvas");
    canvas.role = "img";
    canvas.ariaLabel = say(ownWeights(formula, weights.shown), { shown: weights.shown });
    const holder = element("div", "picture", canvas);
    figure.append(element("figcaption", "", canvas.ariaLabel), holder);
    requestAnimationFrame(() => lay(canvas, weights, { least: weights.tile > 11 ? (weights.shown > 1 ? 56 : 112) : 40, gap: 4 }).catch(() => {}));
    return [figure];
  }

  /** @param {HTMLCanvasElement} canvas @param {MouseEvent} event */
  #clicked(canvas, event) {
    const [units, height, width] = this.#layer.shape;
    const plan = this.#plans.get(canvas);
    const found = plan && tileAt(canvas, plan, event);
    if (found) return this.#chooseOpen(found.tile, [Math.floor(found.y * height), Math.floor(found.x * width)]);
    const unit = this.#plan ? barAt(canvas, this.#plan, event) : units;
    if (unit < Math.min(units, this.#layer.values?.length ?? 0)) this.#chooseOpen(unit, null);
  }

  /** @param {number} unit @param {number[] | null} place */
  #chooseOpen(unit, place) {
    this.#onChoose(unit, place);
    /** @type {HTMLDetailsElement} */ (this.#part("details")).open = true;
  }

  /** @param {boolean} isPlace */
  #typed(isPlace) {
    const [unit, row, column] = ["unit", "row", "column"].map((kind) => within(this.#input(kind)));
    this.#onChoose(unit, isPlace ? [row, column] : null);
  }

  /** @param {string} kind @returns {HTMLInputElement} */
  #input(kind) {
    return /** @type {HTMLInputElement} */ (this.#part(`input.${kind}`));
  }
}

/** @param {import("./glass-unit.js").Formula} formula @param {number} shown */
function ownWeights({ kind }, shown) {
  if (kind === "sum") return shown > 3 ? "ownRows" : "ownRow";
  return shown > 1 ? "ownKernels" : "ownKernel";
}

/** @param {HTMLInputElement} input */
function within(input) {
  const value = Math.min(Math.max(Math.round(input.valueAsNumber) || 0, 0), Number(input.max));
  input.value = String(value);
  return value;
}
