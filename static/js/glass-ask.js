// @ts-check
/** What the panels of the glass ask of `explain` and its neighbours, about the picture on the page. */
import { ask } from "./ask.js";

/**
 * @typedef {import("./tiles.js").Tiles} Tiles
 * @typedef {{ label: string, index: number, probability: number }} Prediction
 * @typedef {{ x: number, y: number, brighter: boolean }} Edit
 * @typedef {{ reached: boolean, before: string, after: string, edits: Edit[], tried: number, picture: string, difference: Tiles, predictions: Prediction[] }} Change
 * @typedef {{ label: string, read: string, distance: number, picture: string }} Neighbour
 * @typedef {{ of: string, saliency?: Tiles, gradcam?: Tiles | null, occlusion?: Tiles, change?: Change, pixels?: Change,
 *   neighbours?: { n: number, pictures: Neighbour[] }, place?: { x: number, y: number } }} Reasons
 * @typedef {import("./predict.js").Answer & { reasons?: Reasons }} Explained
 */

/** @param {import("./lab.js").Model} model */
export const addressOf = (model) => `/api/v1/models/${model.name.split("/").map(encodeURIComponent).join("/")}`;

/** One question to explain. @param {import("./lab.js").Lab} lab @param {Record<string, string>} query @param {AbortSignal} [signal] @returns {Promise<Explained>} */
export async function explained(lab, query, signal) {
  const picture = await /** @type {import("./lab.js").Subject} */ (lab.subject).picture();
  const asked = new URLSearchParams({ layers: "false", ...query });
  return ask("POST", `${addressOf(/** @type {import("./lab.js").Model} */ (lab.model))}/explain?${asked}`, picture, signal);
}

/** JSON for explain: a picture, and how the network is broken. @param {Blob} picture @param {object} broken */
export async function pictureBroken(picture, broken) {
  const bytes = new Uint8Array(await picture.arrayBuffer());
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return new Blob([JSON.stringify({ image: btoa(text), broken })], { type: "application/json" });
}
