// @ts-check
/** The page of one dataset: how many of each class, its pictures, and which of the test are learnt from. */
import { ask } from "./ask.js";
import { confirmed } from "./confirmed.js";
import { LatestLook } from "./latest-look.js";
import { captioned } from "./sample-tiles.js";
import { count, say } from "./texts.js";

/** @typedef {{ index: number, label: string }} Sample */
/** @typedef {{ total: number, page: number, pages: number, columns: number, sheet: string, samples: Sample[] }} Page */
/** @typedef {{ found: number, tests: number, learnt: number, columns: number, sheet: string, pairs: { test: Sample, part: "train" | "validation", other: Sample }[] }} Duplicates */

const PARTS = /** @type {const} */ (["train", "validation", "test"]);
const UNEVEN = 2; // times as many, from which on it is worth a word

const page = /** @type {HTMLElement} */ (document.querySelector("#dataset"));
/** @type {<T extends Element = HTMLElement>(selector: string) => T} */
const find = (selector) => /** @type {any} */ (page.querySelector(selector));
const address = `/api/v1/datasets/${page.dataset.name}`;
/** @type {string[]} */
const classes = JSON.parse(page.dataset.classes ?? "[]");
const selects = /** @type {const} */ (["part", "label", "order"]).map((name) => /** @type {HTMLSelectElement} */ (find(`select.${name}`)));
let number = 1;

/** @type {LatestLook<Page>} */
const look = new LatestLook({ shown: showPage, failed: tell, busy: (isBusy) => (find(".browsed").ariaBusy = String(isBusy)) });
for (const select of selects) select.addEventListener("change", () => turn(1 - number));
find(".before").addEventListener("click", () => find(".before").ariaDisabled !== "true" && turn(-1));
find(".after").addEventListener("click", () => find(".after").ariaDisabled !== "true" && turn(1));
page.querySelector(".delete")?.addEventListener("click", remove);
turn(0);
balance().catch((error) => (find(".balance-said").textContent = error.message));
ask("GET", `${address}/duplicates`).then(showDuplicates, (error) => (find(".leak-said").textContent = error.message));

// --- the pictures ---

/** @param {number} pages */
function turn(pages) {
  number += pages;
  const [part, label, order] = selects.map(({ value }) => value);
  look.look(`${address}/samples?${new URLSearchParams({ part, order, page: String(number), ...(label && { label }) })}`);
}

/** @param {string} sentence instead of pictures */
function tell(sentence) {
  find(".where-said").textContent = sentence;
  for (const name of [".before", ".after"]) find(name).ariaDisabled = "true";
}

/** @param {Page} shown */
function showPage({ total, page: at, pages, columns, sheet, samples }) {
  find(".browsed").replaceChildren(...captioned(sheet, columns, samples, ({ label }) => label));
  find(".browsed").toggleAttribute("data-words", classes.some((label) => label.length > 2));
  find(".where-said").textContent = total ? say("pageOf", { page: count(at), pages: count(pages), total: count(total) }) : say("noneFits");
  find(".before").ariaDisabled = String(at <= 1);
  find(".after").ariaDisabled = String(at >= pages);
}

// --- how many ---

async function balance() {
  const rows = [...page.querySelectorAll(".balance tbody tr")];
  for (const [column, part] of PARTS.entries()) {
    const { counts, n } = await ask("GET", `${address}?part=${part}`);
    const most = Math.max(1, ...counts);
    for (const [k, row] of rows.entries()) fill(row.children[column + 1], counts[k], counts[k] / most);
    find(`.balance tfoot td:nth-of-type(${column + 1})`).textContent = count(n);
    if (part === "train") tellBalance(counts);
  }
}

/** @param {Element} cell @param {number} value @param {number} share of the largest class */
function fill(cell, value, share) {
  cell.textContent = count(value);
  /** @type {HTMLElement} */ (cell).style.setProperty("--share", `${100 * share}%`);
}

/** @param {number[]} counts */
function tellBalance(counts) {
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  const [fewest, largest] = [least, most].map((value) => classes[counts.indexOf(value)]);
  const times = least ? most / least : Infinity;
  const values = { fewest, largest, least: count(least), most: count(most), times: times.toFixed(1) };
  find(".balance-said").textContent = say(most === least ? "even" : times < UNEVEN ? "balanced" : "unbalanced", values);
}

// --- what is in training and test ---

/** @param {Duplicates} found */
function showDuplicates({ found, tests, learnt, columns, sheet, pairs }) {
  const values = { found: count(found), tests: count(tests), learnt: count(learnt) };
  find(".leak-said").textContent = say(found ? "leaks" : "noLeak", values);
  find(".leak-said").toggleAttribute("data-leaks", found > 0);
  find(".pairs").hidden = !found;
  find(".pairs").replaceChildren(...captioned(sheet, columns, pairs, ({ test, part, other }) => say(test.label === other.label ? "samePair" : "otherPair", {
    label: test.label, other: other.label, part: say(`part_${part}`), test: count(test.index + 1), place: count(other.index + 1),
  })));
}

// --- gone ---

async function remove() {
  if (!(await confirmed(/** @type {HTMLDialogElement} */ (document.querySelector("dialog.sure"))))) return;
  try {
    await ask("DELETE", address);
    location.assign("/datasets");
  } catch (error) {
    find(".refused").textContent = /** @type {Error} */ (error).message;
  }
}
