// @ts-check
/** The section "Understand" of a run: the slider over its checkpoints, and panels that look at the chosen one. */
import { ask } from "./ask.js";
import { Moment } from "./moment.js";
import { loadWhenOpened } from "./panels.js";
import { accuracyOf, brief, count, figure, say } from "./texts.js";

/** @typedef {import("./moment.js").Checkpoint} Checkpoint */

const GAP = 1500; // ms between two looks for new checkpoints while it trains

export class Understand {
  #part;
  #moment;
  #slider;
  #select;
  #run;
  #last = [-1]; // step of the newest checkpoint of each variant
  #known = -1;
  #looking = false;

  /** @param {HTMLElement} element @param {import("./runs.js").Run} run whose epochs become more when it is continued */
  constructor(element, run) {
    this.#part = /** @type {<T extends HTMLElement>(selector: string) => T} */ ((selector) => /** @type {any} */ (element.querySelector(selector)));
    this.#run = run;
    this.#moment = new Moment(run.id);
    this.#slider = /** @type {HTMLInputElement} */ (this.#part(".moment input"));
    this.#select = /** @type {HTMLSelectElement} */ (this.#part(".pictures"));
    this.#slider.addEventListener("input", () => this.#moment.go(this.#slider.valueAsNumber, false));
    this.#slider.addEventListener("change", () => this.#moment.go(this.#slider.valueAsNumber, true));
    this.#select.addEventListener("change", () => this.#moment.setPart(/** @type {any} */ (this.#select.value)));
    const variant = /** @type {HTMLSelectElement | null} */ (element.querySelector(".which"));
    variant?.addEventListener("change", () => {
      this.#moment.setVariant(Number(variant.value));
      this.#known = -1;
      this.#looking = false;
      this.#look();
    });
    this.#moment.addEventListener("change", () => this.#show());
    for (const panel of /** @type {NodeListOf<HTMLDetailsElement>} */ (element.querySelectorAll("[data-module]"))) loadWhenOpened(panel, this.#moment);
  }

  /** @param {string} state of the run @param {number[]} last step of the last checkpoint of each variant, -1 before the first */
  draw(state, last) {
    this.#part("[value=test]").toggleAttribute("disabled", state !== "finished");
    this.#moment.setState(state);
    this.#last = last;
    this.#look();
  }

  /** Unless all are known; once more after the gap, as what came in it may be the last. */
  async #look() {
    const newest = this.#last[this.#moment.variant];
    if (newest <= this.#known || this.#looking) return;
    this.#looking = true;
    try {
      const { variant } = this.#moment;
      const { checkpoints } = await ask("GET", `/api/v1/runs/${this.#moment.run}/checkpoints?variant=${variant}`);
      if (variant !== this.#moment.variant) return;
      this.#moment.setCheckpoints(checkpoints);
      this.#known = Math.max(newest, checkpoints.at(-1)?.step ?? -1);
      this.#show();
    } catch {
      // the page tells already that the server is away; it is asked again after the gap
    }
    setTimeout(() => {
      this.#looking = false;
      this.#look();
    }, GAP);
  }

  #show() {
    const { checkpoints, checkpoint, at } = this.#moment;
    this.#part(".moment").hidden = !checkpoint;
    this.#part(".none").hidden = Boolean(checkpoint);
    if (!checkpoint) return;
    this.#slider.max = String(checkpoints.length - 1);
    this.#slider.value = String(at);
    this.#slider.disabled = checkpoints.length < 2;
    const where = say("momentAt", { epoch: brief(checkpoint.epoch), epochs: this.#run.spec.epochs, step: count(checkpoint.step) });
    this.#slider.ariaValueText = where;
    this.#part(".where").textContent = where;
    this.#part(".how").textContent = howGood(checkpoint);
    this.#part(".under-glass").setAttribute("href", `/models/${this.#moment.reference}/glass`);
  }
}

/** @param {Checkpoint} checkpoint */
function howGood({ loss, accuracy, best }) {
  if (loss === null) return "";
  return say(best ? "momentBest" : "momentMeasured", { loss: figure(loss), accuracy: accuracyOf(accuracy) });
}
