// @ts-check
/** The network that the form describes, layer by layer, as soon as it is described. */
import { layers } from "./runs.js";
import { count, labelOf, say, spaced } from "./texts.js";

/**
 * @typedef {import("./runs.js").Wanted} Wanted
 * @typedef {import("./runs.js").Layer} Layer
 * @typedef {{ names: string[], output: number[], parameters: number, weights: string }} Row a layer, with what does not change its output's shape
 * @typedef {{ field: string, message: string }} Refused
 */

const PAUSE = 250; // ms without a change, then the server is asked
const OWN_ROW = new Set(["whitening", "flatten", "fully_connected", "convolution", "max_pooling", "average_pooling", "global_pooling"]);

export class NetworkShape {
  #part;
  #judged;
  #timer = 0;
  #asked = 0;

  /** @param {HTMLElement} element @param {(refused: Refused | null) => void} judged */
  constructor(element, judged) {
    this.#part = /** @type {<T extends HTMLElement>(selector: string) => T} */ ((selector) => /** @type {any} */ (element.querySelector(selector)));
    this.#judged = judged;
  }

  /** Soon; only the answer to the last one counts. @param {string} network @param {Wanted} wanted */
  show(network, wanted) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#ask(network, wanted), PAUSE);
  }

  /** @param {string} network @param {Wanted} wanted */
  async #ask(network, wanted) {
    const number = ++this.#asked;
    const found = await layers(network, wanted).catch(() => null); // without a server the form says so when it is sent
    if (!found || number !== this.#asked) return;
    this.#part("table").classList.toggle("past", Boolean(found.refused));
    if (found.refused) this.#part(".total").textContent = say("shapeUnknown");
    else this.#draw(found.input, folded(found.input, found.layers), found.parameters);
    this.#judged(found.refused);
  }

  /** @param {number[]} input @param {Row[]} rows @param {number} parameters */
  #draw(input, rows, parameters) {
    const first = { names: [say("layerInput")], output: input, parameters: 0, weights: "" };
    this.#part("tbody").replaceChildren(...[first, ...rows].map(drawn));
    this.#part(".total").textContent = say("shapeTotal", { parameters: count(parameters) });
  }
}

/** @param {number[]} input @param {Layer[]} layers @returns {Row[]} */
function folded(input, layers) {
  /** @type {Row[]} */
  const rows = [];
  for (const layer of layers) {
    const last = rows.at(-1);
    if (OWN_ROW.has(layer.kind) || !last) {
      rows.push({ names: [nameOf(layer)], output: layer.output, parameters: layer.parameters, weights: weightsOf(layer, last?.output ?? input) });
      continue;
    }
    last.names.push(spaced(layer.kind));
    last.parameters += layer.parameters;
    if (layer.parameters) last.weights = say("weightsAnd", { weights: last.weights, more: count(layer.parameters) });
  }
  return rows;
}

/** @param {Layer} layer */
const nameOf = ({ kind, window }) => (window ? say("layerWindow", { name: labelOf(kind), window }) : labelOf(kind));

/** How its parameters are counted, as on paper. @param {Layer} layer @param {number[]} input */
function weightsOf({ kind, window, output, parameters }, input) {
  if (!parameters) return "";
  const factors = kind === "convolution" ? [window ?? 1, window ?? 1, input[0], output[0]] : [input[0], output[0]];
  const weights = factors.join(" × ");
  const biases = parameters - factors.reduce((product, factor) => product * factor);
  return biases ? say("weightsAnd", { weights, more: count(biases) }) : weights;
}

/** @param {Row} row */
function drawn({ names, output, parameters, weights }) {
  const row = document.createElement("tr");
  const head = cell("th", names.join(", "));
  head.scope = "row";
  const size = cell("td", output.join(" × "));
  const learned = cell("td", count(parameters));
  if (weights) learned.append(Object.assign(document.createElement("span"), { className: "hint", textContent: weights }));
  row.append(head, size, learned);
  return row;
}

/** @param {"th" | "td"} kind @param {string} text */
const cell = (kind, text) => /** @type {HTMLTableCellElement} */ (Object.assign(document.createElement(kind), { textContent: text }));
