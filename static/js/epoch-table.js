// @ts-check
/** The numbers behind the curves, a row for each epoch; rows are made while it is open. */
import { accuracyOf, brief, figure } from "./texts.js";

/** @typedef {import("./run-record.js").RunRecord} RunRecord */

export class EpochTable {
  #details;
  #body;
  #record;

  /** @param {HTMLDetailsElement} details @param {RunRecord} record */
  constructor(details, record) {
    this.#details = details;
    this.#body = /** @type {HTMLElement} */ (details.querySelector("tbody"));
    this.#record = record;
    details.addEventListener("toggle", () => this.draw());
  }

  draw() {
    if (!this.#details.open) return;
    const fresh = this.#record.epochs.slice(this.#body.childElementCount);
    this.#body.append(...fresh.map(row));
  }
}

/** @param {import("./run-record.js").Epoch} epoch */
function row({ epoch, training, loss, accuracy, rate }) {
  const row = document.createElement("tr");
  const head = document.createElement("th");
  head.scope = "row";
  head.textContent = String(epoch);
  const cells = [figure(training), figure(loss), accuracyOf(accuracy), rate === null ? "" : brief(rate)];
  row.append(head, ...cells.map((text) => Object.assign(document.createElement("td"), { textContent: text })));
  return row;
}
