// @ts-check
/** A model under glass: joins pad, server and layers. The only script of its page that queries the document. */
import { headlineOf, isUnfamiliar, spoken } from "./answer.js";
import { chosenIn, droppedOn, pastedOn } from "./arrivals.js";
import { SEVEN, painted } from "./example.js";
import { addressOf } from "./glass-ask.js";
import { GlassInput } from "./glass-input.js";
import { Layers } from "./glass-layers.js";
import { Lab } from "./lab.js";
import { decode, encode, isShared } from "./link.js";
import { loadWhenOpened } from "./panels.js";
import { LatestWins } from "./predict.js";
import { DRAWING, recalled, remember } from "./session.js";
import { Sheet } from "./sheet.js";
import { Softmax } from "./softmax.js";
import { say } from "./texts.js";
import { Tools, isTyping } from "./tools.js";

/** @typedef {import("./predict.js").Answer & { logits: number[], temperature: number, layers: import("./glass-layers.js").Layer[], unit?: import("./glass-unit.js").Unit }} Explained */

/** @type {<T extends Element>(selector: string) => T} */
const find = (selector) => /** @type {any} */ (document.querySelector(selector));

/** @type {HTMLElement} */
const page = find("#glass");
/** @type {import("./lab.js").Model} */
const model = JSON.parse(page.dataset.model ?? "{}");
const pipeline = page.dataset.pipeline ?? "";
const isDrawn = pipeline === "digit"; // others read pictures alone
/** @type {HTMLElement} */
const place = find("#pad");
/** @type {HTMLInputElement} */
const file = find("#file");
/** @type {HTMLElement} */
const state = find("#state");
const notice = find("#notice");
const drawWith = /** @type {HTMLAnchorElement | null} */ (document.querySelector("#draw-with"));

const lab = new Lab([model], model);
const sheet = new Sheet(place, find(".tools"), { limit: Number(file.dataset.maxMib), changed, keyed });
const tools = new Tools(find(".tools"), place, sheet, ask);
const input = new GlassInput(find("#input"), find("#sees"), model.size);
const softmax = new Softmax(find("#softmax"), model.classes);
const layers = new Layers(find("#layers"), find("template#layer"), { classes: model.classes, address: addressOf(model), looked: () => ask(true), announce });
const server = new LatestWins({
  answered: (answer, { final }) => show(/** @type {Explained} */ (answer), final),
  failed: ({ message }, { final }) => final && tell(message),
  waiting: (reason) => tell(reason?.message ?? say("lostDetail")),
});

/** Asks what the network makes of what is on the page now. @param {boolean} final whether the pen is up */
function ask(final) {
  notice.textContent = "";
  lab.change({ subject: sheet.subject }, final);
  tools.show();
  if (!lab.subject) {
    server.forget();
    layers.old = true;
    headline({ state: "empty", guess: "", sure: say("glassEmpty"), detail: "" });
    lab.answered(null, final);
    return;
  }
  page.ariaBusy = "true";
  server.ask({ model: model.name, classes: model.classes.length, final, body: lab.subject.picture, verb: "explain", query: layers.query });
}

/** @param {Explained} answer @param {boolean} final */
function show(answer, final) {
  const told = sheet.advised(answer);
  tell("");
  page.ariaBusy = "false";
  headline(headlineOf(told));
  if (final) announce(spoken(told));
  lab.answered(answer, final);
  layers.old = Boolean(answer.rejected) && !isUnfamiliar(answer.rejected);
  if (layers.old) return;
  input.show(answer.input, answer.unit?.looks_at);
  layers.show(answer.layers, answer.unit, model.channels);
  find("#softmax").toggleAttribute("hidden", false);
  softmax.show(answer.logits, answer.temperature);
}

/** @param {{ state: string, guess: string, sure: string, detail: string }} headline */
function headline({ state, guess, sure, detail }) {
  const verdict = /** @type {HTMLElement} */ (find("#verdict"));
  verdict.dataset.state = state;
  verdict.toggleAttribute("data-words", guess.length > 2);
  find("#verdict .big").textContent = guess;
  find("#verdict .how-sure").textContent = sure;
  find("#verdict .hint").textContent = detail;
}

/** @param {string} sentence */
function announce(sentence) {
  find("output[aria-live]").textContent = sentence;
}

/** @param {string} sentence why there is no answer just now */
function tell(sentence) {
  state.textContent = sentence;
  page.ariaBusy = "false";
}

// --- What is looked at ---

/** @param {boolean} final whether pen and crop box are at rest */
function changed(final) {
  if (!isDrawn && sheet.pad.strokes.length) return sheet.undo();
  ask(final);
  if (final && lab.subject?.kind !== "picture") save();
  if (lab.subject?.kind === "picture") tools.hold("pen");
}

/** @param {number} column @param {number} row @param {boolean} isDown */
function keyed(column, row, isDown) {
  find("#keys").textContent = say(isDown ? "keysDown" : "keysUp", { column, row });
}

/** @param {File[]} files */
function take([file]) {
  sheet.lay(file);
}

chosenIn(file, take);
droppedOn(window, find("#drop"), take);
pastedOn(window, isTyping, take);

/** @type {HTMLSelectElement} */
const select = find("#model");
select.addEventListener("change", () => location.assign(`/models/${select.value}/glass${location.hash}`));

/** The drawing page keeps its model; this one shows another. */
function save() {
  const drawing = { pen: sheet.pad.pen, strokes: sheet.pad.strokes };
  remember(DRAWING, encode({ model: decode(recalled(DRAWING))?.model ?? "", ...drawing }));
  if (location.hash) history.replaceState(null, "", location.pathname);
  if (drawWith) drawWith.href = `/#${encode({ model: model.name, ...drawing })}`;
}

/** What the address brings, or what was drawn before, or an example. */
async function restore() {
  const line = location.hash.slice(1);
  const brought = decode(isShared(line) ? line : recalled(DRAWING));
  if (!isDrawn) {
    place.setAttribute("role", "group");
    place.ariaLabel = say("yourPictureHere");
    place.tabIndex = -1;
    page.toggleAttribute("data-pictures", true);
    const example = await painted(pipeline, say("example"));
    if (sheet.subject) return; // a picture of one's own was there first
    sheet.lay(example);
    notice.textContent = say("examplePainted");
    return;
  }
  if (brought?.strokes.length) tools.width = brought.pen;
  sheet.draw(brought?.strokes.length ? brought.strokes : SEVEN);
  if (!brought?.strokes.length) notice.textContent = say("exampleDrawn");
}

for (const link of /** @type {NodeListOf<HTMLAnchorElement>} */ (document.querySelectorAll(".jump a"))) {
  link.addEventListener("click", (event) => {
    event.preventDefault(); // the address is the drawing's
    const panel = /** @type {HTMLDetailsElement} */ (find(link.hash));
    panel.open = true;
    panel.scrollIntoView();
    /** @type {HTMLElement} */ (panel.querySelector("summary")).focus({ preventScroll: true });
  });
}
for (const panel of /** @type {NodeListOf<HTMLDetailsElement>} */ (document.querySelectorAll("details[data-module]"))) loadWhenOpened(panel, lab);

restore();
