// @ts-check
/** A run's two charts, losses and accuracy, with their switches and what stands at the crosshair. */
import { CurveChart } from "./curve-chart.js";
import { accuracyOf, brief, figure, say } from "./texts.js";

/**
 * @typedef {import("./run-record.js").RunRecord} RunRecord
 * @typedef {import("./curve-chart.js").Under} Under
 */

const LEAST = 1e-7; // a loss of 0 has no logarithm

export class RunCurves {
  #record;
  #part;
  #losses;
  #accuracy;
  #isLog = false;
  /** @type {number | null} */
  #epoch = null;
  /** @type {Record<string, Under[]>} */
  #under = {};

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
    this.#part(".closer").addEventListener("click", () => this.#losses.askFor(1 / 2));
    this.#part(".wider").addEventListener("click", () => this.#losses.askFor(2));
    this.#smooth(/** @type {HTMLInputElement} */ (smooth).checked);
    this.#zoom(null);
  }

  draw() {
    const { x, training, smooth, validation } = this.#record.losses;
    const columns = [training, smooth, validation];
    const end = x.at(-1) ?? 0;
    const marks = this.#record.marks.map((mark) => ({ epoch: mark.epoch, label: inWords(mark) }));
    this.#losses.show([x, ...(this.#isLog ? columns.map(positive) : columns)], end, { marks, under: Object.values(this.#under).flat() });
    const epochs = this.#record.epochs.filter(({ accuracy }) => accuracy !== null);
    this.#accuracy.show([epochs.map(({ epoch }) => epoch), epochs.map(({ accuracy }) => accuracy)], end);
    this.#part(".marks").textContent = marks.map(({ epoch, label }) => say("markAt", { label, epoch: brief(epoch) })).join("; ");
    this.#tell();
  }

  /** Lines that lie under the losses. @param {string} name @param {Under[]} under */
  lay(name, under) {
    this.#under[name] = under;
    this.draw();
  }

  /** @param {import("./curve-chart.js").Span | null} span */
  #zoom(span) {
    this.#losses.zoom(span);
    this.#accuracy.zoom(span);
    for (const name of [".whole", ".wider"]) this.#part(name).ariaDisabled = String(!span);
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
    this.#tellSlider(end, told);
  }

  /** The same for those who hear it. @param {number} end @param {Record<string, string>} told */
  #tellSlider(end, told) {
    const values = { training: told[".training-loss"], validation: told[".validation-loss"], accuracy: told[".validation-accuracy"] };
    const slider = this.#part(".losses .area");
    if (this.#epoch === null && slider.matches(":focus")) return; // live points would be read out without end
    slider.ariaValueMax = brief(this.#record.losses.x.at(-1) ?? 0);
    slider.ariaValueNow = brief(end);
    slider.ariaValueText = say("crosshair", { epoch: brief(end), ...values });
  }
}

/** @param {import("./run-record.js").Mark} mark */
const inWords = ({ kind, rate }) => say(`mark_${kind}`, { rate: brief(rate ?? 0) });

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
