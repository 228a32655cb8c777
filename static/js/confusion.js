// @ts-check
/** The confusion matrix as a table of buttons; a cell opens its pictures. Below it, each class. */
import { Gallery } from "./gallery.js";
import { whileOpen } from "./lab.js";
import { LatestLook } from "./latest-look.js";
import { accuracyOf, count, say } from "./texts.js";

/**
 * @typedef {{ label: string, n: number, right: number }} ClassScore
 * @typedef {{ n: number, accuracy: number, rejected: number, classes: string[], matrix: number[][], per_class: ClassScore[] }} Confusion
 * @typedef {{ total: number, pictures: import("./gallery.js").Seen[] }} Pictures
 */

const MOVES = /** @type {Record<string, [number, number]>} */ ({ ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] });

/** @param {HTMLDetailsElement} panel @param {import("./moment.js").Moment} moment */
export function mount(panel, moment) {
  const part = /** @type {<T extends HTMLElement>(selector: string) => T} */ ((selector) => /** @type {any} */ (panel.querySelector(selector)));
  const gallery = new Gallery(part(".gallery"));
  const matrix = new Matrix(part(".matrix"), openCell);
  const scores = part(".class-scores");

  /** @type {LatestLook<Pictures>} */
  const pictures = new LatestLook({
    shown({ total, pictures: shown }) {
      const cell = matrix.chosen;
      if (!cell) return;
      part(".opened").textContent = say(cell.true === cell.predicted ? "cellRight" : shown.length < total ? "cellFirst" : "cellAll", {
        ...cell, total: count(total), shown: shown.length,
      });
      gallery.show(shown, false);
    },
    failed: (sentence) => (part(".opened").textContent = sentence),
    busy: (isBusy) => part(".gallery").toggleAttribute("data-old", isBusy),
  });

  /** @type {LatestLook<Confusion>} */
  const server = new LatestLook({
    shown(answer) {
      const { n, accuracy, rejected, per_class } = answer;
      part(".told").textContent = say(rejected ? "matrixTellsRejected" : "matrixTells", { n: count(n), accuracy: accuracyOf(accuracy), rejected: count(rejected) });
      matrix.show(answer);
      scores.replaceChildren(...per_class.filter((each) => each.n).map(score));
      if (matrix.chosen) openCell(matrix.chosen);
    },
    failed(sentence) {
      part(".told").textContent = sentence;
      matrix.clear();
      scores.replaceChildren();
      gallery.clear();
      part(".opened").textContent = "";
    },
    busy(isBusy) {
      panel.ariaBusy = String(isBusy);
      part(".whole").toggleAttribute("data-old", isBusy);
      if (isBusy && matrix.isEmpty) part(".told").textContent = say("examining");
    },
  });

  /** @param {Cell} cell */
  function openCell(cell) {
    pictures.look(moment.address("mistakes", { part: moment.part, true: cell.true, predicted: cell.predicted }));
  }

  whileOpen(panel, /** @type {any} */ (moment), () => moment.checkpoint && server.look(moment.address("confusion", { part: moment.part })));
}

/** @typedef {{ true: string, predicted: string }} Cell */

class Matrix {
  /** @type {Cell | null} */
  chosen = null;
  #table;
  #onChoice;
  /** @type {string} */
  #classes = "";
  /** @type {HTMLButtonElement[][]} */
  #cells = [];

  /** @param {HTMLElement} table @param {(cell: Cell) => void} onChoice */
  constructor(table, onChoice) {
    this.#table = table;
    this.#onChoice = onChoice;
    table.addEventListener("keydown", (event) => this.#move(event));
  }

  get isEmpty() {
    return !this.#cells.length;
  }

  clear() {
    this.#table.querySelector("tbody")?.replaceChildren();
    this.#table.querySelector("thead")?.replaceChildren();
    this.#cells = [];
    this.#classes = "";
  }

  /** @param {Confusion} confusion */
  show({ classes, matrix }) {
    if (classes.join() !== this.#classes) this.#build(classes);
    matrix.forEach((row, i) => {
      const sum = row.reduce((a, b) => a + b, 0);
      row.forEach((number, j) => {
        const cell = this.#cells[i][j];
        cell.textContent = number ? count(number) : "";
        cell.ariaLabel = say(i === j ? "cellReadRight" : "cellReadWrong", { true: classes[i], predicted: classes[j], number: count(number) });
        cell.style.setProperty("--shade", sum ? shade(number / sum, i === j).toFixed(3) : "0");
      });
    });
  }

  /** @param {string[]} classes */
  #build(classes) {
    this.clear();
    this.#classes = classes.join();
    this.#table.toggleAttribute("data-words", classes.some(({ length }) => length > 3));
    this.chosen = classes.includes(this.chosen?.true ?? "") ? this.chosen : null;
    const head = document.createElement("tr");
    head.append(Object.assign(document.createElement("td"), { textContent: say("matrixCorner") }), ...classes.map((label) => scoped(label, "col")));
    this.#table.querySelector("thead")?.append(head);
    const body = /** @type {HTMLElement} */ (this.#table.querySelector("tbody"));
    this.#cells = classes.map((label, i) => {
      const row = body.appendChild(document.createElement("tr"));
      row.append(scoped(label, "row"));
      return classes.map((predicted, j) => {
        const button = row.appendChild(document.createElement("td")).appendChild(document.createElement("button"));
        button.type = "button";
        button.tabIndex = i || j ? -1 : 0;
        button.toggleAttribute("data-right", i === j);
        button.ariaPressed = "false";
        button.addEventListener("click", () => this.#choose(i, j, { true: label, predicted }));
        return button;
      });
    });
  }

  /** @param {number} row @param {number} column @param {Cell} cell */
  #choose(row, column, cell) {
    for (const button of this.#cells.flat()) button.ariaPressed = "false";
    this.#cells[row][column].ariaPressed = "true";
    this.#stand(row, column);
    this.chosen = cell;
    this.#onChoice(cell);
  }

  /** One stop of the Tab key for the whole table. @param {number} row @param {number} column */
  #stand(row, column) {
    for (const button of this.#cells.flat()) button.tabIndex = -1;
    this.#cells[row][column].tabIndex = 0;
    this.#cells[row][column].focus();
  }

  /** @param {KeyboardEvent} event */
  #move(event) {
    const move = MOVES[event.key];
    const row = this.#cells.findIndex((cells) => cells.includes(/** @type {any} */ (event.target)));
    if (!move || row < 0) return;
    event.preventDefault();
    const column = this.#cells[row].indexOf(/** @type {any} */ (event.target));
    const last = this.#cells.length - 1;
    this.#stand(Math.min(Math.max(row + move[0], 0), last), Math.min(Math.max(column + move[1], 0), last));
  }
}

/** From 0 to 1: a few mistakes are seen beside a thousand, and a tenth of a class is as much as all. @param {number} share of its row @param {boolean} isRight */
const shade = (share, isRight) => (isRight ? share : Math.min(1, Math.sqrt(10 * share)));

/** @param {string} label @param {string} scope */
function scoped(label, scope) {
  const head = Object.assign(document.createElement("th"), { scope });
  head.appendChild(document.createElement("span")).textContent = label;
  return head;
}

/** @param {ClassScore} score */
function score({ label, n, right }) {
  const element = document.createElement("li");
  const [name, track, number] = ["class", "track", "share"].map((part) => {
    const each = element.appendChild(document.createElement("span"));
    each.className = part;
    return each;
  });
  element.style.setProperty("--share", (right / n).toFixed(4));
  name.textContent = label;
  track.ariaHidden = "true";
  number.textContent = say("classScore", { accuracy: accuracyOf(right / n), n: count(n) });
  return element;
}
