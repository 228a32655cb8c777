// @ts-check
/** The card of a model of one's own: it can be deleted, by two clicks. */
import { ask } from "./ask.js";
import { say } from "./texts.js";

const button = /** @type {HTMLButtonElement} */ (document.querySelector("#delete"));
const said = /** @type {HTMLElement} */ (document.querySelector("#said"));

button.addEventListener("click", async () => {
  const name = button.dataset.name ?? "";
  if (!button.hasAttribute("data-sure")) {
    button.toggleAttribute("data-sure", true);
    button.textContent = say("deleteSure");
    said.textContent = say("deleteModelSure", { name });
    return;
  }
  try {
    await ask("DELETE", `/api/v1/models/${name}`);
    location.assign("/models");
  } catch (error) {
    said.textContent = /** @type {Error} */ (error).message;
  }
});
