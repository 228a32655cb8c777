// @ts-check
/** The list of runs, the newest first; it follows those that go on. */
import { inWords, isGoing, list, titleOf, whatOf } from "./runs.js";
import { say, when } from "./texts.js";

/** @typedef {import("./runs.js").Run} Run */

const MOST = 8; // runs that can be told apart in one chart
const LOOK = 3000; // ms between two looks while a run goes on and the page can be seen

export class RunList {
  #part;
  #items;
  /** @type {string | null} */
  #next = null;

  /** @param {HTMLElement} element */
  constructor(element) {
    this.#part = /** @type {<T extends HTMLElement>(selector: string) => T} */ ((selector) => /** @type {any} */ (element.querySelector(selector)));
    this.#items = this.#part("ul");
    this.#part("button").addEventListener("click", () => this.#showMore());
    this.#items.addEventListener("change", () => this.#choose());
    this.#choose();
  }

  /** Again and again while one of the newest goes on. */
  async follow() {
    if (!document.hidden) await this.#load().catch((error) => this.#say(error.message));
    setTimeout(() => this.follow(), LOOK);
  }

  async #load() {
    const { runs, next } = await list(null);
    const isFirst = !this.#items.childElementCount;
    if (isFirst) this.#setNext(next);
    this.#say(runs.length ? "" : say("noRuns"));
    for (const run of [...runs].reverse()) this.#show(run);
    if (!runs.length) this.#items.replaceChildren();
  }

  async #showMore() {
    const { runs, next } = await list(this.#next);
    const items = runs.map(drawn);
    this.#items.append(...items);
    this.#setNext(next);
    items[0]?.querySelector("a")?.focus();
  }

  /** The link to those that are chosen. */
  #choose() {
    const chosen = /** @type {HTMLInputElement[]} */ ([...this.#items.querySelectorAll(":checked")]);
    const link = /** @type {HTMLAnchorElement} */ (this.#part(".compare"));
    const isEnough = chosen.length >= 2 && chosen.length <= MOST;
    if (isEnough) link.href = `/compare?runs=${chosen.map(({ value }) => value).join()}`;
    else link.removeAttribute("href");
    link.ariaDisabled = String(!isEnough);
    link.textContent = isEnough ? say("compareChosen", { count: chosen.length }) : say("compareChoose");
  }

  /** In its place, or as the newest. @param {Run} run */
  #show(run) {
    const there = this.#items.querySelector(`[data-id="${run.id}"]`);
    if (!there) this.#items.prepend(drawn(run));
    else if (there.getAttribute("data-state") !== run.state) tell(there, run);
  }

  /** @param {string | null} next */
  #setNext(next) {
    this.#next = next;
    this.#part("button").hidden = !next;
  }

  /** @param {string} sentence */
  #say(sentence) {
    this.#part(".nothing").textContent = sentence;
  }
}

/** @param {Run} run */
function drawn(run) {
  const item = document.createElement("li");
  item.dataset.id = run.id;
  const link = Object.assign(document.createElement("a"), { href: `/runs/${run.id}`, textContent: titleOf(run) });
  const what = part("what", run.name && whatOf(run));
  const time = Object.assign(document.createElement("time"), { textContent: when(run.created), dateTime: new Date(1000 * run.created).toISOString() });
  const choice = Object.assign(document.createElement("input"), { type: "checkbox", value: run.id, ariaLabel: say("chooseRun", { name: titleOf(run) }) });
  const label = document.createElement("label");
  label.append(choice);
  item.append(label, link, what, part("state", ""), time);
  tell(item, run);
  return item;
}

/** @param {Element} item @param {Run} run */
function tell(item, run) {
  item.setAttribute("data-state", run.state);
  item.toggleAttribute("data-going", isGoing(run.state));
  /** @type {HTMLElement} */ (item.querySelector(".state")).textContent = inWords(run.state);
}

/** @param {string} name @param {string} text */
function part(name, text) {
  return Object.assign(document.createElement("span"), { className: name, textContent: text });
}
