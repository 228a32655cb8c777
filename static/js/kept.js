// @ts-check
/** The panel "My digits": what was kept, by label, to correct, delete and download. */
import { confirmed } from "./confirmed.js";
import { list, relabel, remove, removeAll } from "./samples.js";
import { say } from "./texts.js";

/** @typedef {import("./lab.js").Lab} Lab */
/** @typedef {import("./samples.js").Sample} Sample */
/** @typedef {import("./samples.js").Page} Page */

const AT_ONCE = 60; // pictures

/** @param {HTMLDetailsElement} panel @param {Lab} lab */
export function mount(panel, lab) {
  const shelf = new Shelf(panel, lab);
  panel.addEventListener("toggle", () => panel.open && shelf.load());
  lab.addEventListener("kept", (event) => panel.open && shelf.changed(/** @type {CustomEvent} */ (event).detail));
  if (panel.open) shelf.load();
}

class Shelf {
  #lab;
  #part;
  #cards;
  #said;
  /** Only this label is shown; "": all. */
  #label = "";
  /** @type {string | null} */
  #next = null;
  #count = 0;
  #round = 0;

  /** @param {HTMLElement} panel @param {Lab} lab */
  constructor(panel, lab) {
    this.#lab = lab;
    this.#part = /** @type {<T extends Element>(selector: string) => T} */ ((selector) => /** @type {any} */ (panel.querySelector(selector)));
    this.#cards = this.#part(".samples");
    this.#said = this.#part(".said");
    const dialog = /** @type {HTMLDialogElement} */ (this.#part("dialog"));
    this.#part(".more").addEventListener("click", () => this.#try(() => this.#showMore()));
    this.#part(".clear").addEventListener("click", async () => (await this.#ask(dialog)) && this.#try(() => this.#deleteAll()));
  }

  /** The newest of the chosen label. */
  load() {
    return this.#try(async () => {
      const round = ++this.#round;
      const page = await list({ limit: AT_ONCE, label: this.#label });
      if (round !== this.#round) return;
      this.#cards.replaceChildren(...page.samples.map((sample) => this.#card(sample)));
      this.#setNext(page.next);
      this.#showCounts(page.counts);
    });
  }

  /** @param {{ id: string | null, sample: Sample | null }} news */
  changed({ id, sample }) {
    if (!id) return this.load();
    const card = /** @type {HTMLElement | null} */ (this.#cards.querySelector(`[data-id="${id}"]`));
    if (!sample) this.#take(card);
    else if (card) this.#fill(card, sample);
    else if (!this.#label || this.#label === sample.label) this.#cards.prepend(this.#card(sample));
    return this.#try(async () => this.#showCounts((await list({ limit: 1 })).counts));
  }

  async #showMore() {
    const round = this.#round;
    const page = await list({ limit: AT_ONCE, label: this.#label, cursor: this.#next });
    if (round !== this.#round) return;
    const cards = page.samples.map((sample) => this.#card(sample));
    this.#cards.append(...cards);
    this.#setNext(page.next);
    cards[0]?.querySelector("select")?.focus();
  }

  /** @param {string | null} next */
  #setNext(next) {
    this.#next = next;
    /** @type {HTMLElement} */ (this.#part(".more")).hidden = !next;
  }

  // --- How many of each label: buttons that choose what is shown ---

  /** @param {Record<string, number>} counts */
  #showCounts(counts) {
    this.#count = Object.values(counts).reduce((sum, count) => sum + count, 0);
    /** @type {HTMLElement} */ (this.#part(".nothing")).hidden = this.#count > 0;
    /** @type {HTMLElement} */ (this.#part(".filled")).hidden = !this.#count;
    const place = this.#part(".counts");
    const focused = /** @type {HTMLElement | null} */ (place.querySelector(":focus"))?.dataset.label;
    const texts = [["", say("countAll", { count: this.#count })], ...Object.entries(counts).map(([label, count]) => [label, say("countOf", { label, count })])];
    const buttons = texts.map(([label, text]) => this.#choice(label, text));
    place.replaceChildren(...buttons);
    buttons.find((button) => button.dataset.label === focused)?.focus();
    if (this.#label && !(this.#label in counts)) this.#choose("");
  }

  /** @param {string} label @param {string} text */
  #choice(label, text) {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "button", textContent: text, ariaPressed: String(label === this.#label) });
    button.dataset.label = label;
    button.addEventListener("click", () => this.#choose(label));
    return button;
  }

  /** @param {string} label */
  #choose(label) {
    this.#label = label;
    this.load();
  }

  // --- One picture ---

  /** @param {Sample} sample */
  #card(sample) {
    const pattern = /** @type {HTMLTemplateElement} */ (this.#part("template")).content;
    const card = /** @type {HTMLElement} */ (pattern.cloneNode(true).firstChild?.nextSibling);
    card.dataset.id = sample.id;
    const select = /** @type {HTMLSelectElement} */ (card.querySelector("select"));
    select.addEventListener("change", () => this.#correct(card, select.value));
    card.querySelector("button")?.addEventListener("click", () => this.#try(() => this.#delete(sample.id)));
    this.#fill(card, sample);
    return card;
  }

  /** @param {HTMLElement} card @param {Sample} sample */
  #fill(card, sample) {
    const { label, read } = sample;
    const [image, hint, select, button] = /** @type {any} */ (["img", ".hint", "select", "button"].map((selector) => card.querySelector(selector)));
    card.dataset.label = label;
    if (!image.src) image.src = sample.picture;
    image.alt = say("keptPicture", { label });
    hint.textContent = read === null ? say("readNothing") : say(read === label ? "readRight" : "readWrong", { read });
    const labels = new Set([...(this.#lab.model?.classes ?? []), label]);
    select.replaceChildren(...[...labels].map((each) => new Option(each, each, false, each === label)));
    select.ariaLabel = say("labelOf", { label });
    button.ariaLabel = button.title = say("deleteOne", { label });
  }

  /** @param {HTMLElement} card @param {string} label */
  async #correct(card, label) {
    const { id = "", label: before = "" } = card.dataset;
    const done = await this.#try(async () => {
      const sample = await relabel(id, label);
      this.#said.textContent = say("keptAs", { label: sample.label });
      this.#lab.kept(id, sample);
    });
    if (!done) /** @type {HTMLSelectElement} */ (card.querySelector("select")).value = before;
  }

  /** @param {string} id */
  async #delete(id) {
    await remove(id);
    this.#said.textContent = say("deleted");
    this.#lab.kept(id, null);
  }

  /** Takes a card away; the keyboard goes on at the next one. @param {HTMLElement | null} card */
  #take(card) {
    const next = card?.nextElementSibling ?? card?.previousElementSibling ?? this.#part(".counts");
    if (card?.contains(document.activeElement)) next.querySelector("button")?.focus();
    card?.remove();
  }

  // --- All of them ---

  /** @param {HTMLDialogElement} dialog */
  #ask(dialog) {
    this.#part("dialog h3").textContent = say("deleteAll", { count: this.#count });
    return confirmed(dialog);
  }

  async #deleteAll() {
    await removeAll();
    this.#said.textContent = say("deletedAll");
    this.#lab.kept(null, null);
  }

  /** Says why when it fails. @param {() => Promise<void>} work @returns {Promise<boolean>} whether it was done */
  async #try(work) {
    try {
      await work();
      return true;
    } catch (error) {
      this.#said.textContent = /** @type {Error} */ (error).message;
      return false;
    }
  }
}
