// @ts-check
/** Curves over the epochs by uPlot: zoom by dragging, a crosshair, marks, logarithmic or not. */
import uPlotModule from "../vendor/uplot-1.6.32/uPlot.esm.js";
import { brief, say } from "./texts.js";

const uPlot = /** @type {any} */ (uPlotModule);

/**
 * @typedef {{ colour: string, width: number, dots?: boolean }} Line colour: a token of style.css
 * @typedef {{ epoch: number, rate: number }} Mark
 * @typedef {{ lines: Line[], range: (least: number | null, most: number | null) => [number, number], write: (value: number) => string,
 *   zoomed: (span: Span | null) => void, pointed: (row: number | null) => void }} Options
 * @typedef {{ min: number, max: number }} Span in epochs
 * @typedef {(number | null)[][]} Columns x first
 */

const AXIS = 56; // px for the numbers at the left
const FAINT = 0.35;

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
    new ResizeObserver(() => this.#plot.setSize(this.#size())).observe(place);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#plot.redraw());
  }

  /** @param {Columns} columns @param {number} end of the run so far, in epochs @param {Mark[]} [marks] */
  show(columns, end, marks = []) {
    this.#end = end;
    this.#columns = columns;
    this.#marks = marks;
    this.#update();
  }

  /** @param {Span | null} span null: the whole run */
  zoom(span) {
    this.#zoom = span;
    this.#update();
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
    const whole = { min: 0, max: this.#end || 1 };
    this.#plot.batch(() => {
      this.#plot.setData(this.#columns, false);
      this.#plot.setScale("x", this.#zoom ?? whole);
    });
  }

  #size() {
    return { width: Math.max(this.#place.clientWidth, 100), height: Math.max(this.#place.clientHeight, 100) };
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
          bind: { dblclick: () => () => this.#ask(null) },
        },
        hooks: {
          setSelect: [() => this.#selected()],
          setCursor: [(/** @type {any} */ plot) => pointed(plot.cursor.left < 0 ? null : plot.cursor.idx)],
          draw: [() => this.#drawMarks()],
        },
      },
      this.#columns,
      this.#place,
    );
  }

  /** @param {Line} line @param {number} i */
  #line({ colour, width, dots }, i) {
    const stroke = this.#token(colour);
    const points = dots ? { show: true, size: 6, fill: stroke } : { show: false };
    return { stroke, width, points, spanGaps: true, alpha: this.#faint[i] ? FAINT : 1, show: !this.#hidden[i] };
  }

  /** @param {number | null} least @param {number | null} most */
  #range(least, most) {
    if (this.#isLog) return least === null || most === null ? [0.01, 10] : uPlot.rangeLog(Math.max(least, 1e-9), Math.max(most, 1e-8), 10, false);
    return this.#options.range(least, most);
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
    this.#ask(span);
  }

  /** @param {Span | null} span */
  #ask(span) {
    this.#options.zoomed(span);
  }

  #drawMarks() {
    const { ctx, bbox } = this.#plot;
    const scale = devicePixelRatio;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    ctx.strokeStyle = ctx.fillStyle = this.#token("--alert")();
    ctx.font = `${12 * scale}px ${this.#style.fontFamily}`;
    ctx.lineWidth = 1.5 * scale;
    ctx.setLineDash([5 * scale, 4 * scale]);
    for (const { epoch, rate } of this.#marks) {
      const x = this.#plot.valToPos(epoch, "x", true);
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
      const isRight = x > bbox.left + 0.8 * bbox.width;
      ctx.textAlign = isRight ? "right" : "left";
      ctx.fillText(say("markedRate", { rate: brief(rate) }), x + (isRight ? -5 : 5) * scale, bbox.top + 14 * scale);
    }
    ctx.restore();
  }
}
