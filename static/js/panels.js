// @ts-check
/** Panels, each with a script of its own that comes when it is first opened. */
import { say } from "./texts.js";

/**
 * Until its script is there, nothing in the panel can be pressed; one that does not come is asked for again the next time.
 * @param {HTMLDetailsElement} panel @param {unknown} subject what the script's `mount` is given beside the panel
 */
export function loadWhenOpened(panel, subject) {
  if (panel.open) return void load(panel, subject); // before this script was there
  panel.addEventListener("toggle", () => (panel.open ? load(panel, subject) : loadWhenOpened(panel, subject)), { once: true });
}

/** @param {HTMLDetailsElement} panel @param {unknown} subject */
async function load(panel, subject) {
  const hint = /** @type {HTMLElement} */ (panel.querySelector("summary .hint"));
  const usual = (hint.dataset.usual ??= hint.textContent ?? "");
  hold(panel, true);
  const module = await import(`./${panel.dataset.module}.js`).catch(() => null);
  hint.textContent = module ? usual : say("noServer");
  hold(panel, false);
  if (module) return module.mount(panel, subject);
  panel.open = false;
  loadWhenOpened(panel, subject);
}

/** @param {HTMLDetailsElement} panel @param {boolean} isHeld */
function hold(panel, isHeld) {
  for (const inside of panel.querySelectorAll(":scope > :not(summary)")) inside.toggleAttribute("inert", isHeld);
}
