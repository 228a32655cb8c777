// @ts-check
/** The student's own digit on a small pad: what the network sees of it, and what the server reads in it. */
import { headlineOf, isUnfamiliar } from "../answer.js";
import { DrawingPad } from "../drawing-pad.js";
import { picture } from "../ink.js";
import { decode, encode } from "../link.js";
import { LatestWins } from "../predict.js";
import { DRAWING, recalled, remember } from "../session.js";
import { say as sayOfPages } from "../texts.js";
import { greys } from "./maps.js";
import { say } from "./texts.js";

/** @typedef {import("../predict.js").Answer} Answer */
/** @typedef {import("../strokes.js").Strokes} Strokes */
/** @typedef {{ pixels: Uint8Array, side: number, answer: Answer, final: boolean }} Seen pixels: grey, row after row, as the network sees them */

/** A three, until somebody draws. @type {Strokes} */
const EXAMPLE = [[[0.3, 0.24], [0.45, 0.17], [0.62, 0.22], [0.65, 0.34], [0.58, 0.44], [0.44, 0.48], [0.62, 0.54], [0.7, 0.66], [0.64, 0.79], [0.48, 0.84], [0.3, 0.78]]];

export class OwnDigit {
  #part;
  #pad;
  #server;
  #model;
  #verb;
  #latest = 0;

  /**
   * @param {HTMLElement} place of learn/pad.html
   * @param {string} model that reads it @param {(seen: Seen | null) => void} changed null: there is no digit to read
   * @param {"predict" | "explain"} [verb] what is asked of it
   */
  constructor(place, model, changed, verb = "predict") {
    this.#part = /** @type {<T extends HTMLElement>(selector: string) => T} */ ((selector) => /** @type {any} */ (place.querySelector(selector)));
    this.#model = model;
    this.#verb = verb;
    this.#pad = new DrawingPad(this.#part(".pad"), { inked: (final) => this.#inked(final), keyed: () => {} });
    this.#server = new LatestWins({
      answered: (answer, { final }) => this.#answered(answer, final, changed),
      failed: ({ message }) => {
        this.#tell(message);
        changed(null);
      },
      waiting: (reason) => this.#tell(reason?.message ?? sayOfPages("lostDetail")),
    });
    this.#part(".clear").addEventListener("click", () => {
      this.#pad.show([]);
      this.#inked(true);
      changed(null);
    });
    const drawing = decode(recalled(DRAWING));
    if (drawing?.strokes.length) this.#pad.pen = drawing.pen;
    this.#pad.show(drawing?.strokes.length ? drawing.strokes : EXAMPLE);
    this.#ask(true);
  }

  /** @param {string} model that reads from now on */
  readBy(model) {
    this.#model = model;
    this.#ask(true);
  }

  /** @param {boolean} final whether the pen is up */
  #inked(final) {
    const { pen, strokes } = this.#pad;
    if (final) remember(DRAWING, encode({ model: decode(recalled(DRAWING))?.model ?? "", pen, strokes }));
    this.#ask(final);
  }

  /** @param {boolean} final */
  #ask(final) {
    const { pen, strokes } = this.#pad;
    this.#part(".pad").toggleAttribute("data-holds", strokes.length > 0);
    this.#part(".clear").ariaDisabled = String(!strokes.length);
    if (strokes.length) return this.#server.ask({ model: this.#model, verb: this.#verb, classes: 1000, final, body: () => picture(strokes, pen) });
    this.#server.forget();
    this.#latest++;
    this.#tell(say("noDigit"));
  }

  /** @param {Answer} answer @param {boolean} final @param {(seen: Seen | null) => void} changed */
  async #answered(answer, final, changed) {
    const { state, guess: label, sure, detail } = headlineOf(answer);
    this.#show(state, label, sure, detail);
    if (final) this.#part("output").textContent = sure;
    const now = ++this.#latest;
    if (answer.rejected && !isUnfamiliar(answer.rejected)) return changed(null);
    const seen = await greys(answer.input);
    if (now === this.#latest) changed({ ...seen, answer, final });
  }

  /** @param {string} sentence instead of an answer */
  #tell(sentence) {
    this.#show("empty", "", sentence, "");
  }

  /** @param {string} state @param {string} label @param {string} sure @param {string} detail */
  #show(state, label, sure, detail) {
    this.#part(".verdict").dataset.state = state;
    this.#part(".big").textContent = label;
    this.#part(".how-sure").textContent = sure;
    this.#part(".verdict .hint").textContent = detail;
  }
}
