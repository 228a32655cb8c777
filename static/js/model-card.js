// @ts-check
/** The card of a model of one's own: it can be deleted. */
import { ask } from "./ask.js";
import { confirmed } from "./confirmed.js";

const button = /** @type {HTMLButtonElement} */ (document.querySelector("#delete"));
const said = /** @type {HTMLElement} */ (document.querySelector("#said"));

button.addEventListener("click", async () => {
  if (!(await confirmed(/** @type {HTMLDialogElement} */ (document.querySelector("dialog"))))) return;
  try {
    await ask("DELETE", `/api/v1/models/${button.dataset.name}`);
    location.assign("/models");
  } catch (error) {
    said.textContent = /** @type {Error} */ (error).message;
  }
});
