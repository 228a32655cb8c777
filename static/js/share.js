// @ts-check
/** Take it with you: the page as a link, as code, as a frame for another page; the drawing as a file. */
import { named, whileOpen } from "./lab.js";
import { encode } from "./link.js";
import { png, save, svg } from "./saved.js";
import { curl, frame, javascript, python } from "./snippets.js";
import { say } from "./texts.js";

/** @typedef {import("./lab.js").Lab} Lab */
/** @typedef {{ blob: Blob, name: string, isMade: boolean }} Sent isMade: turned, cropped or shrunk on the page */
/** @typedef {"link" | "curl" | "python" | "javascript" | "embed"} Form */

const CODE = { curl, python, javascript };
const ABOUT_CODE = /** @type {const} */ ({ curl: "aboutCurl", python: "aboutPython", javascript: "aboutJavascript" });

/** @param {HTMLDetailsElement} panel @param {Lab} lab */
export function mount(panel, lab) {
  /** @type {<T extends HTMLElement>(selector: string) => T} */
  const part = (selector) => /** @type {any} */ (panel.querySelector(selector));
  /** @type {HTMLTextAreaElement} */
  const text = part("textarea");
  const [copy, status, hint] = [part(".copy"), part("[role=status]"), part(".about")];
  const [savePicture, saveSvg] = [part(".save-picture"), part(".save-svg")];
  const form = () => /** @type {Form} */ (/** @type {HTMLInputElement} */ (part("input:checked")).value);
  let shown = 0;
  /** @type {Sent | null} */
  let sent = null;

  async function show() {
    const number = ++shown;
    const found = await sentOf(lab.subject);
    if (number !== shown) return;
    sent = found;
    const chosen = form();
    const written = write(chosen, lab, sent);
    text.value = written || say(sent ? "noLink" : "drawFirst");
    text.scrollTop = 0;
    hint.textContent = about(chosen, sent);
    copy.textContent = say(chosen === "link" ? "copyLink" : "copyCode");
    savePicture.textContent = say(sent ? "savePicture" : "savePng");
    status.textContent = "";
    const isDrawing = lab.subject?.kind === "drawing";
    disable(copy, !written);
    disable(savePicture, !isDrawing && !sent?.isMade);
    disable(saveSvg, !isDrawing);
  }

  copy.addEventListener("click", async () => {
    if (isDisabled(copy)) return;
    const copied = await navigator.clipboard?.writeText(text.value).then(() => true, () => false);
    if (!copied) text.select();
    status.textContent = say(copied ? "copied" : "selected");
  });
  savePicture.addEventListener("click", async () => {
    const { subject } = lab;
    if (subject?.kind === "drawing") save(await png(subject.strokes, subject.pen), `${fileName(lab)}.png`);
    else if (sent?.isMade) save(sent.blob, sent.name);
  });
  saveSvg.addEventListener("click", () => {
    const { subject } = lab;
    if (subject?.kind !== "drawing") return;
    save(new Blob([svg(subject.strokes, subject.pen)], { type: "image/svg+xml" }), `${fileName(lab)}.svg`);
  });
  panel.addEventListener("change", show);
  whileOpen(panel, lab, (final) => final && show());
}

/** The file to send for an uploaded picture: its own, or one made of it. @param {Lab["subject"]} subject @returns {Promise<Sent | null>} */
async function sentOf(subject) {
  if (subject?.kind !== "picture") return null;
  const blob = await subject.picture().catch(() => new File([], subject.name)); // why it cannot be sent, the answer says
  if (blob instanceof File) return { blob, name: subject.name, isMade: false };
  const stem = subject.name.replace(/\.[^.]*$/, "");
  return { blob, name: `${stem}-sent.${blob.type === "image/jpeg" ? "jpg" : "png"}`, isMade: true };
}

/** What is on the page in this form; nothing where there is none. @param {Form} form @param {Lab} lab @param {Sent | null} sent */
function write(form, { model, subject }, sent) {
  if (!model) return "";
  const drawing = subject?.kind === "drawing" ? subject : null;
  const line = encode({ model: model.name, pen: drawing?.pen ?? 0, strokes: drawing?.strokes ?? [] });
  if (form === "embed") return frame(location.origin, line, say("frameTitle"));
  if (form === "link") return sent ? "" : `${location.origin}/#${line}`;
  const asked = drawing ?? sent;
  return asked ? CODE[form]({ origin: location.origin, model: model.name, classes: named(model), subject: asked }) : "";
}

/** @param {Form} form @param {Sent | null} sent */
function about(form, sent) {
  if (form === "link") return say("aboutLink", { host: location.host });
  if (form === "embed") return say(sent ? "aboutEmbedPicture" : "aboutEmbed");
  if (sent) return say(sent.isMade ? "aboutMade" : "aboutFile", { name: sent.name });
  return say(ABOUT_CODE[form]);
}

/** With the label that was read, if any. @param {Lab} lab */
function fileName({ answer }) {
  const label = answer?.predictions[0]?.label.replace(/[^\p{L}\p{N}-]/gu, "");
  return label ? `inkling-${label}` : "inkling";
}

/** @param {HTMLElement} button @param {boolean} disabled */
const disable = (button, disabled) => button.setAttribute("aria-disabled", String(disabled));

/** @param {HTMLElement} button */
const isDisabled = (button) => button.getAttribute("aria-disabled") === "true";
