// @ts-check
/** What the network sees: the picture after each step, and what goes wrong without one. */
import { isUnfamiliar, spoken } from "./answer.js";
import { named, whileOpen } from "./lab.js";
import { LatestWins } from "./predict.js";
import { say } from "./texts.js";

/** @typedef {import("./lab.js").Lab} Lab */
/** @typedef {import("./predict.js").Answer} Answer */

const FRAME = 112; // pixels of a frame's side; smaller pictures are enlarged without smoothing
const ROUNDING = 2; // of 255: grey from colours may differ by so much

/** @param {HTMLDetailsElement} panel @param {Lab} lab */
export function mount(panel, lab) {
  const view = new StepsView(panel, () => refresh(true));
  let sent = new Blob();

  const server = new LatestWins({
    answered(answer, { final }) {
      view.showWhole(lab.answer, final);
      view.show(answer, sent, final);
    },
    failed: ({ message }) => view.showNothing(message),
    waiting: (reason) => view.showNothing(reason?.message ?? say("lostDetail")),
  });

  /** @param {boolean} final */
  function refresh(final) {
    const { subject, model } = lab;
    if (!subject || !model) {
      server.forget();
      view.showEmpty();
      return;
    }
    const query = { steps: "true", skip: view.leftOut.join() };
    const body = async () => (sent = await subject.picture());
    server.ask({ model: model.name, classes: named(model), final, body, query });
  }

  lab.addEventListener("answer", (event) => panel.open && view.showWhole(lab.answer, /** @type {CustomEvent} */ (event).detail));
  panel.addEventListener("toggle", () => panel.open || server.forget());
  whileOpen(panel, lab, refresh);
}

class StepsView {
  #whole;
  #partial;
  #told;
  #announced;
  #putBack;
  #sent;
  #stages;
  #switched = false;

  /** @param {HTMLElement} panel @param {() => void} onSwitch */
  constructor(panel, onSwitch) {
    /** @type {<T extends HTMLElement>(selector: string) => T} */
    const part = (selector) => /** @type {any} */ (panel.querySelector(selector));
    this.#whole = part(".whole");
    this.#partial = part(".partial");
    this.#told = part(".told");
    this.#announced = part(".announced");
    this.#putBack = part("button");
    const stages = /** @type {HTMLElement[]} */ ([...panel.querySelectorAll(".stage")]);
    this.#sent = new Picture(stages[0]);
    this.#stages = stages.slice(1).map((stage) => new Stage(stage));
    const switched = () => {
      this.#switched = true;
      this.#putBack.setAttribute("aria-disabled", String(!this.leftOut.length));
      onSwitch();
    };
    for (const stage of this.#stages) stage.switch.addEventListener("change", switched);
    this.#putBack.addEventListener("click", () => {
      if (!this.leftOut.length) return;
      for (const stage of this.#stages) stage.switch.checked = true;
      switched();
    });
  }

  /** Keys of the steps that are switched off. */
  get leftOut() {
    return this.#stages.filter((stage) => !stage.switch.checked).map(({ key }) => key);
  }

  /** @param {Answer | null} answer the page's own @param {boolean} final */
  showWhole(answer, final) {
    this.#whole.textContent = answer ? reading(answer, final) : "–";
  }

  /** @param {Answer} answer @param {Blob} sent @param {boolean} final whether the pen is up */
  show(answer, sent, final) {
    this.#told.textContent = say("stepsUse");
    this.#partial.textContent = reading(answer, final);
    this.#showSent(sent);
    this.#showSteps(answer, final);
    if (final) this.#compareSent();
    if (final && this.#switched) this.#announce(answer);
  }

  /** @param {string} sentence why there is nothing to see */
  showNothing(sentence) {
    this.#told.textContent = sentence;
    this.#whole.textContent = this.#partial.textContent = "–";
  }

  showEmpty() {
    this.showNothing(say("stepsEmpty"));
    this.#sent.clear();
    for (const stage of this.#stages) stage.showBlank();
  }

  /** @param {Answer} answer @param {boolean} final */
  #showSteps({ steps = [], rejected }, final) {
    let before = "";
    let ended = false;
    for (const stage of this.#stages) {
      const step = steps.find(({ key }) => key === stage.key);
      if (step) stage.show(step, step.picture === before);
      else if (!final) stage.showBlank();
      else if (rejected && !ended) stage.showEnd(rejected.message);
      stage.element.hidden = final && !step && (ended || !rejected);
      ended ||= !step;
      before = step?.picture ?? "";
    }
  }

  /** @param {Blob} sent */
  #showSent(sent) {
    const address = URL.createObjectURL(sent);
    this.#sent.show(address, (size) => say("sentPicture", size)).then(() => URL.revokeObjectURL(address));
  }

  /** Whether the first step changed what was sent can only be told from the pixels. */
  async #compareSent() {
    const [first] = this.#stages;
    if (await alike(this.#sent, first.picture)) first.showUnchanged(true);
  }

  /** @param {Answer} answer */
  #announce(answer) {
    this.#switched = false;
    this.#announced.textContent = say("asSet", { reading: spoken(answer) });
  }
}

/** One step: its switch, its picture, its sentence. */
class Stage {
  #sentence;
  #otherwise;
  #unchanged;

  /** @param {HTMLElement} element */
  constructor(element) {
    /** @type {<T extends HTMLElement>(selector: string) => T} */
    const part = (selector) => /** @type {any} */ (element.querySelector(selector));
    this.element = element;
    this.key = element.dataset.key ?? "";
    this.switch = /** @type {HTMLInputElement} */ (part("input"));
    this.picture = new Picture(element);
    this.#sentence = part(".sentence");
    this.#otherwise = part(".otherwise");
    this.#unchanged = part(".unchanged");
  }

  /** @param {import("./predict.js").Step} step @param {boolean} changedNothing */
  show({ picture, sentence }, changedNothing) {
    const name = this.element.dataset.name ?? "";
    this.#say(sentence);
    this.#otherwise.hidden = this.switch.checked;
    this.#sentence.hidden = !this.switch.checked;
    this.picture.show(picture, (size) => say(this.switch.checked ? "afterStep" : "withoutStep", { name, ...size }));
    this.showUnchanged(changedNothing);
  }

  /** @param {boolean} changedNothing */
  showUnchanged(changedNothing) {
    this.#unchanged.hidden = !(changedNothing && this.switch.checked);
    this.element.toggleAttribute("data-idle", changedNothing && this.switch.checked);
  }

  /** Here the way ends. @param {string} reason */
  showEnd(reason) {
    this.showBlank();
    this.#say(reason);
    this.element.toggleAttribute("data-end", true);
  }

  showBlank() {
    this.picture.clear();
    this.#say("");
    this.#otherwise.hidden = true;
    this.element.hidden = this.#sentence.hidden = false;
    this.showUnchanged(false);
  }

  /** @param {string} sentence */
  #say(sentence) {
    this.element.toggleAttribute("data-end", false);
    this.#sentence.textContent = sentence;
  }
}

/** A picture in its frame, and its size below. */
class Picture {
  /** @type {HTMLImageElement} */
  image;
  #size;

  /** @param {HTMLElement} stage */
  constructor(stage) {
    this.image = /** @type {HTMLImageElement} */ (stage.querySelector("img"));
    this.#size = /** @type {HTMLElement} */ (stage.querySelector(".pixels"));
  }

  /** @param {string} address @param {(size: { width: number, height: number }) => string} describe */
  async show(address, describe) {
    this.image.hidden = false;
    this.image.src = address;
    await this.image.decode().catch(() => {}); // another picture came before
    if (this.image.src !== address || !this.image.naturalWidth) return;
    const [width, height] = [this.image.naturalWidth, this.image.naturalHeight];
    this.image.alt = describe({ width, height });
    this.image.toggleAttribute("data-small", Math.max(width, height) <= FRAME);
    this.#size.textContent = say("size", { width, height });
  }

  clear() {
    this.image.hidden = true;
    this.image.removeAttribute("src");
    this.#size.textContent = "";
  }

  /** Greys, row by row; null while there is nothing to see. */
  async greys() {
    await this.image.decode().catch(() => {});
    const [width, height] = [this.image.naturalWidth, this.image.naturalHeight];
    if (!width) return null;
    const context = new OffscreenCanvas(width, height).getContext("2d");
    context?.drawImage(this.image, 0, 0);
    const pixels = context?.getImageData(0, 0, width, height).data ?? [];
    return { width, greys: Array.from({ length: width * height }, (_, i) => grey(pixels, 4 * i)) };
  }
}

/** As ITU-R BT.601 weighs red, green and blue. @param {ArrayLike<number>} pixels @param {number} at */
const grey = (pixels, at) => 0.299 * pixels[at] + 0.587 * pixels[at + 1] + 0.114 * pixels[at + 2];

/** @param {Picture} one @param {Picture} other */
async function alike(one, other) {
  const [a, b] = [await one.greys(), await other.greys()];
  if (!a || !b || a.width !== b.width || a.greys.length !== b.greys.length) return false;
  return a.greys.every((value, i) => Math.abs(value - b.greys[i]) <= ROUNDING);
}

/** In one line: the strip tells why there is no guess. @param {Answer} answer @param {boolean} final */
const reading = (answer, final) => {
  if (!answer.rejected) return spoken(answer);
  if (isUnfamiliar(answer.rejected)) return say("unfamiliarBriefly", { label: answer.predictions[0].label }); // on one line: nothing below moves
  return say(final ? "noGuess" : "goOn");
};
