// @ts-check
/** The page /models: its table sorted by column, narrowed to a dataset, and times as they are measured. */
import { ask } from "./ask.js";
import { say } from "./texts.js";

const PAUSE = 1500; // ms between two looks
const LOOKS = 20; // then what is not known stays unknown

/** @type {<T extends Element>(selector: string) => T} */
const find = (selector) => /** @type {any} */ (document.querySelector(selector));
/** @type {HTMLTableSectionElement} */
const body = find("#models tbody");
/** @type {HTMLSelectElement} */
const dataset = find("#dataset");
const heads = [.../** @type {NodeListOf<HTMLTableCellElement>} */ (document.querySelectorAll("#models thead th"))];

for (const head of heads) head.addEventListener("click", () => sort(head));
dataset.addEventListener("change", narrow);
narrow(); // a browser may remember what was chosen
watch();

/** The first click rises; what has no value comes last. @param {HTMLTableCellElement} head */
function sort(head) {
  const isRising = head.ariaSort !== "ascending";
  for (const each of heads) each.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", isRising ? "ascending" : "descending");
  const at = heads.indexOf(head);
  const isText = head.hasAttribute("data-text");
  const valued = [...body.rows].map((row) => ({ row, value: /** @type {HTMLElement | undefined} */ (row.cells[at])?.dataset.value ?? "" }));
  valued.sort((one, other) => compared(one.value, other.value, isText, isRising));
  body.append(...valued.map(({ row }) => row));
}

/** @param {string} one @param {string} other @param {boolean} isText @param {boolean} isRising */
function compared(one, other, isText, isRising) {
  if (!one || !other) return Number(!one) - Number(!other);
  const order = isText ? one.localeCompare(other, "en", { numeric: true }) : Number(one) - Number(other);
  return isRising ? order : -order;
}

function narrow() {
  for (const row of body.rows) row.hidden = Boolean(dataset.value) && row.dataset.dataset !== dataset.value;
  const shown = [...body.rows].filter(({ hidden }) => !hidden).length;
  find("#models output").textContent = say("modelsShown", { shown, all: body.rows.length });
}

/** Looks for times until all are there. */
async function watch() {
  for (let look = 0; look < LOOKS && waiting().length; look++) {
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
    try {
      await fill();
    } catch {
      return; // a reload asks again
    }
  }
  for (const cell of waiting()) cell.textContent = "–";
}

function waiting() {
  return /** @type {HTMLElement[]} */ ([...body.querySelectorAll(".latency[data-value='']")]);
}

async function fill() {
  const { models } = await ask("GET", "/api/v1/models");
  for (const { name, latency_ms: time } of models) {
    const cell = /** @type {HTMLElement | null} */ (body.querySelector(`[data-name="${name}"] .latency[data-value='']`));
    if (!cell || time === null) continue;
    cell.dataset.value = String(time);
    cell.textContent = say("milliseconds", { time: time.toFixed(2) });
  }
}
