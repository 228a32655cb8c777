// @ts-check
/** My digits, as the server keeps them. */
import { drawing } from "./api-drawing.js";
import { ask as askServer } from "./ask.js";
import { Refusal } from "./predict.js";

/**
 * @typedef {import("./lab.js").Subject} Subject
 * @typedef {{ id: string, label: string, read: string | null, drawing: boolean, picture: string }} Sample
 * @typedef {{ label: string, model?: string | null, read?: string | null }} Told read: what the model had read; null: nothing
 * @typedef {{ samples: Sample[], counts: Record<string, number>, next: string | null }} Page
 */

const SAMPLES = "/api/v1/datasets/my-digits/samples";

/** @param {Subject} subject @param {Told} told @returns {Promise<Sample>} */
export async function keep(subject, told) {
  return ask("POST", "", { ...told, ...(await content(subject)) });
}

/** @param {{ limit: number, label?: string | null, cursor?: string | null }} wanted @returns {Promise<Page>} */
export function list({ limit, label, cursor }) {
  const query = new URLSearchParams({ limit: String(limit) });
  if (label) query.set("label", label);
  if (cursor) query.set("cursor", cursor);
  return ask("GET", `?${query}`);
}

/** @param {string} id @param {string} label @returns {Promise<Sample>} */
export const relabel = (id, label) => ask("PATCH", `/${id}`, { label });

/** Gone already is gone, too. @param {string} id */
export const remove = (id) => ask("DELETE", `/${id}`).catch(unlessUnknown);

export const removeAll = () => ask("DELETE", "");

/** @param {unknown} error */
export const isUnknown = (error) => error instanceof Refusal && error.reason.code === "unknown_sample";

/** @param {unknown} error */
function unlessUnknown(error) {
  if (!isUnknown(error)) throw error;
}

/** @param {string} method @param {string} path @param {object} [body] */
const ask = (method, path, body) => askServer(method, SAMPLES + path, body);

/** @param {Subject} subject */
async function content(subject) {
  if (subject.kind === "picture") return { image: await dataUrl(await subject.picture()) };
  return drawing(subject);
}

/** @param {Blob} blob @returns {Promise<string>} */
function dataUrl(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
}
