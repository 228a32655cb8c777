// @ts-check
/** A dataset's test pictures as the network's last hidden layer lays them out, with the drawing among them. */
import { ask } from "./ask.js";
import { addressOf } from "./glass-ask.js";
import { whileOpen } from "./lab.js";
import { asTable, element } from "./numbers.js";
import { LatestWins } from "./predict.js";
import { UNIT, count, percent, say } from "./texts.js";

/**
 * @typedef {{ x: number[], y: number[], label: number[], read: number[] }} Points
 * @typedef {{ part: string, of: number, classes: string[], width: number, explained: number[], points: Points }} Atlas
 * @typedef {{ x: number, y: number }} Place
 */

const SHOWN = 2000; // points
const REACH = 24; // pixels from the pointer to a point
const EDGE = 0.06; // of the canvas, left free at its sides
const NAMED = 3; // signs that a label may have to be drawn as the point itself
const PARTS = ["test", "validation"]; // the test part of a run opens when it is finished

/** @param {HTMLDetailsElement} panel @param {import("./lab.js").Lab} lab */
export function mount(panel, lab) {
  const part = /** @type {<T extends HTMLElement>(selector: string) => T} */ ((selector) => /** @type {any} */ (panel.querySelector(selector)));
  const canvas = /** @type {HTMLCanvasElement} */ (part("canvas"));
  /** @type {View | null} */
  let view = null;
  /** @type {Promise<void> | null} */
  let loading = null;

  const placing = new LatestWins({
    answered(answer) {
      if (view) view.you = /** @type {import("./glass-ask.js").Explained} */ (answer).reasons?.place ?? null;
    },
    failed: () => {},
    waiting: () => {},
  });

  /** @param {boolean} final */
  async function refresh(final) {
    if (final) loading ??= load();
    await loading;
    if (!view) return;
    const { model, subject } = lab;
    if (!model || !subject) {
      placing.forget();
      view.you = null;
      return;
    }
    const query = { layers: "false", reasons: "place", part: view.atlas.part };
    placing.ask({ model: model.name, classes: model.classes.length, final, body: subject.picture, verb: "explain", query });
  }

  async function load() {
    part(".told").textContent = say("mapWait");
    panel.ariaBusy = "true";
    try {
      const atlas = await mapOf(/** @type {import("./lab.js").Model} */ (lab.model));
      part(".atlas").hidden = false;
      view = new View(canvas, part(".point"), atlas, `${addressOf(/** @type {import("./lab.js").Model} */ (lab.model))}/picture?part=${atlas.part}&limit=${SHOWN}`);
      part(".told").textContent = say("mapTold", { shown: count(atlas.points.x.length), of: count(atlas.of), part: say(atlas.part === "test" ? "partTest" : "partValidation"), share: percent(atlas.explained[0] + atlas.explained[1]) + UNIT });
      part(".width").textContent = count(atlas.width);
      legend(part(".classes"), atlas);
      part(".numbers").replaceChildren(classTable(atlas));
    } catch (error) {
      part(".told").textContent = /** @type {Error} */ (error).message;
      loading = null;
    }
    panel.ariaBusy = "false";
  }

  whileOpen(panel, lab, refresh);
}

/** @param {import("./lab.js").Model} model @returns {Promise<Atlas>} */
async function mapOf(model) {
  const [first, second] = PARTS.map((part) => `${addressOf(model)}/map?part=${part}&limit=${SHOWN}`);
  try {
    return await ask("GET", first);
  } catch (error) {
    if (/** @type {import("./predict.js").Refusal} */ (error).reason?.code !== "not_finished") throw error;
    return ask("GET", second);
  }
}

class View {
  #canvas;
  #figure;
  #pictures;
  #chosen = -1;
  /** @type {Place | null} */
  #you = null;
  #drawn = 0;
  #frame;

  /** @param {HTMLCanvasElement} canvas @param {HTMLElement} figure @param {Atlas} atlas @param {string} pictures address of a point's picture, without the point */
  constructor(canvas, figure, atlas, pictures) {
    this.#canvas = canvas;
    this.#figure = figure;
    this.#pictures = pictures;
    this.atlas = atlas;
    this.#frame = frameOf(atlas.points);
    canvas.ariaLabel = say("mapLabelled", { shown: count(atlas.points.x.length), classes: atlas.classes.length });
    canvas.addEventListener("pointermove", (event) => this.#point(event));
    canvas.addEventListener("pointerdown", (event) => this.#point(event));
    canvas.addEventListener("keydown", (event) => this.#key(event));
    new ResizeObserver(() => this.#draw()).observe(/** @type {HTMLElement} */ (canvas.parentElement));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#draw());
    this.#draw();
  }

  /** @param {Place | null} place of the drawing */
  set you(place) {
    this.#you = place;
    this.#draw();
  }

  /** Canvas pixels of a place. @param {number} x @param {number} y */
  #at(x, y) {
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    const { across, up, spread } = this.#frame;
    const scale = (1 - 2 * EDGE) * Math.min(width / spread[0], height / spread[1]); // one for both, so that distances are true
    return [width / 2 + (x - across) * scale, height / 2 - (y - up) * scale];
  }

  #draw() {
    cancelAnimationFrame(this.#drawn);
    this.#drawn = requestAnimationFrame(() => this.#paint());
  }

  #paint() {
    const ratio = devicePixelRatio;
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    if (!width) return;
    this.#canvas.width = width * ratio;
    this.#canvas.height = height * ratio;
    const context = /** @type {CanvasRenderingContext2D} */ (this.#canvas.getContext("2d"));
    context.scale(ratio, ratio);
    const style = getComputedStyle(this.#canvas);
    const colours = coloursOf(this.atlas.classes.length, isDark());
    context.textAlign = "center";
    context.textBaseline = "middle";
    this.#paintPoints(context, style, colours);
    this.#paintNames(context, style, colours);
    if (this.#chosen >= 0) this.#ring(context, this.atlas.points.x[this.#chosen], this.atlas.points.y[this.#chosen], 9, style.getPropertyValue("--ink"), style.getPropertyValue("--sheet"));
    if (this.#you) this.#paintYou(context, style, this.#you);
  }

  /** @param {CanvasRenderingContext2D} context @param {CSSStyleDeclaration} style @param {string[]} colours */
  #paintPoints(context, style, colours) {
    const { points, classes } = this.atlas;
    context.font = `11px ${style.fontFamily}`;
    context.globalAlpha = 0.8;
    for (let i = 0; i < points.x.length; i++) {
      const [x, y] = this.#at(points.x[i], points.y[i]);
      const label = classes[points.label[i]];
      context.fillStyle = colours[points.label[i]];
      if (label.length < NAMED) context.fillText(label, x, y);
      else context.fillRect(x - 2, y - 2, 4, 4);
      if (points.read[i] !== points.label[i]) this.#ring(context, points.x[i], points.y[i], 6, style.getPropertyValue("--alert"));
    }
    context.globalAlpha = 1;
  }

  /** Each class's name at its middle. @param {CanvasRenderingContext2D} context @param {CSSStyleDeclaration} style @param {string[]} colours */
  #paintNames(context, style, colours) {
    context.font = `700 18px ${style.fontFamily}`;
    context.lineWidth = 5;
    context.lineJoin = "round";
    context.strokeStyle = style.getPropertyValue("--sheet");
    for (const { label, x, y, n } of middles(this.atlas)) {
      if (!n) continue;
      const [left, top] = this.#at(x, y);
      context.fillStyle = colours[label];
      context.strokeText(this.atlas.classes[label], left, top);
      context.fillText(this.atlas.classes[label], left, top);
    }
  }

  /** @param {CanvasRenderingContext2D} context @param {CSSStyleDeclaration} style @param {Place} place */
  #paintYou(context, style, { x, y }) {
    const [left, top] = this.#at(x, y).map((at, i) => Math.min(Math.max(at, 12), (i ? this.#canvas.clientHeight : this.#canvas.clientWidth) - 12));
    for (const [colour, line, size] of /** @type {[string, number, number][]} */ ([["--sheet", 7, 11], ["--ink", 3, 11]])) {
      context.strokeStyle = style.getPropertyValue(colour);
      context.lineWidth = line;
      context.beginPath();
      context.arc(left, top, size, 0, 2 * Math.PI);
      for (const [dx, dy] of [[-1, 0], [1, 0], [0, -1], [0, 1]]) {
        context.moveTo(left + 5 * dx, top + 5 * dy);
        context.lineTo(left + 17 * dx, top + 17 * dy);
      }
      context.stroke();
    }
  }

  /** @param {CanvasRenderingContext2D} context @param {number} x @param {number} y @param {number} radius @param {string} colour @param {string} [halo] */
  #ring(context, x, y, radius, colour, halo) {
    const [left, top] = this.#at(x, y);
    for (const [stroke, line] of /** @type {[string, number][]} */ ([...(halo ? [[halo, 5]] : []), [colour, halo ? 2.5 : 1]])) {
      context.strokeStyle = stroke;
      context.lineWidth = line;
      context.beginPath();
      context.arc(left, top, radius, 0, 2 * Math.PI);
      context.stroke();
    }
  }

  /** @param {PointerEvent} event */
  #point({ offsetX, offsetY }) {
    const { x, y } = this.atlas.points;
    const near = nearest(x.map((_, i) => this.#at(x[i], y[i])), [offsetX, offsetY]);
    if (near.distance < REACH) this.#choose(near.index);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!step && event.key !== "Home") return;
    event.preventDefault();
    const { x, y } = this.atlas.points;
    const places = x.map((_, i) => this.#at(x[i], y[i]));
    if (!step || this.#chosen < 0) return this.#choose(nearest(places, this.#you ? this.#at(this.#you.x, this.#you.y) : [this.#canvas.clientWidth / 2, this.#canvas.clientHeight / 2]).index);
    const next = onwards(places, this.#chosen, step);
    if (next >= 0) this.#choose(next);
  }

  /** @param {number} index */
  #choose(index) {
    if (index === this.#chosen) return;
    this.#chosen = index;
    const { points, classes } = this.atlas;
    const image = /** @type {HTMLImageElement} */ (this.#figure.querySelector("img"));
    image.hidden = false;
    image.src = `${this.#pictures}&point=${index}`;
    const [label, read] = [classes[points.label[index]], classes[points.read[index]]];
    /** @type {HTMLElement} */ (this.#figure.querySelector("figcaption")).textContent = say(label === read ? "mapPoint" : "mapPointWrong", { label, read });
    this.#draw();
  }
}

const isDark = () => matchMedia("(prefers-color-scheme: dark)").matches;

/** Hues at equal distances, of one lightness. @param {number} count @param {boolean} dark */
const coloursOf = (count, dark) => Array.from({ length: count }, (_, i) => `oklch(${dark ? 0.78 : 0.52} 0.14 ${Math.round((360 * i) / count) + 20})`);

/** The middle of all points, and how far they spread. @param {Points} points */
function frameOf({ x, y }) {
  const [left, right, bottom, top] = [Math.min(...x), Math.max(...x), Math.min(...y), Math.max(...y)];
  return { across: (left + right) / 2, up: (bottom + top) / 2, spread: [right - left || 1, top - bottom || 1] };
}

/** @param {number[][]} places @param {number[]} from */
function nearest(places, [x, y]) {
  const distances = places.map((place) => Math.hypot(place[0] - x, place[1] - y));
  const distance = Math.min(...distances);
  return { index: distances.indexOf(distance), distance };
}

/** The nearest place within 45 degrees of a direction, -1 where there is none. @param {number[][]} places @param {number} from @param {number[]} direction */
function onwards(places, from, [dx, dy]) {
  let best = -1;
  let least = Infinity;
  places.forEach(([x, y], i) => {
    const [right, down] = [x - places[from][0], y - places[from][1]];
    const ahead = right * dx + down * dy;
    const aside = Math.abs(right * dy) + Math.abs(down * dx);
    if (i !== from && ahead > 0 && ahead >= aside && ahead + aside < least) [best, least] = [i, ahead + aside];
  });
  return best;
}

/** Where the middle of each class's points lies, and how many there are and are read right. @param {Atlas} atlas */
function middles({ classes, points }) {
  return classes.map((_, label) => {
    const rows = [...points.label.keys()].filter((i) => points.label[i] === label);
    const middle = (/** @type {number[]} */ values) => rows.map((i) => values[i]).sort((a, b) => a - b)[rows.length >> 1] ?? 0;
    return { label, x: middle(points.x), y: middle(points.y), n: rows.length, right: rows.filter((i) => points.read[i] === label).length };
  });
}

/** @param {HTMLElement} list @param {Atlas} atlas */
function legend(list, { classes }) {
  const mark = coloursOf(classes.length, isDark());
  list.replaceChildren(...classes.map((label, i) => {
    const item = element("li", "", label);
    item.style.setProperty("--mark", mark[i]);
    return item;
  }));
}

/** @param {Atlas} atlas */
function classTable(atlas) {
  const rows = middles(atlas).map(({ label, x, y, n, right }) => [atlas.classes[label], x.toFixed(2), y.toFixed(2), count(n), count(right)]);
  return asTable(say("mapTable"), [say("mapClass"), say("mapAcross"), say("mapUp"), say("mapPictures"), say("mapRight")], rows);
}
