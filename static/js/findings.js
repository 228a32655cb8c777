// @ts-check
/** What the numbers say, in words, each with its evidence. */
import { whileOpen } from "./lab.js";
import { LatestLook } from "./latest-look.js";
import { say } from "./texts.js";

/** @typedef {{ key: string, sentence: string, advice: string, because: string }} Finding */
/** @typedef {{ checkpoint: number | null, findings: Finding[] }} Findings */

const GOING = new Set(["queued", "starting", "running", "pausing"]); // then its curve is not whole

/** @param {HTMLDetailsElement} panel @param {import("./moment.js").Moment} moment */
export function mount(panel, moment) {
  const told = /** @type {HTMLElement} */ (panel.querySelector(".told"));
  const list = /** @type {HTMLElement} */ (panel.querySelector(".findings"));
  let state = moment.state;

  /** @type {LatestLook<Findings>} */
  const server = new LatestLook({
    shown({ findings }) {
      told.textContent = say(findings.length ? (GOING.has(moment.state) ? "findingsSoFar" : "findingsThere") : "findingsNone");
      list.replaceChildren(...findings.map(item));
    },
    failed(sentence) {
      told.textContent = sentence;
      list.replaceChildren();
    },
    busy: (isBusy) => {
      panel.ariaBusy = String(isBusy);
      if (isBusy && !list.childElementCount) told.textContent = say("examining");
    },
  });

  whileOpen(panel, /** @type {any} */ (moment), () => {
    server.look(moment.address("findings"), state !== moment.state);
    state = moment.state;
  });
}

/** @param {Finding} finding */
function item({ sentence, advice, because }) {
  const element = document.createElement("li");
  for (const [name, text] of [["sentence", sentence], ["advice", advice], ["hint because", because]]) {
    const line = element.appendChild(document.createElement("p"));
    line.className = name;
    line.textContent = text;
  }
  return element;
}
