// @ts-check
/** A run's two charts, losses and accuracy, with their switches and what stands at the crosshair. */
import { CurveChart } from "./curve-chart.js";
import { accuracyOf, brief, figure, say } from "./texts.js";

/** @typedef {import("./run-record.js").RunRecord} RunRecord */

const LEAST = 1e-7; // a loss of 0 has no logarithm

export class RunCurves {
  #record;
  #part;
  #losses;
  #accuracy;
  #isLog = false;
  /** @type {number | null} */
  #epoch = null;

  /** @param {HTMLElement} element @param {RunRecord} record */
  constructor(element, record) {
    this.#record = record;
    this.#part = /** @type {<T extends HTMLElement>(selector: string) => T} */ ((selector) => /** @type {any} */ (element.querySelector(selector)));
    const zoomed = (/** @type {import("./curve-chart.js").Span | null} */ span) => this.#zoom(span);
    this.#losses = new CurveChart(this.#part(".losses .area"), {
      lines: [{ colour: "--fill", width: 1.5 }, { colour: "--fill", width: 2.5 }, { colour: "--accent", width: 2.5, dots: true }],
      range: (_, most) => [0, most === null ? 1 : 1.05 * most],
      write: brief,
      zoomed,
      pointed: (row) => this.#point(row === null ? null : record.losses.x[row]),
    });
    this.#accuracy = new CurveChart(this.#part(".accuracy .area"), {
      lines: [{ colour: "--accent", width: 2.5, dots: true }],
      range: (least) => [least === null ? 0 : Math.max(0, Math.floor(20 * (least - 0.01)) / 20), 1],
      write: (share) => say("percent", { value: brief(100 * share) }),
      zoomed,
      pointed: () => {},
    });
    const [log, smooth, whole] = [".log", ".smooth", ".whole"].map((name) => this.#part(name));
    log.addEventListener("change", () => this.#setLog(/** @type {HTMLInputElement} */ (log).checked));
    smooth.addEventListener("change", () => this.#smooth(/** @type {HTMLInputElement} */ (smooth).checked));
    whole.addEventListener("click", () => this.#zoom(null));
    this.#smooth(/** @type {HTMLInputElement} */ (smooth).checked);
    this.#zoom(null);
  }

  draw() {
    const { x, training, smooth, validation } = this.#record.losses;
    const columns = [training, smooth, validation];
    const end = x.at(-1) ?? 0;
    this.#losses.show([x, ...(this.#isLog ? columns.map(positive) : columns)], end, this.#record.changes);
    const epochs = this.#record.epochs.filter(({ accuracy }) => accuracy !== null);
    this.#accuracy.show([epochs.map(({ epoch }) => epoch), epochs.map(({ accuracy }) => accuracy)], end);
    this.#tell();
  }

  /** @param {import("./curve-chart.js").Span | null} span */
  #zoom(span) {
    this.#losses.zoom(span);
    this.#accuracy.zoom(span);
    this.#part(".whole").ariaDisabled = String(!span);
  }

  /** @param {boolean} isLog */
  #setLog(isLog) {
    this.#isLog = isLog;
    this.#losses.setLog(isLog);
    this.draw();
  }

  /** @param {boolean} isSmooth */
  #smooth(isSmooth) {
    this.#losses.setLook(0, isSmooth ? "faint" : "plain");
    this.#losses.setLook(1, isSmooth ? "plain" : "hidden");
  }

  /** @param {number | null} epoch under the crosshair */
  #point(epoch) {
    this.#epoch = epoch;
    this.#tell();
  }

  /** The figures at the crosshair, without one the latest. */
  #tell() {
    const { losses, epochs } = this.#record;
    const end = this.#epoch ?? losses.x.at(-1) ?? 0;
    const rows = until(losses.x, end);
    const known = epochs.filter(({ epoch, accuracy }) => epoch <= end && accuracy !== null).at(-1);
    const told = {
      ".at": this.#epoch === null ? say("latest") : say("atEpoch", { epoch: brief(this.#epoch) }),
      ".training-loss": figure(before(losses.training, rows)),
      ".validation-loss": figure(before(losses.validation, rows)),
      ".validation-accuracy": accuracyOf(known?.accuracy ?? null),
    };
    for (const [place, text] of Object.entries(told)) this.#part(place).textContent = text;
  }
}

/** @param {(number | null)[]} column */
const positive = (column) => column.map((value) => (value === null ? null : Math.max(value, LEAST)));

/** How many of the rising numbers are not beyond the end. @param {number[]} x @param {number} end */
function until(x, end) {
  let rows = x.length;
  while (rows && x[rows - 1] > end) rows--;
  return rows;
}

/** The last that is known among the first rows. @param {(number | null)[]} column @param {number} rows */
function before(column, rows) {
  while (rows-- > 0) if (column[rows] !== null) return column[rows];
  return null;
}
