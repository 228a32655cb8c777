// @ts-check
/** The drawing page: joins pad, server and answer. The only script here that queries the document. */
import { AnswerView, spoken } from "./answer.js";
import { DrawingPad } from "./drawing-pad.js";
import { shrunk } from "./pictures.js";
import { LatestWins, Refusal } from "./predict.js";
import { say } from "./texts.js";

/** @type {<T extends Element>(selector: string) => T} */
const find = (selector) => /** @type {any} */ (document.querySelector(selector));

/** @type {HTMLElement} */
const sheet = find("#pad");
/** @type {HTMLImageElement} */
const photo = find("#pad img");
/** @type {HTMLInputElement} */
const file = find("#file");
/** @type {HTMLSelectElement} */
const model = find("#model");

const view = new AnswerView(find("#answer"));
const pad = new DrawingPad(find("#pad canvas"), inked);
const server = new LatestWins({
  answered(answer, question) {
    view.show(answer, question.final);
    if (question.final) view.announce(spoken(answer));
  },
  failed: ({ message }) => view.showAlert(say("failed"), message),
  waiting: (reason) =>
    reason ? view.showAlert(say("notReady"), reason.message) : view.showAlert(say("lost"), say("lostDetail")),
});

/**
 * An uploaded picture lies on the pad until it is undone, cleared or drawn over.
 * @type {{ picture: () => Promise<Blob>, hidDrawing: boolean } | null}
 */
let upload = null;

/** @param {boolean} finished whether the pen is up */
function inked(finished) {
  if (upload) {
    server.forget();
    removeUpload();
  }
  ask(finished);
}

/** @param {boolean} final */
function ask(final) {
  showTools();
  if (!upload && pad.isEmpty) {
    server.forget();
    view.showEmpty();
    return;
  }
  if (!model.value) return;
  const picture = upload?.picture ?? (() => pad.picture());
  server.ask({ model: model.value, classes: classes().length, final, picture });
}

/** @returns {string[]} */
const classes = () => JSON.parse(model.selectedOptions[0]?.dataset.classes ?? "[]");

/** Lays a picture on the pad and has it read. @param {File} chosen */
function lay(chosen) {
  const sent = shrunk(chosen).then(fit);
  sent.catch(() => {}); // told when it would be sent
  const hidDrawing = upload?.hidDrawing || !pad.isEmpty;
  removeUpload();
  upload = { picture: () => sent, hidDrawing };
  pad.clear();
  photo.src = URL.createObjectURL(chosen);
  photo.alt = say("yourPicture", { name: chosen.name });
  photo.hidden = false;
  view.showReading();
  ask(true);
}

/** The picture, if it may travel. @param {Blob} picture */
async function fit(picture) {
  const limit = Number(file.dataset.maxMib);
  if (picture.size > limit * 2 ** 20) throw refusal("tooLarge", { limit });
  await picture.slice(0, 1).arrayBuffer().catch(() => { throw refusal("unreadable"); });
  return picture;
}

/** @param {Parameters<typeof say>[0]} key @param {Parameters<typeof say>[1]} [values] */
const refusal = (key, values) => new Refusal(0, { code: key, message: say(key, values) });

function removeUpload() {
  upload = null;
  photo.hidden = true;
  URL.revokeObjectURL(photo.src);
  photo.removeAttribute("src");
}

function undo() {
  const hidDrawing = upload?.hidDrawing ?? true;
  removeUpload();
  if (hidDrawing) pad.undo();
  ask(true);
}

function clear() {
  removeUpload();
  pad.clear();
  ask(true);
  view.announce(say("cleared"));
}

function showTools() {
  const holds = Boolean(upload) || !pad.isEmpty;
  sheet.toggleAttribute("data-holds", holds);
  find("#undo").setAttribute("aria-disabled", String(!upload && !pad.canUndo));
  find("#clear").setAttribute("aria-disabled", String(!holds));
}

find("#undo").addEventListener("click", undo);
find("#clear").addEventListener("click", clear);
model.addEventListener("change", () => {
  view.setModel(classes(), Number(model.selectedOptions[0].dataset.size));
  ask(true);
});
file.addEventListener("change", () => {
  if (file.files?.[0]) lay(file.files[0]);
  file.value = ""; // so that the same file can be chosen again
});
addEventListener("keydown", (event) => {
  if (event.key.toLowerCase() !== "z" || !(event.ctrlKey || event.metaKey) || event.shiftKey) return;
  event.preventDefault();
  undo();
});
