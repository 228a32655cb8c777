// @ts-check
/** The page /datasets: a strip of pictures for each, and the panel that adds one's own. */
import { AddDataset } from "./add-dataset.js";
import { ask } from "./ask.js";
import { tile } from "./sample-tiles.js";

const STRIP = 8; // pictures

const panel = /** @type {HTMLElement | null} */ (document.querySelector("#add"));
if (panel) new AddDataset(panel, window);

/** Strips one after the other, those in sight first: the first look at a dataset reads all of it. */
let last = Promise.resolve();
const seen = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    seen.unobserve(target);
    last = last.then(() => fill(/** @type {HTMLElement} */ (target)).catch(() => {})); // the rest of the page does without
  }
});
for (const item of document.querySelectorAll(".shelf [data-present]")) seen.observe(item);

/** @param {HTMLElement} item */
async function fill(item) {
  const { sheet, samples, columns } = await ask("GET", `/api/v1/datasets/${item.dataset.name}/samples?part=test`);
  const [across, rows] = [Math.min(columns, samples.length), Math.ceil(samples.length / columns)];
  const shown = Math.min(STRIP, samples.length);
  const apart = Array.from({ length: shown }, (_, i) => Math.floor((i * samples.length) / shown)); // files lie class by class
  const items = apart.map((i) => {
    const made = document.createElement("li");
    made.append(tile(sheet, i, across, rows));
    return made;
  });
  /** @type {HTMLElement} */ (item.querySelector(".strip")).replaceChildren(...items);
}
