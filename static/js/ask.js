// @ts-check
/** A question to the server with JSON, and its answer; whatever goes wrong is a sentence. */
import { Refusal, reasonOf } from "./predict.js";
import { say } from "./texts.js";

/** @param {string} method @param {string} address @param {object} [body] a Blob as it is, all else as JSON @param {AbortSignal} [signal] @returns {Promise<any>} Refusal with a sentence that can be shown */
export async function ask(method, address, body, signal) {
  const blob = body instanceof Blob;
  const content = body && { body: blob ? body : JSON.stringify(body), headers: { "Content-Type": (blob && body.type) || "application/json" } };
  const response = await fetch(address, { method, signal, ...content }).catch(() => {
    throw new Refusal(0, { code: "lost", message: say("noServer") });
  });
  if (!response.ok) throw new Refusal(response.status, await reasonOf(response));
  return response.status === 204 ? undefined : response.json();
}
