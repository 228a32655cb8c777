// @ts-check
/** Numbers as pictures and tables: bars, histograms, grids, rows. */
import { brief, count, say } from "./texts.js";

/** @typedef {{ minimum: number, maximum: number, counts: number[] }} Histogram */

const BAR = { height: 72, least: 2, most: 44, label: 20 };

/**
 * A bar for each value, up from 0 or down from it.
 * @param {HTMLCanvasElement} canvas @param {number[]} values @param {number} room pixels of the page @param {number} [chosen] -1: none @param {string[]} [labels] below them, where there is room
 */
export function bars(canvas, values, room, chosen = -1, labels) {
  const each = Math.max(BAR.least, Math.min(BAR.most, Math.floor(room / values.length)));
  const rows = Math.ceil((each * values.length) / room);
  const perRow = Math.ceil(values.length / rows);
  canvas.width = perRow * each;
  const isLabelled = labels && rows === 1 && labels.every((label) => label.length < 3);
  canvas.height = rows * BAR.height + (isLabelled ? BAR.label : 0);
  const style = getComputedStyle(canvas);
  const [above, below, line, ink] = ["--accent", "--alert", "--edge", "--ink"].map((name) => style.getPropertyValue(name));
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const most = Math.max(0, ...values);
  const least = Math.min(0, ...values);
  const scale = (BAR.height - 6) / (most - least || 1);
  for (let row = 0; row < rows; row++) {
    const zero = row * BAR.height + 3 + most * scale;
    const part = values.slice(row * perRow, (row + 1) * perRow);
    part.forEach((value, i) => {
      context.fillStyle = value < 0 ? below : above;
      context.fillRect(i * each, zero, Math.max(1, each - (each > 3 ? 1 : 0)), -value * scale);
    });
    context.fillStyle = line;
    context.fillRect(0, zero - 0.5, part.length * each, 1);
  }
  if (isLabelled) {
    context.fillStyle = ink;
    context.font = `14px ${style.fontFamily}`;
    context.textAlign = "center";
    labels.forEach((label, i) => context.fillText(label, (i + 0.5) * each, BAR.height + BAR.label - 5));
  }
  if (chosen < 0 || chosen >= values.length) return { each, perRow };
  context.strokeStyle = ink;
  context.lineWidth = 2;
  context.strokeRect((chosen % perRow) * each, Math.floor(chosen / perRow) * BAR.height + 1, Math.max(each, 3), BAR.height - 2);
  return { each, perRow };
}

/** The bar under a pointer. @param {HTMLCanvasElement} canvas @param {{ each: number, perRow: number }} plan @param {{ offsetX: number, offsetY: number }} event */
export function barAt(canvas, { each, perRow }, { offsetX, offsetY }) {
  const scale = canvas.width / canvas.clientWidth;
  return Math.min(Math.floor((offsetY * scale) / BAR.height), Math.floor(canvas.height / BAR.height) - 1) * perRow + Math.min(perRow - 1, Math.floor((offsetX * scale) / each));
}

/** How often each value is there, with the numbers behind it. @param {string} title @param {Histogram} histogram */
export function histogram(title, { minimum, maximum, counts }) {
  const figure = element("figure", "histogram");
  const svg = drawing(counts.length, Math.max(...counts));
  counts.forEach((value, i) => {
    const bar = document.createElementNS(SVG, "rect");
    const [height, most] = [value, Math.max(...counts)];
    for (const [name, at] of /** @type {[string, number][]} */ ([["x", i], ["y", most - height], ["width", 0.9], ["height", height]])) bar.setAttribute(name, String(at));
    svg.append(bar);
  });
  svg.setAttribute("aria-label", say("histogramOf", { title, minimum: plain(minimum), maximum: plain(maximum) }));
  const ends = element("p", "ends");
  ends.ariaHidden = "true";
  ends.append(element("span", "", plain(minimum)), element("span", "", plain(maximum)));
  const step = (maximum - minimum) / counts.length;
  const rows = counts.map((value, i) => [plain(minimum + i * step), plain(minimum + (i + 1) * step), count(value)]);
  figure.append(element("figcaption", "", title), svg, ends, asTable(say("asTableOf", { title }), [say("from"), say("to"), say("howMany")], rows));
  return figure;
}

const SVG = "http://www.w3.org/2000/svg";

/** @param {number} width @param {number} height */
function drawing(width, height) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${width} ${height || 1}`);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("role", "img");
  return svg;
}

/** A table that opens. @param {string} title @param {string[]} head @param {string[][]} rows the first of each is its heading */
export function asTable(title, head, rows) {
  const details = element("details", "as-table");
  const scroller = element("div", "scroller");
  scroller.tabIndex = 0;
  scroller.role = "region";
  scroller.ariaLabel = title;
  details.append(element("summary", "", say("asTable")), scroller);
  details.addEventListener("toggle", () => scroller.replaceChildren(table(head, rows)), { once: true });
  return details;
}

/** @param {string[]} head @param {(string | Node)[][]} rows the first of each is its heading */
export function table(head, rows) {
  const whole = element("table");
  const top = whole.appendChild(element("thead")).appendChild(element("tr"));
  for (const title of head) top.append(Object.assign(element("th", "", title), { scope: "col" }));
  const body = whole.appendChild(element("tbody"));
  for (const cells of rows) {
    const row = body.appendChild(element("tr"));
    cells.forEach((cell, i) => row.append(element(i ? "td" : "th", "", cell)));
    /** @type {HTMLTableCellElement} */ (row.cells[0]).scope = "row";
  }
  return whole;
}

/** Numbers as they lie, coloured by size. @param {number[][]} numbers @param {string} title */
export function grid(numbers, title) {
  const whole = element("table", "grid");
  whole.append(element("caption", "", title));
  const most = Math.max(...numbers.flat().map(Math.abs)) || 1;
  for (const line of numbers) {
    const row = whole.appendChild(element("tr"));
    for (const value of line) {
      const cell = row.appendChild(element("td", value < 0 ? "below" : "", short(value)));
      cell.style.setProperty("--share", (Math.abs(value) / most).toFixed(3));
    }
  }
  return whole;
}

/** Two digits that count suffice in a grid. @param {number} value */
export const short = (value) => (Math.abs(value) < 0.005 ? "0" : Math.abs(value) < 10 ? value.toFixed(2) : value.toFixed(1)).replace("-", "\u2212");

/** A number in a formula, with a real minus. @param {number} value */
export const plain = (value) => brief(value).replace("-", "\u2212");

/** Other content, of which what was open stays open and what had the focus keeps it, by its place. @param {HTMLElement} element @param {Node[]} content */
export function refill(element, content) {
  const summaries = [...element.querySelectorAll("summary")];
  const wereOpen = summaries.map((summary) => /** @type {HTMLDetailsElement} */ (summary.parentElement).open);
  const focused = summaries.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  element.replaceChildren(...content);
  element.querySelectorAll("summary").forEach((summary, i) => {
    if (i < wereOpen.length) /** @type {HTMLDetailsElement} */ (summary.parentElement).open = wereOpen[i];
    if (i === focused) summary.focus({ preventScroll: true });
  });
}

/** @template {keyof HTMLElementTagNameMap} K @param {K} kind @param {string} [className] @param {string | Node} [content] @returns {HTMLElementTagNameMap[K]} */
export function element(kind, className = "", content = "") {
  const made = document.createElement(kind);
  if (className) made.className = className;
  made.append(content);
  return made;
}
