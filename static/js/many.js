// @ts-check
/** Many pictures at once: a table of what was read, to be sorted, corrected and saved. */
import { isUnfamiliar } from "./answer.js";
import { Batches } from "./batches.js";
import { csv } from "./csv.js";
import { decoded, fit, isOther, refusal, sent } from "./pictures.js";
import { save } from "./saved.js";
import { UNIT, percent, say } from "./texts.js";

/** @typedef {import("./lab.js").Lab} Lab */
/** @typedef {import("./predict.js").Reading} Reading */
/** @typedef {import("./predict.js").Reason} Reason */
/** @typedef {"waiting" | "read" | "doubtful" | "rejected" | "failed"} State doubtful: read, but unfamiliar */
/**
 * @typedef {{ file: File, number: number, row: HTMLTableRowElement, isDrawn: boolean, state: State, reading: string,
 *   probability: number, note: string, model: string, version: string, right: string }} Entry
 *   probability: -1 where nothing was read; right: the label that somebody gave, or nothing
 */

const CHUNK = 25; // rows added at once
const THUMBNAIL = 88; // canvas pixels
const COLUMNS = ["file", "model", "version", "reading", "probability", "right label", "note"]; // of the CSV
const { compare } = new Intl.Collator(undefined, { numeric: true });

/** @type {Record<string, (a: Entry, b: Entry) => number>} */
const ORDERS = {
  number: (a, b) => a.number - b.number,
  title: (a, b) => compare(a.file.name, b.file.name),
  reading: (a, b) => compare(a.reading, b.reading),
  share: (a, b) => a.probability - b.probability,
  right: (a, b) => compare(a.right, b.right),
};

export class Many {
  /** In the order of the table. @type {Entry[]} */
  #entries = [];
  #count = 0;
  #section;
  #lab;
  #page;
  #batches;
  #body;
  #pattern;
  #parts;

  /**
   * @param {HTMLElement} section hidden until pictures come
   * @param {Lab} lab
   * @param {{ limit: number, lay: (file: File) => void, announce: (sentence: string) => void }} page limit: MiB of one picture;
   *   lay: puts it on the pad
   */
  constructor(section, lab, page) {
    /** @type {<T extends HTMLElement>(selector: string) => T} */
    const part = (selector) => /** @type {any} */ (section.querySelector(selector));
    this.#section = section;
    this.#lab = lab;
    this.#page = page;
    this.#body = part("tbody");
    this.#pattern = /** @type {HTMLTemplateElement} */ (section.querySelector("template")).content;
    /** @type {HTMLProgressElement} */
    const progress = part("progress");
    this.#parts = { progress, said: part(".said"), accuracy: part(".accuracy"), stop: part(".stop"), again: part(".again"), save: part(".save") };
    this.#batches = new Batches(/** @type {import("./batches.js").Customer<Entry>} */ ({
      prepare: (entry) => this.#prepare(entry),
      answered: (entry, result, by) => this.#answered(entry, result, by),
      waiting: (isAway) => this.#showProgress(isAway),
      finished: () => this.#finished(),
    }));
    this.#parts.stop.addEventListener("click", () => this.#batches.cancel());
    this.#parts.again.addEventListener("click", () => this.#readAgain());
    this.#parts.save.addEventListener("click", () => this.#save());
    part(".remove").addEventListener("click", () => this.#remove());
    for (const button of section.querySelectorAll("th button")) button.addEventListener("click", () => this.#sort(button));
    let model = lab.model;
    lab.addEventListener("change", () => {
      if (model !== lab.model) this.#showButtons();
      model = lab.model;
    });
  }

  /** @param {File[]} files */
  async add(files) {
    this.#section.hidden = false;
    this.#section.scrollIntoView({ block: "start" });
    const entries = files.map((file) => this.#entryOf(file));
    this.#entries.push(...entries);
    this.#isNoLonger("sorted");
    for (let i = 0; i < entries.length; i += CHUNK) {
      const chunk = entries.slice(i, i + CHUNK).filter((entry) => this.#entries.includes(entry)); // not removed meanwhile
      this.#body.append(...chunk.map(({ row }) => row));
      this.#read(chunk);
      await new Promise((resolve) => setTimeout(resolve)); // frames stand still in a tab that is not seen
    }
  }

  // --- Reading ---

  /** @param {Entry[]} entries */
  #read(entries) {
    if (this.#lab.model) this.#batches.ask(entries, this.#lab.model);
    this.#showProgress(false);
    this.#showButtons();
  }

  /** @param {Entry} entry */
  async #prepare(entry) {
    if (isOther(entry.file)) throw refusal("noPicture", { name: entry.file.name });
    const bitmap = await decoded(entry.file);
    if (bitmap) drawThumbnail(entry, bitmap);
    const picture = await sent(entry.file, bitmap);
    bitmap?.close();
    return fit(picture, this.#page.limit);
  }

  /** @param {Entry} entry @param {Reading | { error: Reason }} result @param {{ model: string, version: string }} by */
  #answered(entry, result, by) {
    Object.assign(entry, by, readingOf(result));
    show(entry);
    this.#isNoLonger("reading", "share");
    this.#showProgress(false);
    this.#showAccuracy();
  }

  #finished() {
    const waiting = this.#waiting.length;
    this.#showProgress(false);
    this.#showButtons();
    if (this.#entries.length && !waiting) this.#page.announce(this.#soFar("manyRead", "manyReadSome"));
  }

  /** What was not read yet; else everything, with the page's model. */
  #readAgain() {
    const entries = this.#waiting.length ? this.#waiting : this.#entries;
    for (const entry of entries) {
      Object.assign(entry, { state: "waiting", reading: "", probability: -1, note: "" });
      this.#offer(entry);
      show(entry);
    }
    this.#read(entries);
  }

  get #waiting() {
    return this.#entries.filter(({ state }) => state === "waiting");
  }

  #remove() {
    this.#batches.cancel();
    this.#entries = [];
    this.#body.replaceChildren();
    this.#section.hidden = true;
    this.#page.announce(say("manyRemoved"));
  }

  // --- The table ---

  /** @param {File} file @returns {Entry} */
  #entryOf(file) {
    const row = /** @type {HTMLTableRowElement} */ (this.#pattern.firstElementChild?.cloneNode(true));
    /** @type {Entry} */
    const entry = {
      ...{ file, number: this.#count++, row, isDrawn: false, state: "waiting", reading: "", probability: -1 },
      ...{ note: "", model: "", version: "", right: "" },
    };
    within(row, ".title").textContent = file.name;
    const thumbnail = within(row, ".thumbnail");
    thumbnail.setAttribute("aria-label", say("layOnPad", { name: file.name }));
    thumbnail.addEventListener("click", () => this.#page.lay(file));
    const select = selectIn(row);
    select.setAttribute("aria-label", say("rightLabelOf", { name: file.name }));
    select.addEventListener("change", () => {
      entry.right = select.value;
      this.#isNoLonger("right");
      this.#showAccuracy();
    });
    this.#offer(entry);
    return entry;
  }

  /** The model's classes as right labels. @param {Entry} entry */
  #offer(entry) {
    const labels = ["", ...(this.#lab.model?.classes ?? [])];
    const select = selectIn(entry.row);
    if ([...select.options].map(({ value }) => value).join("\n") === labels.join("\n")) return;
    select.replaceChildren(...labels.map((label) => new Option(label, label)));
    select.value = entry.right = labels.includes(entry.right) ? entry.right : "";
  }

  /** @param {Element} button in a column's head */
  #sort(button) {
    const head = /** @type {HTMLTableCellElement} */ (button.parentElement);
    const isDown = head.ariaSort === "ascending";
    this.#isNoLonger("sorted");
    head.ariaSort = isDown ? "descending" : "ascending";
    const order = ORDERS[head.dataset.column ?? ""];
    this.#entries.sort(isDown ? (a, b) => order(b, a) : order);
    this.#body.append(...this.#entries.map(({ row }) => row));
  }

  /** The table does not move under one's hands; but then it must not claim an order. @param {string[]} columns or "sorted": any */
  #isNoLonger(...columns) {
    const head = /** @type {HTMLTableCellElement | null} */ (this.#section.querySelector("th[aria-sort]"));
    if (head && (columns[0] === "sorted" || columns.includes(head.dataset.column ?? ""))) head.removeAttribute("aria-sort");
  }

  // --- Around it ---

  /** @param {boolean} isAway */
  #showProgress(isAway) {
    const all = this.#entries.length;
    const done = all - this.#waiting.length;
    this.#parts.progress.max = Math.max(all, 1);
    this.#parts.progress.value = done;
    this.#parts.said.textContent = isAway ? say("lostDetail") : this.#soFar("manyDone", "manyDoneSome");
  }

  /** @param {"manyDone" | "manyRead"} whole @param {"manyDoneSome" | "manyReadSome"} some where some could not be read */
  #soFar(whole, some) {
    const all = this.#entries.length;
    const failed = this.#entries.filter(({ state }) => state === "failed").length;
    return say(failed ? some : whole, { done: all - this.#waiting.length - failed, all, failed });
  }

  #showButtons() {
    const { stop, again, save } = this.#parts;
    const { isIdle } = this.#batches;
    const model = this.#lab.model?.name ?? "";
    const others = this.#entries.some((entry) => entry.model !== model);
    const hadFocus = [stop, again].find((button) => button.matches(":focus"));
    stop.hidden = isIdle;
    again.hidden = !isIdle || !others;
    again.textContent = this.#waiting.length ? say("readRest") : say("readAgain", { model });
    if (hadFocus?.hidden) (!stop.hidden ? stop : !again.hidden ? again : save).focus();
  }

  #showAccuracy() {
    const judged = this.#entries.filter(({ right, state }) => right && state !== "waiting");
    const correct = judged.filter(({ right, reading }) => right === reading).length;
    const share = percent(correct / judged.length) + UNIT;
    this.#parts.accuracy.textContent = judged.length ? say("accuracy", { correct, all: judged.length, share }) : say("noneJudged");
  }

  #save() {
    const rows = this.#entries.map(({ file, state, model, version, reading, probability, right, note }) =>
      [file.name, model, version, reading, probability < 0 ? "" : String(probability), right, state === "waiting" ? say("notRead") : note]);
    const text = ["\ufeff", csv([COLUMNS, ...rows])]; // Excel knows UTF-8 by its mark
    save(new Blob(text, { type: "text/csv;charset=utf-8" }), "inkling-readings.csv");
  }
}

/** @param {Reading | { error: Reason }} result @returns {Pick<Entry, "state" | "reading" | "probability" | "note">} */
function readingOf(result) {
  if ("error" in result) return { state: "failed", reading: "", probability: -1, note: result.error.message };
  if (result.rejected && !isUnfamiliar(result.rejected)) return { state: "rejected", reading: "", probability: -1, note: result.rejected.message };
  const [{ label, probability }] = result.predictions;
  if (result.rejected) return { state: "doubtful", reading: label, probability, note: say("unfamiliarNote") };
  return { state: "read", reading: label, probability, note: "" };
}

/** @param {Entry} entry */
function show({ row, state, reading, probability, note }) {
  within(row, ".reading").textContent = state === "rejected" ? say("noGuess") : state === "failed" ? say("notRead") : reading;
  within(row, ".share").textContent = probability < 0 ? "" : percent(probability) + UNIT;
  within(row, ".note").textContent = note;
  row.dataset.state = state;
  selectIn(row).disabled = state === "failed";
}

/** Once, the middle of the picture. @param {Entry} entry @param {ImageBitmap} bitmap */
function drawThumbnail(entry, bitmap) {
  if (entry.isDrawn) return;
  entry.isDrawn = true;
  const canvas = /** @type {HTMLCanvasElement} */ (within(entry.row, "canvas"));
  canvas.width = canvas.height = THUMBNAIL;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true })); // no graphics memory
  const side = Math.min(bitmap.width, bitmap.height);
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, (bitmap.width - side) / 2, (bitmap.height - side) / 2, side, side, 0, 0, THUMBNAIL, THUMBNAIL);
}

/** @param {HTMLElement} row @param {string} selector */
const within = (row, selector) => /** @type {HTMLElement} */ (row.querySelector(selector));

/** @param {HTMLElement} row */
const selectIn = (row) => /** @type {HTMLSelectElement} */ (row.querySelector("select"));
