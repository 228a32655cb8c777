// @ts-check
/** How the answer grew: the probabilities along the pen's way, and the drawing played again. */
import { headlineOf, spoken } from "./answer.js";
import { GrowthChart } from "./growth-chart.js";
import { beginningsOf, changesOf, momentsOf } from "./growth.js";
import { paint, picture } from "./ink.js";
import { whileOpen } from "./lab.js";
import { LatestWins } from "./predict.js";
import { Shares } from "./shares.js";
import { firstPart, inkLength } from "./strokes.js";
import { UNIT, percent, say } from "./texts.js";

/** @typedef {import("./lab.js").Lab} Lab */
/** @typedef {import("./growth.js").Moment} Moment */
/** @typedef {import("./growth.js").Change} Change */
/** @typedef {import("./predict.js").Answer} Answer */
/** @typedef {import("./predict.js").Reading} Reading */
/** @typedef {import("./predict.js").Reason} Reason */
/** @typedef {{ strokes: import("./strokes.js").Strokes, pen: number, classes: string[], moments: Moment[], readings: Reading[] }} Growth */

const MOMENTS = 32; // of 64 pictures that one question may hold
const PLAY = 3000; // ms for a whole drawing
const STEPS = 8; // so many pictures instead of motion, for those who want less of it

/** @param {HTMLDetailsElement} panel @param {Lab} lab */
export function mount(panel, lab) {
  const view = new ReplayView(panel, lab);
  /** @type {Omit<Growth, "readings">} */
  let asked;

  const server = new LatestWins({
    answered: (answer) => view.show({ ...asked, readings: readingsOf(answer) }),
    failed: ({ message }) => view.showNothing(message),
    waiting: (reason) => view.showNothing(reason?.message ?? say("lostDetail")),
  });

  /** @param {boolean} final whether the pen is up */
  function refresh(final) {
    const { subject, model } = lab;
    server.forget();
    view.stop();
    view.setClasses(model?.classes ?? []);
    if (!subject || !model) return view.showNothing(say("replayEmpty"));
    if (subject.kind === "picture") return view.showNothing(say("replayPicture"));
    view.showOld();
    if (!final) return;
    const { strokes, pen } = subject;
    const body = async () => {
      asked = { strokes, pen, classes: model.classes, moments: momentsOf(strokes, MOMENTS) };
      return formOf(await Promise.all(asked.moments.map((moment) => picture(moment.strokes, pen))));
    };
    server.ask({ model: model.name, classes: model.classes.length, final, body });
  }

  whileOpen(panel, lab, refresh);
  panel.addEventListener("toggle", () => {
    if (panel.open) return;
    server.forget();
    view.stop();
  });
  panel.addEventListener("focusout", ({ relatedTarget }) => panel.contains(/** @type {Node | null} */ (relatedTarget)) || view.stop());
}

/** @param {Blob[]} pictures */
function formOf(pictures) {
  const form = new FormData();
  for (const each of pictures) form.append("file", each);
  return form;
}

/** Of a batch; a picture that failed has no guess, and the reason. @param {Answer} answer @returns {Reading[]} */
function readingsOf(answer) {
  const { results } = /** @type {{ results: (Reading & { error?: Reason })[] }} */ (/** @type {unknown} */ (answer));
  return results.map((result) => (result.error ? { predictions: [], rejected: result.error, input: "" } : result));
}

class ReplayView {
  #lab;
  #told;
  #content;
  #chart;
  #slider;
  #play;
  #canvas;
  #verdict;
  #big;
  #sure;
  #detail;
  #shares;
  #changes;
  #table;
  #frame = 0;
  /** @type {Growth | null} */
  #growth = null;

  /** @param {HTMLElement} panel @param {Lab} lab */
  constructor(panel, lab) {
    /** @type {<T extends HTMLElement>(selector: string) => T} */
    const part = (selector) => /** @type {any} */ (panel.querySelector(selector));
    this.#lab = lab;
    this.#told = part(".told");
    this.#content = part(".growth");
    this.#chart = new GrowthChart(part(".plot"));
    this.#slider = /** @type {HTMLInputElement} */ (part("input"));
    this.#play = part(".play");
    this.#canvas = /** @type {HTMLCanvasElement} */ (part("canvas"));
    this.#verdict = part(".verdict");
    this.#big = part(".big");
    this.#sure = part(".how-sure");
    this.#detail = part(".verdict .hint");
    this.#shares = new Shares(part(".shares"));
    this.#changes = part(".changes");
    this.#table = /** @type {HTMLTableElement} */ (part("table"));
    this.#slider.max = String(MOMENTS);
    this.#slider.addEventListener("input", () => this.#scrub(this.#slider.valueAsNumber));
    this.#play.addEventListener("click", () => (this.#frame ? this.stop() : this.#start()));
  }

  /** @param {string[]} classes */
  setClasses(classes) {
    this.#shares.setClasses(classes);
  }

  /** @param {string} sentence why there is nothing to see */
  showNothing(sentence) {
    this.#growth = null;
    this.#tell(sentence);
    this.#setUsable(false);
    this.#chart.clear();
    this.#setVerdict({ state: "empty", guess: "", sure: "", detail: "" });
    this.#shares.show([]);
    this.#changes.replaceChildren();
    this.#table.replaceChildren();
    this.#paint([]);
  }

  /** What is shown belongs to an earlier drawing. */
  showOld() {
    this.#content.toggleAttribute("data-old", true);
  }

  /** @param {Growth} growth */
  show(growth) {
    this.#growth = growth;
    this.#tell(say("replayUse"));
    this.#setUsable(true);
    this.#chart.show(growth.readings, growth.classes, beginningsOf(growth.strokes));
    this.#changes.replaceChildren(...this.#sentences(growth));
    fill(this.#table, growth);
    this.#moveTo(MOMENTS);
  }

  /** Ends replay and preview. */
  stop() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.#play.textContent = say("replay");
    if (!this.#growth || this.#slider.valueAsNumber === MOMENTS) return;
    this.#moveTo(MOMENTS);
    this.#lab.preview(null);
  }

  #start() {
    if (!this.#growth) return;
    const { strokes } = this.#growth;
    const length = inkLength(strokes);
    const steps = matchMedia("(prefers-reduced-motion: reduce)").matches ? STEPS : Infinity;
    const began = performance.now();
    const step = (/** @type {number} */ now) => {
      const time = Math.max(0, now - began) / PLAY;
      if (time >= 1) return this.stop();
      const way = steps === Infinity ? time : Math.floor(time * steps) / steps;
      this.#moveTo(Math.min(Math.round(way * MOMENTS), MOMENTS - 1), way);
      this.#preview(firstPart(strokes, way * length));
      this.#frame = requestAnimationFrame(step);
    };
    this.#play.textContent = say("stop");
    this.#frame = requestAnimationFrame(step);
  }

  /** @param {number} index of the moment, 0: before the first point */
  #scrub(index) {
    if (!this.#growth) return;
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.#play.textContent = say("replay");
    this.#moveTo(index);
    if (index === MOMENTS) this.#lab.preview(null);
    else this.#preview(this.#growth.moments[index - 1]?.strokes ?? []);
  }

  /** @param {number} index @param {number} [way] where exactly, while it plays */
  #moveTo(index, way = index / MOMENTS) {
    if (!this.#growth) return;
    const { moments, readings, strokes } = this.#growth;
    const [moment, reading] = [moments[index - 1], readings[index - 1]];
    this.#slider.value = String(index);
    this.#chart.point(way);
    const place = moment ? say("moment", { stroke: moment.stroke, share: percent(moment.way) + UNIT }) : say("beforeInk");
    const { state, guess, sure } = moment ? headlineOf(reading) : { state: "empty", guess: "", sure: "" };
    this.#setVerdict({ state, guess, sure, detail: place });
    this.#shares.show(reading?.predictions ?? []);
    this.#slider.setAttribute("aria-valuetext", reading ? say("momentSpoken", { place, reading: spoken(reading) }) : place);
    this.#paint(moment?.strokes ?? []);
    if (index === MOMENTS) this.#paint(strokes);
  }

  /** @param {import("./strokes.js").Strokes} strokes */
  #preview(strokes) {
    this.#lab.preview(strokes);
    this.#paint(strokes);
  }

  /** The small drawing in the panel, for when the pad is out of sight. @param {import("./strokes.js").Strokes} strokes */
  #paint(strokes) {
    const side = (this.#canvas.width = this.#canvas.height = Math.round(this.#canvas.clientWidth * devicePixelRatio));
    const context = this.#canvas.getContext("2d");
    if (context && this.#growth) paint(context, strokes, { side, pen: this.#growth.pen, ink: getComputedStyle(this.#canvas).color });
  }

  /** One for each change of the leading class; each leads to its moment. @param {Growth} growth */
  #sentences({ moments, readings }) {
    const changes = changesOf(readings);
    if (!changes.length) return [item(say("neverGuessed"))];
    return changes.map((change) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = sentenceOf(change, moments[change.at].stroke, changes.length === 1);
      button.addEventListener("click", () => this.#scrub(change.at + 1));
      return item(button);
    });
  }

  /** @param {{ state: string, guess: string, sure: string, detail: string }} headline */
  #setVerdict({ state, guess, sure, detail }) {
    this.#verdict.dataset.state = state;
    this.#big.textContent = guess;
    this.#sure.textContent = sure;
    this.#detail.textContent = detail;
  }

  /** @param {boolean} isUsable */
  #setUsable(isUsable) {
    this.#content.toggleAttribute("data-old", false);
    this.#slider.disabled = !isUsable;
    this.#play.setAttribute("aria-disabled", String(!isUsable));
  }

  /** @param {string} sentence */
  #tell(sentence) {
    if (this.#told.textContent !== sentence) this.#told.textContent = sentence;
  }
}

/** @param {Node | string} content */
function item(content) {
  const element = document.createElement("li");
  element.append(content);
  return element;
}

const SPOKEN_VOWEL = /^(8|11$|18$|[aeiou])/i; // an 8

/** @param {Change} change @param {number} stroke @param {boolean} isOnly */
function sentenceOf({ before, after }, stroke, isOnly) {
  if (before === null) return say(isOnly ? "onlyGuess" : "firstGuess", { stroke, after });
  return say(SPOKEN_VOWEL.test(after) ? "becameAn" : "becameA", { stroke, before, after });
}

/** @param {HTMLTableElement} table @param {Growth} growth */
function fill(table, { classes, moments, readings }) {
  table.replaceChildren();
  const head = table.createTHead().insertRow();
  for (const name of [say("way"), say("stroke"), say("guess"), ...classes]) heading(head, name, "col");
  const body = table.createTBody();
  moments.forEach(({ way, stroke }, i) => {
    const { predictions, rejected } = readings[i];
    const shares = new Map(predictions.map(({ index, probability }) => [index, percent(probability) + UNIT]));
    const row = body.insertRow();
    heading(row, percent(way) + UNIT, "row");
    const cells = [String(stroke), rejected ? rejected.message : predictions[0].label, ...classes.map((_, index) => shares.get(index) ?? "–")];
    for (const cell of cells) row.insertCell().textContent = cell;
  });
}

/** @param {HTMLTableRowElement} row @param {string} text @param {"row" | "col"} scope */
function heading(row, text, scope) {
  const cell = row.appendChild(document.createElement("th"));
  cell.scope = scope;
  cell.textContent = text;
}
