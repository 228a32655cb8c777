// @ts-check
/** Why this answer: maps over the input, the nearest training pictures, and what would change it. */
import { explained } from "./glass-ask.js";
import { markEdits, overlay, strongest } from "./glass-overlay.js";
import { whileOpen } from "./lab.js";
import { element, plain } from "./numbers.js";
import { LatestWins } from "./predict.js";
import { UNIT, count, percent, say } from "./texts.js";

/**
 * @typedef {import("./glass-ask.js").Explained} Explained
 * @typedef {import("./glass-ask.js").Change} Change
 * @typedef {import("./glass-ask.js").Reasons} Reasons
 */

const QUICK = "saliency,gradcam"; // while the pen moves; the rest when it is up
const MAPS = /** @type {const} */ (["saliency", "gradcam", "occlusion"]);

/** @param {HTMLDetailsElement} panel @param {import("./lab.js").Lab} lab */
export function mount(panel, lab) {
  const part = /** @type {<T extends HTMLElement>(selector: string) => T} */ ((selector) => /** @type {any} */ (panel.querySelector(selector)));
  const told = part(".told");
  const classChosen = /** @type {HTMLSelectElement} */ (part("#why-of"));
  const search = part(".search");
  /** @type {Explained | null} */
  let last = null;
  /** @type {Change | null} */
  let change = null;
  let searching = new AbortController();

  const maps = new LatestWins({
    answered: (answer, { final }) => show(/** @type {Explained} */ (answer), final),
    failed: ({ message }) => (told.textContent = message),
    waiting: (reason) => (told.textContent = reason?.message ?? say("lostDetail")),
  });
  const neighbours = new LatestWins({
    answered: (answer) => showNeighbours(panel, /** @type {Explained} */ (answer)),
    failed: ({ message }) => {
      noNeighbours(panel, message);
      part(".gallery").hidden = true; // a passing fault keeps its place
    },
    waiting: (reason) => noNeighbours(panel, reason?.message ?? say("lostDetail")),
  });

  /** @param {boolean} final */
  function refresh(final) {
    const { model, subject } = lab;
    forgetChange();
    if (!model || !subject) {
      told.textContent = say("glassEmpty");
      return maps.forget();
    }
    const question = { model: model.name, classes: model.classes.length, final, body: subject.picture, verb: /** @type {const} */ ("explain") };
    const of = classChosen.value && { of: classChosen.value };
    maps.ask({ ...question, query: { layers: "false", reasons: final ? MAPS.join() : QUICK, ...of } });
    if (!final) return;
    const list = part(".gallery");
    if (!list.childElementCount) part(".neighbours-told").textContent = say("neighboursWait");
    neighbours.ask({ ...question, query: { layers: "false", reasons: "neighbours" } });
  }

  /** @param {Explained} answer @param {boolean} final */
  function show(answer, final) {
    told.textContent = answer.rejected?.message ?? "";
    if (!answer.reasons) return;
    last = answer;
    for (const each of panel.querySelectorAll(".of")) each.textContent = answer.reasons.of;
    drawMaps(answer, final);
  }

  /** @param {Explained} answer @param {boolean} final */
  function drawMaps({ reasons, input }, final) {
    for (const name of MAPS) {
      const figure = part(`[data-reason=${name}]`);
      const tiles = reasons?.[name];
      if (tiles === undefined) continue;
      const canvas = /** @type {HTMLCanvasElement} */ (figure.querySelector("canvas"));
      canvas.hidden = tiles === null;
      figure.querySelector(".none")?.toggleAttribute("hidden", tiles !== null);
      if (!tiles) continue;
      overlay(canvas, tiles, input);
      if (final) describe(figure, canvas, tiles, reasons?.of ?? "").catch(() => {});
    }
  }

  async function find() {
    if (!lab.subject || search.ariaDisabled === "true") return;
    search.ariaDisabled = "true";
    part(".change-told").textContent = say("changeWait");
    const { signal } = (searching = new AbortController());
    try {
      const answer = await explained(lab, { reasons: "change" }, signal);
      change = answer.reasons?.change ?? null;
      part(".change-told").textContent = change ? changeInWords(change, panel.dataset.dabs) : answer.rejected?.message ?? "";
      drawChange(answer.input);
    } catch (error) {
      if (!signal.aborted) part(".change-told").textContent = /** @type {Error} */ (error).message;
    }
    if (!signal.aborted) search.ariaDisabled = "false";
  }

  /** @param {string} input */
  function drawChange(input) {
    const shown = part(".change");
    shown.hidden = !change?.edits.length;
    if (change) showChange(shown, change, input, lab.model?.size ?? 28);
  }

  function forgetChange() {
    searching.abort();
    search.ariaDisabled = String(!lab.subject);
    change = null;
    part(".change").hidden = true;
    part(".change-told").textContent = "";
  }

  search.addEventListener("click", find);
  classChosen.addEventListener("change", () => refresh(true));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    if (last) drawMaps(last, false);
    if (last) drawChange(last.input);
  });
  whileOpen(panel, lab, refresh);
}

/** @param {HTMLElement} figure @param {HTMLCanvasElement} canvas @param {import("./tiles.js").Tiles} tiles @param {string} of */
async function describe(figure, canvas, tiles, of) {
  const title = figure.querySelector("strong")?.textContent ?? "";
  const { value, row, column, table } = await strongest(tiles, title);
  canvas.ariaLabel = say(value < 0 ? "mapAgainst" : "mapFor", { title, of, row, column, value: plain(value) });
  const isOpen = figure.querySelector("details")?.open ?? false;
  table.open = isOpen;
  figure.querySelector(".numbers")?.replaceChildren(table);
}

/** @param {HTMLElement} panel @param {Explained} answer */
function showNeighbours(panel, { reasons, rejected }) {
  const found = reasons?.neighbours;
  const told = /** @type {HTMLElement} */ (panel.querySelector(".neighbours-told"));
  if (!found) return noNeighbours(panel, rejected?.message ?? "");
  told.textContent = say("neighboursFound", { shown: found.pictures.length, n: count(found.n) });
  const list = /** @type {HTMLElement} */ (panel.querySelector(".gallery"));
  list.hidden = false;
  list.replaceChildren(...found.pictures.map(({ label, read, distance, picture }) => {
    const item = element("li");
    const image = element("img");
    Object.assign(image, { src: picture, alt: "", width: 56, height: 56 });
    const words = say(read === label ? "neighbour" : "neighbourRead", { label, read, distance: plain(distance) });
    item.append(image, element("span", "", words));
    return item;
  }));
}

/** @param {HTMLElement} panel @param {string} sentence */
function noNeighbours(panel, sentence) {
  /** @type {HTMLElement} */ (panel.querySelector(".neighbours-told")).textContent = sentence;
  panel.querySelector(".gallery")?.replaceChildren();
}

/** @param {HTMLElement} shown @param {Change} change @param {string} input @param {number} side */
export async function showChange(shown, change, input, side) {
  const canvas = /** @type {HTMLCanvasElement} */ (shown.querySelector("canvas"));
  const added = change.edits.filter(({ brighter }) => brighter).length;
  canvas.ariaLabel = say("editsDrawn", { added, taken: change.edits.length - added });
  Object.assign(/** @type {HTMLImageElement} */ (shown.querySelector("img")), { src: change.picture });
  await overlay(canvas, change.difference, input);
  markEdits(canvas, change.edits, side);
}

/** @param {Change} change @param {string} [dabs] what is put on and taken away; without it, single pixels */
export function changeInWords({ reached, before, after, edits, tried, predictions }, dabs) {
  const share = percent(predictions[0].probability) + UNIT;
  const added = edits.filter(({ brighter }) => brighter).length;
  const sentences = /** @type {const} */ (dabs ? ["changeFound", "changeMissed"] : ["attackFound", "attackMissed"]);
  return say(sentences[reached ? 0 : 1], { before, after, added, taken: edits.length - added, share, tried: count(tried), of: dabs ?? "" });
}
