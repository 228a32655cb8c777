// @ts-check
/** A question to the server with JSON, and its answer; whatever goes wrong is a sentence. */
import { Refusal, reasonOf } from "./predict.js";
import { say } from "./texts.js";

/** @param {string} method @param {string} address @param {object} [body] a Blob or a form as it is, all else as JSON @param {AbortSignal} [signal] @returns {Promise<any>} Refusal with a sentence that can be shown */
export async function ask(method, address, body, signal) {
  const content = body && (body instanceof FormData ? { body } : { body: body instanceof Blob ? body : JSON.stringify(body), headers: { "Content-Type": (body instanceof Blob && body.type) || "application/json" } });
  const response = await fetch(address, { method, signal, ...content }).catch(() => {
    throw new Refusal(0, { code: "lost", message: say("noServer") });
  });
  if (!response.ok) throw new Refusal(response.status, await reasonOf(response));
  return response.status === 204 ? undefined : response.json();
}
