// @ts-check
/** Go on from a run: for more epochs, or as a fork from one of its checkpoints. */
import { checkpoints, goOn } from "./runs.js";
import { accuracyOf, brief, count, say } from "./texts.js";
import { number } from "./typed-number.js";

/** @typedef {import("./runs.js").State} State */

const RESTS = new Set(["finished", "stopped"]); // may be trained for longer
const MOST = 10_000; // epochs, as the API takes them

export class RunOnwards {
  #details;
  #part;
  #id;
  #isLoaded = false;

  /** @param {HTMLDetailsElement} details @param {string} id @param {() => void} asked */
  constructor(details, id, asked) {
    this.#details = details;
    this.#part = /** @type {<T extends HTMLElement>(selector: string) => T} */ ((selector) => /** @type {any} */ (details.querySelector(selector)));
    this.#id = id;
    details.addEventListener("toggle", () => this.#load());
    this.#variant?.addEventListener("change", () => {
      this.#isLoaded = false;
      this.#load();
    });
    this.#part(".continue").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#try(async () => {
        const field = /** @type {HTMLInputElement} */ (this.#part("#more-epochs"));
        const epochs = Number(number(field.value) || NaN);
        if (!Number.isInteger(epochs) || epochs < 1 || epochs > MOST) {
          field.focus();
          throw new Error(say("moreWrong", { most: count(MOST) }));
        }
        await goOn(id, epochs);
        asked();
      });
    });
  }

  /** @param {State} state */
  draw(state) {
    const rests = RESTS.has(state);
    this.#part(".continue").hidden = !rests;
    this.#part(".not-yet").hidden = rests;
    if (rests) this.#load();
    else this.#isLoaded = false; // it makes more of them
  }

  /** @returns {HTMLSelectElement | null} of a run that has variants */
  get #variant() {
    return this.#details.querySelector("[name=variant]");
  }

  async #load() {
    if (!this.#details.open || this.#isLoaded) return;
    this.#isLoaded = true;
    await this.#try(async () => {
      const found = await checkpoints(this.#id, Number(this.#variant?.value ?? 0));
      const words = found.map(({ step, epoch, accuracy, best }) => {
        const values = { epoch: brief(epoch), accuracy: accuracyOf(accuracy) };
        return new Option(say(accuracy === null ? "checkpointBare" : best ? "checkpointBest" : "checkpoint", values), String(step));
      });
      const select = /** @type {HTMLSelectElement} */ (this.#part("[name=step]"));
      const chosen = select.value;
      select.replaceChildren(...words.reverse());
      if (found.some(({ step }) => String(step) === chosen)) select.value = chosen;
      this.#part(".fork").hidden = !found.length;
      this.#part(".no-checkpoint").hidden = Boolean(found.length);
    });
  }

  /** @param {() => Promise<void>} work */
  async #try(work) {
    this.#part(".refused").textContent = "";
    await work().catch((error) => (this.#part(".refused").textContent = error.message));
  }
}
