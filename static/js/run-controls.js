// @ts-check
/** The buttons of a run: only those that its state allows. */
import { confirmed } from "./confirmed.js";
import { changeRate, isLive, publish, remove, steer } from "./runs.js";
import { brief, say } from "./texts.js";
import { number } from "./typed-number.js";

/** @typedef {import("./runs.js").State} State */

const ALLOWED = /** @type {Record<string, State[]>} */ ({
  pause: ["queued", "starting", "running"],
  resume: ["paused", "stopped", "failed", "interrupted"],
  stop: ["queued", "starting", "running", "pausing", "paused", "interrupted"],
  rate: ["starting", "running"],
  publish: ["finished"],
});

export class RunControls {
  #element;
  #part;
  #id;
  #asked;
  #published;
  #rate = "";

  /** @param {HTMLElement} element @param {string} id @param {{ asked: () => void, published: (name: string) => void, removed: () => void }} listener */
  constructor(element, id, { asked, published, removed }) {
    this.#element = element;
    this.#part = /** @type {<T extends HTMLElement>(selector: string) => T} */ ((selector) => /** @type {any} */ (element.querySelector(selector)));
    this.#id = id;
    this.#asked = asked;
    this.#published = published;
    for (const verb of /** @type {const} */ (["pause", "resume", "stop"])) {
      this.#part(`.${verb}`).addEventListener("click", () => this.#try(() => steer(id, verb)));
    }
    const dialog = /** @type {HTMLDialogElement} */ (this.#part("dialog"));
    this.#part(".delete").addEventListener("click", async () => (await confirmed(dialog)) && this.#try(() => remove(id), removed));
    this.#part(".rate")?.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#change();
    });
    this.#field?.addEventListener("input", () => this.#refuseRate(""));
    this.#part(".publish").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#publish();
    });
  }

  /** @param {State} state @param {string | null} reason of a failure @param {number} rate its peak */
  draw(state, reason, rate) {
    const before = /** @type {HTMLElement | null} */ (this.#element.querySelector(":focus"));
    for (const [name, states] of Object.entries(ALLOWED)) {
      if (!this.#element.querySelector(`.${name}`)) continue; // variants keep their own rates
      this.#part(`.${name}`).hidden = !states.includes(state) || (name === "resume" && reason === "diverged");
    }
    this.#part(".delete").hidden = isLive(state);
    if (before?.closest("[hidden]")) /** @type {HTMLElement | null} */ (this.#element.querySelector("button:not([hidden])"))?.focus();
    if (!this.#field || brief(rate) === this.#rate) return;
    this.#rate = brief(rate);
    if (document.activeElement !== this.#field || this.#field.value === "") this.#field.value = this.#rate;
  }

  get #field() {
    return /** @type {HTMLInputElement} */ (this.#part(".rate input"));
  }

  #change() {
    const rate = number(this.#field.value);
    if (typeof rate !== "number" || !(rate > 0)) {
      this.#refuseRate(say("rateWrong"));
      this.#field.focus();
      return;
    }
    this.#try(() => changeRate(this.#id, rate));
  }

  #publish() {
    const { value } = /** @type {HTMLInputElement} */ (this.#part(".publish input"));
    const variant = Number(/** @type {HTMLSelectElement | null} */ (this.#element.querySelector(".publish select"))?.value ?? 0);
    this.#try(async () => this.#published((await publish(this.#id, value.trim(), { variant })).name), () => {});
  }

  /** @param {string} sentence */
  #refuseRate(sentence) {
    this.#part(".rate .wrong").textContent = sentence;
    if (sentence) this.#field.setAttribute("aria-invalid", "true");
    else this.#field.removeAttribute("aria-invalid");
  }

  /** @param {() => Promise<unknown>} work @param {() => void} [done] */
  async #try(work, done = this.#asked) {
    this.#part(".refused").textContent = "";
    try {
      await work();
      done();
    } catch (error) {
      this.#part(".refused").textContent = /** @type {Error} */ (error).message;
    }
  }
}
