// @ts-check
/** A question to the server with JSON, and its answer; whatever goes wrong is a sentence. */
import { Refusal, reasonOf } from "./predict.js";
import { say } from "./texts.js";

/** @param {string} method @param {string} address @param {object} [body] @returns {Promise<any>} Refusal with a sentence that can be shown */
export async function ask(method, address, body) {
  const json = body && { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } };
  const response = await fetch(address, { method, ...json }).catch(() => {
    throw new Refusal(0, { code: "lost", message: say("noServer") });
  });
  if (!response.ok) throw new Refusal(response.status, await reasonOf(response));
  return response.status === 204 ? undefined : response.json();
}
