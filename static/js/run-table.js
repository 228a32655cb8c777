// @ts-check
/** Runs as rows of a table that can be sorted by each of its columns. */

/**
 * @typedef {{ text: string, order: number | string, link?: string, mark?: SVGElement }} Cell order: what it is sorted by
 */

export class RunTable {
  #head;
  #body;
  /** @type {HTMLTableRowElement[]} */
  #rows;
  /** @type {Cell[][]} */
  #cells = [];
  #by = -1;
  #isRising = true;

  /** @param {HTMLTableElement} table @param {string[]} columns @param {number} rows */
  constructor(table, columns, rows) {
    this.#head = /** @type {HTMLElement} */ (table.querySelector("thead tr"));
    this.#body = /** @type {HTMLElement} */ (table.querySelector("tbody"));
    this.#head.replaceChildren(...columns.map((title, i) => this.#header(title, i)));
    this.#rows = Array.from({ length: rows }, () => {
      const row = document.createElement("tr");
      row.append(...columns.map((_, i) => document.createElement(i ? "td" : "th")));
      return row;
    });
    for (const { firstElementChild } of this.#rows) firstElementChild?.setAttribute("scope", "row");
    this.#body.replaceChildren(...this.#rows);
  }

  /** @param {Cell[][]} cells a row for each run, in their first order */
  show(cells) {
    this.#cells = cells;
    cells.forEach((row, i) => row.forEach((cell, j) => fill(/** @type {HTMLElement} */ (this.#rows[i].children[j]), cell)));
    this.#sort();
  }

  /** @param {string} title @param {number} i */
  #header(title, i) {
    const head = document.createElement("th");
    head.scope = "col";
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: title });
    button.addEventListener("click", () => {
      this.#isRising = this.#by === i ? !this.#isRising : true;
      this.#by = i;
      this.#sort();
    });
    head.append(button);
    return head;
  }

  /** What has no value comes last. */
  #sort() {
    if (this.#by < 0) return;
    [...this.#head.children].forEach((head, i) => (i === this.#by ? head.setAttribute("aria-sort", this.#isRising ? "ascending" : "descending") : head.removeAttribute("aria-sort")));
    const order = this.#cells.map((row, i) => ({ i, value: row[this.#by].order })).sort((a, b) => compared(a.value, b.value, this.#isRising));
    const wanted = order.map(({ i }) => this.#rows[i]);
    if (wanted.some((row, i) => this.#body.children[i] !== row)) this.#body.append(...wanted);
  }
}

/** @param {number | string} a @param {number | string} b @param {boolean} isRising */
function compared(a, b, isRising) {
  const [noA, noB] = [Number.isNaN(a), Number.isNaN(b)];
  if (noA || noB) return Number(noA) - Number(noB);
  const order = typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), "en", { numeric: true });
  return isRising ? order : -order;
}

/** @param {HTMLElement} place @param {Cell} cell */
function fill(place, { text, link, mark }) {
  if (place.textContent === text && (place.firstChild || !text)) return;
  const shown = link ? Object.assign(document.createElement("a"), { href: link, textContent: text }) : text;
  place.replaceChildren(...(mark ? [mark] : []), shown);
}
