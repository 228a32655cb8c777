// @ts-check
/** Does it know when it is right? Confidence against accuracy, in fifteen bins, with the table behind. */
import { whileOpen } from "./lab.js";
import { LatestLook } from "./latest-look.js";
import { accuracyOf, count, say } from "./texts.js";

/**
 * @typedef {{ n: number, confidence: number | null, accuracy: number | null }} Bin
 * @typedef {{ n: number, accuracy: number, ece: number, calibration: Bin[] }} Calibration
 */

const SVG = "http://www.w3.org/2000/svg";
const FEW = 10; // pictures in a bin
const HONEST = 0.02; // an expected error below this is little

/** @param {HTMLDetailsElement} panel @param {import("./moment.js").Moment} moment */
export function mount(panel, moment) {
  const part = /** @type {<T extends Element>(selector: string) => T} */ ((selector) => /** @type {any} */ (panel.querySelector(selector)));
  const told = part(".told");
  const bars = part(".reliability .bins");
  const body = part("tbody");

  /** @type {LatestLook<Calibration>} */
  const server = new LatestLook({
    shown({ ece, accuracy, calibration }) {
      const read = calibration.filter(({ n }) => n);
      const confidence = read.reduce((sum, bin) => sum + bin.n * (bin.confidence ?? 0), 0) / read.reduce((sum, bin) => sum + bin.n, 0);
      const key = ece < HONEST ? "calibrationHonest" : confidence > accuracy ? "calibrationTooSure" : "calibrationTooModest";
      told.textContent = say(key, { ece: accuracyOf(ece), confidence: accuracyOf(confidence), accuracy: accuracyOf(accuracy) });
      bars.replaceChildren(...calibration.flatMap((bin, i) => (bin.n ? drawn(bin, i, calibration.length) : [])));
      body.replaceChildren(...calibration.flatMap((bin, i) => (bin.n ? [row(bin, i, calibration.length)] : [])));
    },
    failed(sentence) {
      told.textContent = sentence;
      bars.replaceChildren();
      body.replaceChildren();
    },
    busy(isBusy) {
      panel.ariaBusy = String(isBusy);
      part(".reliability").toggleAttribute("data-old", isBusy);
      if (isBusy && !bars.childElementCount) told.textContent = say("examining");
    },
  });

  whileOpen(panel, /** @type {any} */ (moment), () => moment.checkpoint && server.look(moment.address("confusion", { part: moment.part })));
}

/** A bar as high as it is right, and a mark where it should end. @param {Bin} bin @param {number} place @param {number} bins */
function drawn({ n, confidence, accuracy }, place, bins) {
  const [left, width] = [place / bins, 1 / bins];
  const bar = document.createElementNS(SVG, "rect");
  const mark = document.createElementNS(SVG, "path");
  const values = { x: left + 0.1 * width, y: 1 - (accuracy ?? 0), width: 0.8 * width, height: accuracy ?? 0 };
  for (const [name, value] of Object.entries(values)) bar.setAttribute(name, value.toFixed(4));
  bar.toggleAttribute("data-few", n < FEW);
  mark.setAttribute("d", `M${left.toFixed(4)} ${(1 - (confidence ?? 0)).toFixed(4)}h${width.toFixed(4)}`);
  return [bar, mark];
}

/** @param {Bin} bin @param {number} place @param {number} bins */
function row({ n, confidence, accuracy }, place, bins) {
  const element = document.createElement("tr");
  const head = document.createElement("th");
  head.scope = "row";
  head.textContent = say("binOf", { from: Math.round((100 * place) / bins), to: Math.round((100 * (place + 1)) / bins) });
  const cells = [count(n), accuracyOf(confidence), accuracyOf(accuracy)];
  element.append(head, ...cells.map((text) => Object.assign(document.createElement("td"), { textContent: text })));
  return element;
}
