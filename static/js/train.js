// @ts-check
/** The page /train: the form of a training, and the runs that there are. */
import { LaunchForm } from "./launch-form.js";
import { RunList } from "./run-list.js";
import { read } from "./runs.js";

/** @param {string} selector */
const part = (selector) => /** @type {HTMLElement} */ (document.querySelector(selector));

const form = new LaunchForm(/** @type {HTMLFormElement} */ (part("#choices")), (run) => location.assign(`/runs/${run.id}`));
const asked = new URLSearchParams(location.search);

async function open() {
  await form.load();
  const dataset = asked.get("dataset");
  if (dataset) form.choose(dataset);
  const parent = asked.get("fork");
  if (parent) form.fork(await read(parent), Number(asked.get("step")), Number(asked.get("variant")));
}

open().catch((error) => {
  part("#choices .refused").textContent = error.message;
});
new RunList(part("#runs")).follow();
