// @ts-check
/** Make the chosen checkpoint a model. */
import { whileOpen } from "./lab.js";
import { publish } from "./runs.js";
import { count, say } from "./texts.js";

/** @param {HTMLDetailsElement} panel @param {import("./moment.js").Moment} moment */
export function mount(panel, moment) {
  const part = /** @type {<T extends HTMLElement>(selector: string) => T} */ ((selector) => /** @type {any} */ (panel.querySelector(selector)));
  const name = /** @type {HTMLInputElement} */ (part("input"));
  const link = /** @type {HTMLAnchorElement} */ (part("a"));

  part("form").addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!moment.checkpoint || panel.ariaBusy === "true") return;
    panel.ariaBusy = "true";
    link.hidden = true;
    part(".refused").textContent = "";
    try {
      const model = await publish(moment.run, name.value.trim(), { checkpoint: moment.checkpoint.step, variant: moment.variant });
      link.href = `/#model=${encodeURIComponent(model.name)}`;
      link.textContent = say("drawWith", { name: model.name });
      link.hidden = false;
    } catch (error) {
      part(".refused").textContent = /** @type {Error} */ (error).message;
    }
    panel.ariaBusy = "false";
  });
  whileOpen(panel, /** @type {any} */ (moment), () => {
    if (moment.checkpoint) part("label").textContent = say("publishStep", { step: count(moment.checkpoint.step) });
  });
}
