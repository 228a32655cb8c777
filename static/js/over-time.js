// @ts-check
/** Your drawing: what the chosen checkpoint reads in it, and how that came to be over the training. */
import { headlineOf } from "./answer.js";
import { readModel } from "./checkpoint-model.js";
import { DrawingPad } from "./drawing-pad.js";
import { picture } from "./ink.js";
import { whileOpen } from "./lab.js";
import { decode, encode } from "./link.js";
import { LatestWins, predict } from "./predict.js";
import { DRAWING, recalled, remember } from "./session.js";
import { Shares } from "./shares.js";
import { UNIT, brief, percent, say } from "./texts.js";

/** @typedef {import("./predict.js").Answer} Answer */
/** @typedef {import("./moment.js").Checkpoint} Checkpoint */

/** @param {HTMLDetailsElement} panel @param {import("./moment.js").Moment} moment */
export function mount(panel, moment) {
  const part = /** @type {<T extends HTMLElement>(selector: string) => T} */ ((selector) => /** @type {any} */ (panel.querySelector(selector)));
  const pad = new DrawingPad(part(".pad"), { inked: changed, keyed: () => {} });
  const shares = new Shares(part(".shares"));
  const history = new History(part(".history tbody"), moment);
  let classes = 0;

  const server = new LatestWins({
    answered(answer, { final }) {
      show(headlineOf(answer), answer);
      if (final) part("output").textContent = part(".how-sure").textContent;
    },
    failed: ({ message }) => tell(message),
    waiting: (reason) => tell(reason?.message ?? say("lostDetail")),
  });

  /** @param {boolean} final whether the pen is up */
  function changed(final) {
    part(".pad").toggleAttribute("data-holds", pad.strokes.length > 0);
    part(".clear").ariaDisabled = String(!pad.strokes.length);
    if (final) remember(DRAWING, encode({ model: decode(recalled(DRAWING))?.model ?? "", pen: pad.pen, strokes: pad.strokes }));
    refresh(final);
  }

  /** @param {boolean} final */
  async function refresh(final) {
    const { reference } = moment;
    if (!reference) return;
    part(".draw-with").setAttribute("href", `/#${encode({ model: reference, pen: pad.pen, strokes: pad.strokes })}`);
    if (!pad.strokes.length) {
      server.forget();
      history.clear();
      tell(say("empty"));
      return;
    }
    const [strokes, pen] = [pad.strokes, pad.pen];
    const body = () => picture(strokes, pen);
    classes ||= await setClasses(reference);
    if (reference !== moment.reference) return;
    server.ask({ model: reference, classes, final, body });
    if (final) history.show(body, classes);
  }

  /** @param {string} reference */
  async function setClasses(reference) {
    const model = await readModel(reference).catch(() => null);
    if (model) shares.setClasses(model.classes);
    return model?.classes.length ?? 0;
  }

  /** @param {string} sentence instead of an answer */
  function tell(sentence) {
    show({ state: "empty", guess: "", sure: sentence, detail: "" }, null);
  }

  /** @param {{ state: string, guess: string, sure: string, detail: string }} headline @param {Answer | null} answer */
  function show({ state, guess, sure, detail }, answer) {
    part(".verdict").dataset.state = state;
    part(".big").textContent = guess;
    part(".how-sure").textContent = sure;
    part(".verdict .hint").textContent = detail;
    shares.show(answer?.predictions ?? []);
  }

  part(".clear").addEventListener("click", () => {
    pad.show([]);
    changed(true);
  });
  const drawing = decode(recalled(DRAWING));
  if (drawing?.strokes.length) {
    pad.pen = drawing.pen;
    pad.show(drawing.strokes);
  }
  part(".pad").toggleAttribute("data-holds", pad.strokes.length > 0);
  part(".clear").ariaDisabled = String(!pad.strokes.length);
  panel.addEventListener("toggle", () => panel.open || history.stop());
  whileOpen(panel, /** @type {any} */ (moment), refresh);
}

/** The reading at every checkpoint, one question after the other; only the latest drawing counts. */
class History {
  #body;
  #moment;
  #asked = new AbortController();
  /** @type {Map<string, Answer>} of the drawing that is shown */
  #known = new Map();
  #drawing = "";

  /** @param {HTMLElement} body @param {import("./moment.js").Moment} moment */
  constructor(body, moment) {
    this.#body = body;
    this.#moment = moment;
  }

  stop() {
    this.#asked.abort();
  }

  clear() {
    this.stop();
    this.#body.replaceChildren();
  }

  /** @param {() => Promise<Blob>} body @param {number} classes */
  async show(body, classes) {
    this.stop();
    const { signal } = (this.#asked = new AbortController());
    const content = await body();
    const drawing = await fingerprint(content);
    if (drawing !== this.#drawing) this.#known.clear();
    this.#drawing = drawing;
    for (const checkpoint of this.#moment.checkpoints) {
      const model = this.#moment.referenceOf(checkpoint);
      if (this.#known.has(model)) continue;
      const answer = await predict({ model, classes, final: true, body: async () => content }, signal).catch(() => null);
      if (signal.aborted) return;
      if (answer) this.#known.set(model, answer);
      this.#draw();
    }
    if (!signal.aborted) this.#draw();
  }

  #draw() {
    const rows = this.#moment.checkpoints.flatMap((checkpoint, at) => {
      const answer = this.#known.get(this.#moment.referenceOf(checkpoint));
      return answer ? [this.#row(checkpoint, answer, at === this.#moment.at)] : [];
    });
    this.#body.replaceChildren(...rows);
  }

  /** @param {Checkpoint} checkpoint @param {Answer} answer @param {boolean} isHere */
  #row({ epoch }, { predictions: [first], rejected }, isHere) {
    const row = document.createElement("tr");
    if (isHere) row.setAttribute("aria-current", "true");
    const head = document.createElement("th");
    head.scope = "row";
    head.textContent = brief(epoch);
    const label = document.createElement("td");
    label.textContent = rejected ? "–" : first.label;
    const share = document.createElement("td");
    share.textContent = rejected ? "–" : percent(first.probability) + UNIT;
    const bar = document.createElement("td");
    bar.className = "bar";
    bar.style.setProperty("--share", rejected ? "0" : first.probability.toFixed(4));
    row.append(head, label, share, bar);
    return row;
  }
}

/** @param {Blob} blob */
async function fingerprint(blob) {
  const hash = await crypto.subtle?.digest("SHA-256", await blob.arrayBuffer()); // none without HTTPS
  return hash ? [...new Uint8Array(hash)].join() : String(Math.random());
}
