// @ts-check
/** The blocks of a CNN as rows: channels, kernel, stride, padding, pooling; rows can be added and taken away. */
import { labelOf, say, spaced } from "./texts.js";
import { number } from "./typed-number.js";

/** @typedef {{ channels: number, kernel?: number, stride?: number, padding?: number, pool?: number, pooling?: string }} Block */

const USUAL = { channels: 32, kernel: 3, stride: 1, padding: -1, pool: 1, pooling: "max" };
const NUMBERS = /** @type {const} */ (["channels", "kernel", "stride", "padding", "pool"]);
const POOLINGS = ["max", "average"];
const SAME = "same"; // padding: half the kernel, so that stride 1 keeps the size
const MOST = 16;

export class BlocksControl {
  #rows = document.createElement("div");
  #add = document.createElement("button");

  constructor() {
    this.element = document.createElement("div");
    this.element.setAttribute("role", "group");
    this.#rows.className = "rows";
    Object.assign(this.#add, { type: "button", className: "button", textContent: say("addBlock") });
    this.#add.addEventListener("click", () => this.#addOne());
    const use = Object.assign(document.createElement("p"), { className: "hint", textContent: say("blocksUse") });
    this.element.append(this.#rows, this.#add, use);
  }

  /** @returns {Record<string, any>[]} */
  get value() {
    return [...this.#rows.children].map((row) =>
      Object.fromEntries([...row.querySelectorAll("input, select")].map((field) => valueOf(/** @type {HTMLInputElement} */ (field)))),
    );
  }

  /** @param {Block[]} blocks */
  set value(blocks) {
    this.#rows.replaceChildren(...blocks.map((block) => this.#row({ ...USUAL, ...block })));
    this.#renumber();
  }

  /** The field of a block. @param {string[]} place its number from 0, its name @returns {HTMLElement | null} */
  part([i, name]) {
    return this.#rows.children[Number(i)]?.querySelector(`[name="${name}"]`) ?? null;
  }

  #addOne() {
    const last = /** @type {Block | undefined} */ (this.value.at(-1));
    const row = this.#row({ ...USUAL, ...last, pool: 1 });
    this.#rows.append(row);
    this.#renumber();
    row.querySelector("input")?.focus();
    this.#changed();
  }

  /** The keyboard goes on at the next row. @param {HTMLElement} row */
  #take(row) {
    const next = row.nextElementSibling ?? row.previousElementSibling;
    row.remove();
    this.#renumber();
    (next?.querySelector("button") ?? this.#add).focus();
    this.#changed();
  }

  #changed() {
    this.element.dispatchEvent(new Event("input", { bubbles: true }));
  }

  #renumber() {
    const rows = [...this.#rows.children];
    rows.forEach((row, i) => {
      row.setAttribute("aria-label", say("block", { number: i + 1 }));
      const take = /** @type {HTMLButtonElement} */ (row.querySelector("button"));
      take.ariaLabel = take.title = say("takeBlock", { number: i + 1 });
      take.hidden = rows.length === 1;
    });
    this.#add.hidden = rows.length >= MOST;
  }

  /** @param {Required<Block>} block */
  #row(block) {
    const row = document.createElement("div");
    row.className = "block";
    row.setAttribute("role", "group");
    const take = document.createElement("button");
    Object.assign(take, { type: "button", className: "button", textContent: "\u00d7" });
    take.addEventListener("click", () => this.#take(row));
    const pooling = poolings(block.pooling);
    row.append(...NUMBERS.map((name) => labelled(name, numbered(name, block[name]))), labelled("pooling", pooling), take);
    const pool = /** @type {HTMLInputElement} */ (row.querySelector("[name=pool]"));
    const follow = () => (pooling.disabled = Number(pool.value) === 1);
    pool.addEventListener("input", follow);
    follow();
    return row;
  }
}

/** @param {HTMLInputElement | HTMLSelectElement} field @returns {[string, any]} */
function valueOf({ name, value }) {
  if (name === "pooling") return [name, value];
  return [name, name === "padding" && value.trim() === SAME ? -1 : number(value)];
}

/** @param {string} name @param {number} value */
function numbered(name, value) {
  const field = document.createElement("input");
  Object.assign(field, { name, type: "text", autocomplete: "off", inputMode: name === "padding" ? "text" : "numeric" });
  field.value = name === "padding" && value < 0 ? SAME : String(value);
  return field;
}

/** @param {string} value */
function poolings(value) {
  const select = document.createElement("select");
  select.name = "pooling";
  select.append(...POOLINGS.map((name) => new Option(spaced(name), name, false, name === value)));
  return select;
}

/** @param {string} name @param {HTMLElement} control */
function labelled(name, control) {
  const label = document.createElement("label");
  label.append(labelOf(name), control);
  return label;
}
