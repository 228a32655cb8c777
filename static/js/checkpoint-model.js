// @ts-check
/** A run's checkpoint as a model of the drawing page: no list names it, an address does. */
import { ask } from "./ask.js";
import { say } from "./texts.js";

/** @typedef {import("./lab.js").Model} Model */

/** @param {string | undefined} name */
export const isCheckpoint = (name) => /^runs\/\w+\/checkpoints(-[1-9])?\/\d+$/.test(name ?? "");

/** @param {string} name @returns {Promise<Model>} Refusal when it is gone */
export async function readModel(name) {
  const { classes, card } = await ask("GET", `/api/v1/models/${name}`);
  const { pipeline, size, channels } = card.preprocessing;
  return { name, kind: pipeline, classes, size, channels };
}

/** What people call it. @param {string} name */
export const titleOf = (name) => say("checkpointOf", { step: name.slice(name.lastIndexOf("/") + 1) });
