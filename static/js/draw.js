// @ts-check
/** The drawing page: joins pad, server, answer and panels. The only script here that queries the document. */
import { AnswerView, spoken } from "./answer.js";
import { chosenIn, droppedOn, pastedOn } from "./arrivals.js";
import { Camera } from "./camera.js";
import { isCheckpoint, readModel, titleOf } from "./checkpoint-model.js";
import { Keeping } from "./keep.js";
import { Lab, named } from "./lab.js";
import { decode, encode, isShared } from "./link.js";
import { Many } from "./many.js";
import { loadWhenOpened } from "./panels.js";
import { isOther } from "./pictures.js";
import { LatestWins } from "./predict.js";
import { DRAWING, recalled, remember } from "./session.js";
import { Sheet } from "./sheet.js";
import { say } from "./texts.js";
import { Tools, isTyping } from "./tools.js";

/** @typedef {import("./lab.js").Model} Model */

/** @type {<T extends Element>(selector: string) => T} */
const find = (selector) => /** @type {any} */ (document.querySelector(selector));

/** @type {HTMLElement} */
const place = find("#pad");
/** @type {HTMLInputElement} */
const file = find("#file");
/** @type {HTMLInputElement} */
const phoneCamera = find("#capture");
/** @type {HTMLSelectElement} */
const select = find("#model");

const notice = find("#notice");
const kind = select.selectedOptions[0]?.dataset.kind ?? "digit"; // of the pictures that this page is about
const models = [...select.options].filter((option) => !option.disabled && option.dataset.kind === kind).map(modelOf);
const lab = new Lab(models, models.find(({ name }) => name === select.value) ?? null);
const view = new AnswerView(find("#answer"));
const limit = Number(file.dataset.maxMib);
const sheet = new Sheet(place, find(".tools"), { limit, changed, keyed });
const tools = new Tools(find(".tools"), place, sheet, ask);
const server = new LatestWins({
  answered(answer, { final }) {
    const told = sheet.advised(answer);
    view.show(told, final || lab.subject?.kind === "picture");
    view.setBusy(!final);
    if (final) view.announce(spoken(told));
    lab.answered(answer, final);
  },
  failed({ code, message }, { model, final }) {
    if (!final) return; // the last one of this stroke tells
    if (code === "unknown_model") lose(model);
    else alert(say("failed"), message);
  },
  waiting: (reason) => (reason ? alert(say("notReady"), reason.message) : alert(say("lost"), say("lostDetail"))),
});

/** @param {string} title @param {string} detail */
function alert(title, detail) {
  view.setBusy(false);
  view.showAlert(title, detail);
}

if (find(".keep")) new Keeping(find("#answer"), lab, (sentence) => view.announce(sentence));

// --- What is read ---

/** Asks for what is on the page now. @param {boolean} final whether the pen is up */
function ask(final) {
  notice.textContent = "";
  lab.change({ subject: sheet.subject }, final);
  tools.show();
  if (final && lab.subject?.kind !== "picture") save(); // a drawing that a picture hides is not forgotten
  if (final) showWays();
  if (!lab.subject) {
    server.forget();
    view.setBusy(false);
    view.showEmpty();
    lab.answered(null, final);
    return;
  }
  if (!lab.model) return;
  view.setBusy(true);
  server.ask({ model: lab.model.name, classes: named(lab.model), final, body: lab.subject.picture });
}

/** Something else lies on the sheet. @param {boolean} final whether pen and crop box are at rest */
function changed(final) {
  if (lab.subject?.kind === "picture" && sheet.subject?.kind !== "picture") server.forget(); // not even late
  ask(final);
  if (final && !lab.subject) view.announce(say("cleared"));
  if (lab.subject?.kind === "picture") tools.hold("pen"); // an eraser that cannot be seen would take it away
}

/** @param {number} column @param {number} row @param {boolean} isDown */
function keyed(column, row, isDown) {
  find("#keys").textContent = say(isDown ? "keysDown" : "keysUp", { column, row });
}

// --- Pictures ---

/** Lays a picture on the pad and has it read. @param {File} file */
function lay(file) {
  view.showReading();
  sheet.lay(file);
  place.scrollIntoView({ block: "nearest" }); // on a phone the buttons are far below
}

/** One picture goes to the pad, several to a table. @param {File[]} files */
function take(files) {
  const [file] = files;
  if (files.length > 1) many.add(files);
  else if (isOther(file)) view.showAlert(say("failed"), say("noPicture", { name: file.name }));
  else lay(file);
}

const many = new Many(find("#many"), lab, { limit, lay: (each) => take([each]), announce: (sentence) => view.announce(sentence) });
chosenIn(file, take);
droppedOn(window, find("#drop"), take);
pastedOn(window, isTyping, take);
chosenIn(phoneCamera, take);

const camera = new Camera(find("#viewfinder"), take);
const hasLiveCamera = Boolean(navigator.mediaDevices?.getUserMedia); // only over HTTPS and at localhost
find("#no-live-camera").toggleAttribute("hidden", hasLiveCamera);
find("#camera").addEventListener("click", () => (hasLiveCamera ? camera.open() : phoneCamera.click()));

// --- The model ---

/** @param {HTMLOptionElement} option @returns {Model} */
function modelOf({ value, dataset }) {
  return { name: value, kind: dataset.kind ?? "", classes: JSON.parse(dataset.classes ?? "[]"), size: Number(dataset.size), channels: Number(dataset.channels) };
}

/** @param {string} name */
function choose(name) {
  const model = lab.models.find((each) => each.name === name);
  if (!model || model === lab.model) return;
  select.value = model.name;
  view.setModel(model.classes, model.size);
  lab.change({ model }, false);
  showWays();
}

/** A checkpoint joins the list when an address names it. @param {string} name */
async function offer(name) {
  if (models.some((each) => each.name === name)) return;
  const model = await readModel(name);
  if (model.kind !== kind) return go(name);
  models.push(model);
  select.append(new Option(titleOf(name), name));
}

/** To the page about the pictures that another model reads. @param {string} model @param {string} [hash] what is drawn there */
function go(model, hash = "") {
  const query = new URLSearchParams(location.search);
  query.set("model", model);
  location.assign(`/?${query}${hash}`);
}

/** @param {string} name */
const isElsewhere = (name) => [...select.options].some((option) => option.value === name && !option.disabled && option.dataset.kind !== kind);

select.addEventListener("change", () => {
  if (isElsewhere(select.value)) return go(select.value);
  choose(select.value);
  ask(true);
});

/** A model was deleted: another one reads instead. @param {string} name */
function lose(name) {
  lab.models = lab.models.filter((each) => each.name !== name);
  const options = [...select.options];
  const usual = options.find((option) => option.defaultSelected && option.value !== name)?.value;
  const model = lab.models.find((each) => each.name === usual) ?? lab.models[0];
  if (!model) return alert(say("failed"), say("modelGoneLast", { name }));
  options.find((option) => option.value === name)?.remove();
  choose(model.name);
  ask(true);
  notice.textContent = say("modelGone", { name, model: model.name });
}

// --- What outlives the page: a reload, or the address that somebody shared ---

const stored = kind === "digit" ? DRAWING : `${DRAWING}-${kind}`;

/** In another page's frame: the way to the whole page. */
const elsewhere = /** @type {HTMLAnchorElement | null} */ (document.querySelector("#elsewhere"));
const glass = /** @type {HTMLAnchorElement | null} */ (document.querySelector("#glass"));

const written = () => encode({ model: lab.model?.name ?? "", pen: sheet.pad.pen, strokes: sheet.pad.strokes });

/** Ways to other pages that take the drawing with them. */
function showWays() {
  if (glass && lab.model) glass.href = `/models/${lab.model.name}/glass#${written()}`;
}

function save() {
  const now = written();
  if (shared() && shared() !== now) history.replaceState(null, "", location.pathname + location.search);
  if (elsewhere) elsewhere.href = `/#${now}`;
  else remember(stored, now);
}

/** @param {string} line */
async function restore(line) {
  const isGiven = line === shared(); // by an address, not by this browser's memory
  const found = decode(line);
  if (!found) {
    notice.textContent = say("linkDamaged");
    return;
  }
  const { model, pen, strokes } = found;
  if (isElsewhere(model)) return isGiven ? go(model, location.hash) : undefined; // a drawing for another page
  if (model && isCheckpoint(model)) await offer(model).catch(() => {}); // another one reads instead
  const asked = new URLSearchParams(location.search).get("model");
  if (isGiven || !asked) choose(model);
  if (strokes.length) {
    tools.width = pen;
    sheet.draw(strokes);
  }
  const wanted = (isGiven && model) || asked;
  if (wanted && lab.model && !models.some(({ name }) => name === wanted))
    notice.textContent = say(isCheckpoint(wanted) ? "noCheckpoint" : "modelMissing", { name: wanted, model: lab.model.name });
}

/** What the address says; not every # does. */
function shared() {
  const line = location.hash.slice(1);
  return isShared(line) ? line : "";
}

restore(shared() || (elsewhere ? "" : recalled(stored))); // two frames of one page would share it
addEventListener("hashchange", () => shared() && restore(shared()));

// --- Panels: each is loaded when it is first opened ---

lab.preview = (/** @type {import("./strokes.js").Strokes | null} */ strokes) => sheet.pad.preview(strokes);

for (const panel of document.querySelectorAll("details.panel")) loadWhenOpened(/** @type {HTMLDetailsElement} */ (panel), lab);
