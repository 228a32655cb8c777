// @ts-check
/** Curves over the epochs by uPlot: zoom by mouse, fingers and keys, a crosshair, marks, lines under them, logarithmic or not. */
import uPlotModule from "../vendor/uplot-1.6.32/uPlot.esm.js";
import { closer, fingersOn, keysOn } from "./chart-hands.js";
import { brief } from "./texts.js";

const uPlot = /** @type {any} */ (uPlotModule);

/**
 * @typedef {{ colour: string, width: number, dots?: boolean | "where they fit", dash?: number[] }} Line colour: a token of style.css
 * @typedef {{ epoch: number, label: string }} Mark
 * @typedef {{ x: number[], y: (number | null)[], colour: string, dash?: number[] }} Under a line that lies under the curves
 * @typedef {{ lines: Line[], range: (least: number | null, most: number | null) => [number, number], write: (value: number) => string,
 *   zoomed: (span: Span | null) => void, pointed: (row: number | null) => void }} Options
 * @typedef {import("./chart-hands.js").Span} Span
 * @typedef {(number | null)[][]} Columns x first
 */

const AXIS = 56; // px for the numbers at the left
const FAINT = 0.35;
const LABEL = 90; // px that a mark's label needs beside another one

export class CurveChart {
  #place;
  #options;
  #style;
  /** @type {any} */
  #plot;
  /** @type {Columns} */
  #columns;
  /** @type {Mark[]} */
  #marks = [];
  /** @type {Under[]} */
  #under = [];
  /** @type {Span | null} */
  #zoom = null;
  #isLog = false;
  #end = 0;
  /** @type {boolean[]} */
  #faint = [];
  /** @type {boolean[]} */
  #hidden = [];

  /** @param {HTMLElement} place has a height of its own @param {Options} options */
  constructor(place, options) {
    this.#place = place;
    this.#options = options;
    this.#style = getComputedStyle(place);
    this.#columns = [[], ...options.lines.map(() => [])];
    this.#make();
    if (place.tabIndex >= 0) keysOn(place, this.#hands());
    new ResizeObserver(() => this.#plot.setSize(this.#size())).observe(place);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#plot.redraw());
  }

  /** @param {Columns} columns @param {number} end of the run so far, in epochs @param {{ marks?: Mark[], under?: Under[] }} [more] */
  show(columns, end, { marks = [], under = [] } = {}) {
    this.#end = end;
    this.#columns = columns;
    this.#marks = marks;
    this.#under = under;
    this.#update();
  }

  /** @param {Span | null} span null: the whole run */
  zoom(span) {
    this.#zoom = span;
    this.#update();
  }

  /** Asks to show half as much of the run, around the crosshair, or twice as much. @param {number} factor */
  askFor(factor) {
    this.#options.zoomed(closer(this.#hands(), factor));
  }

  /** @param {boolean} isLog */
  setLog(isLog) {
    this.#isLog = isLog;
    this.#plot.destroy();
    this.#make();
    this.#update();
  }

  /** @param {number} line @param {"plain" | "faint" | "hidden"} look */
  setLook(line, look) {
    this.#faint[line] = look === "faint";
    this.#hidden[line] = look === "hidden";
    this.#plot.series[line + 1].alpha = look === "faint" ? FAINT : 1;
    this.#plot.setSeries(line + 1, { show: look !== "hidden" });
    this.#plot.redraw();
  }

  #update() {
    this.#plot.batch(() => {
      this.#plot.setData(this.#columns, false);
      this.#plot.setScale("x", this.#zoom ?? this.#whole());
    });
  }

  #whole() {
    return { min: 0, max: this.#end || 1 };
  }

  #size() {
    return { width: Math.max(this.#place.clientWidth, 100), height: Math.max(this.#place.clientHeight, 100) };
  }

  /** @returns {import("./chart-hands.js").Chart} */
  #hands() {
    return {
      width: () => this.#plot.over.clientWidth,
      span: () => this.#zoom ?? this.#whole(),
      whole: () => this.#whole(),
      zoom: (span) => this.#options.zoomed(span),
      point: (left) => this.#plot.setCursor({ left, top: 0 }, true, true),
      pointed: () => (this.#plot.cursor.left < 0 ? null : this.#plot.cursor.left),
    };
  }

  #make() {
    const { lines, write, pointed } = this.#options;
    const axis = { stroke: this.#token("--ink-soft"), grid: { stroke: this.#token("--line"), width: 1 }, ticks: { show: false }, font: `12px ${this.#style.fontFamily}` };
    this.#plot = new uPlot(
      {
        ...this.#size(),
        legend: { show: false },
        scales: { x: { time: false }, y: { distr: this.#isLog ? 3 : 1, range: (/** @type {any} */ _, /** @type {number} */ least, /** @type {number} */ most) => this.#range(least, most) } },
        axes: [
          { ...axis, size: 32, values: (/** @type {any} */ _, /** @type {number[]} */ splits) => splits.map(brief) },
          { ...axis, size: AXIS, values: (/** @type {any} */ _, /** @type {(number | null)[]} */ splits) => splits.map((split) => (split === null ? "" : write(split))) },
        ],
        series: [{}, ...lines.map((line, i) => this.#line(line, i))],
        cursor: {
          sync: { key: "run", setSeries: false },
          drag: { x: true, y: false, setScale: false },
          points: { show: false },
          bind: { dblclick: () => () => this.#options.zoomed(null) },
        },
        hooks: {
          setSelect: [() => this.#selected()],
          setCursor: [(/** @type {any} */ plot) => pointed(plot.cursor.left < 0 ? null : plot.cursor.idx)],
          drawAxes: [() => this.#within(() => this.#under.forEach((line) => this.#drawUnder(line)))],
          draw: [() => this.#within(() => this.#drawMarks())],
        },
      },
      this.#columns,
      this.#place,
    );
    fingersOn(this.#plot.over, this.#hands());
  }

  /** @param {Line} line @param {number} i */
  #line({ colour, width, dots, dash }, i) {
    const stroke = this.#token(colour);
    const points = dots === true ? { show: true, size: 6, fill: stroke } : dots ? { size: 6, fill: stroke } : { show: false };
    return { stroke, width, dash, points, spanGaps: true, alpha: this.#faint[i] ? FAINT : 1, show: !this.#hidden[i] };
  }

  /** @param {number | null} least @param {number | null} most */
  #range(least, most) {
    const lowest = this.#with(least, Math.min);
    const highest = this.#with(most, Math.max);
    if (!this.#isLog) return this.#options.range(lowest, highest);
    return lowest === null || highest === null ? [0.01, 10] : uPlot.rangeLog(Math.max(lowest, 1e-9), Math.max(highest, 1e-8), 10, false);
  }

  /** What lies under the curves is seen whole, too. @param {number | null} edge @param {(...values: number[]) => number} pick */
  #with(edge, pick) {
    const values = this.#under.flatMap(({ y }) => y.filter((value) => value !== null));
    return values.length ? pick(edge ?? values[0], ...values) : edge;
  }

  /** In the theme of the moment. @param {string} name */
  #token(name) {
    return () => this.#style.getPropertyValue(name).trim();
  }

  #selected() {
    const { left, width } = this.#plot.select;
    if (width < 4) return;
    const span = { min: this.#plot.posToVal(left, "x"), max: this.#plot.posToVal(left + width, "x") };
    this.#plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.#options.zoomed(span);
  }

  /** Nothing of the drawing leaves the plot. @param {() => void} draw */
  #within(draw) {
    const { ctx, bbox } = this.#plot;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    draw();
    ctx.restore();
  }

  /** @param {Under} line */
  #drawUnder({ x, y, colour, dash = [] }) {
    const { ctx } = this.#plot;
    ctx.strokeStyle = this.#token(colour)();
    ctx.lineWidth = 2 * devicePixelRatio;
    ctx.lineJoin = "round";
    ctx.setLineDash(dash.map((length) => length * devicePixelRatio));
    ctx.beginPath();
    y.forEach((value, i) => value !== null && ctx.lineTo(this.#plot.valToPos(x[i], "x", true), this.#plot.valToPos(this.#isLog ? Math.max(value, 1e-9) : value, "y", true)));
    ctx.stroke();
  }

  /** A label that would lie on the one before it goes a line down. */
  #drawMarks() {
    const { ctx, bbox } = this.#plot;
    const scale = devicePixelRatio;
    ctx.strokeStyle = ctx.fillStyle = this.#token("--alert")();
    ctx.font = `${12 * scale}px ${this.#style.fontFamily}`;
    ctx.lineWidth = 1.5 * scale;
    ctx.setLineDash([5 * scale, 4 * scale]);
    let row = 0;
    let last = -Infinity;
    for (const { epoch, label } of this.#marks) {
      const x = this.#plot.valToPos(epoch, "x", true);
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
      row = x - last < LABEL * scale ? row + 1 : 0;
      last = x;
      const isRight = x > bbox.left + 0.8 * bbox.width;
      ctx.textAlign = isRight ? "right" : "left";
      ctx.fillText(label, x + (isRight ? -5 : 5) * scale, bbox.top + (14 + 15 * row) * scale);
    }
  }
}
