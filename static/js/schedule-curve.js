// @ts-check
/** A small curve of the learning rate over the training, and the same as a sentence. */
import { rateAt } from "./schedule.js";
import { brief, say } from "./texts.js";

const POINTS = 200;

export class ScheduleCurve {
  #line;
  #words;

  /** @param {HTMLElement} figure holds an svg of 1 x 1 with one path, and a caption */
  constructor(figure) {
    this.#line = /** @type {SVGPathElement} */ (figure.querySelector("path"));
    this.#words = /** @type {HTMLElement} */ (figure.querySelector("figcaption"));
  }

  /** @param {string} schedule @param {number} peak @param {number} warmup */
  show(schedule, peak, warmup) {
    const isKnown = peak > 0 && Number.isFinite(peak) && warmup >= 0 && warmup <= 1;
    const rates = isKnown ? Array.from({ length: POINTS }, (_, i) => rateAt(i / POINTS, schedule, peak, warmup)) : [];
    const places = rates.map((rate, i) => `${(i / (POINTS - 1)).toFixed(4)} ${(1 - rate / peak).toFixed(4)}`);
    this.#line.setAttribute("d", places.length ? `M${places.join("L")}` : "");
    const [first, last, most] = [rates[0], rates[POINTS - 1], Math.max(...rates)];
    const key = !isKnown ? "scheduleUnknown" : first === last ? "scheduleConstant" : first === most ? "scheduleFalls" : "scheduleRises";
    this.#words.textContent = say(key, isKnown ? { first: brief(first), most: brief(most), last: brief(last) } : {});
  }
}
