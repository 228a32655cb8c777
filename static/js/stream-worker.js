// @ts-check
/** The one connection of all tabs of a browser: a SharedWorker around Streams. */
import { Streams } from "./streams.js";

/** @typedef {import("./streams.js").Listener} Listener */

const streams = new Streams();

addEventListener("connect", (event) => {
  const [port] = /** @type {MessageEvent} */ (event).ports;
  /** @type {Map<number, Listener>} */
  const listeners = new Map();
  port.addEventListener("message", ({ data: { key, run, after } }) => {
    const listener = listeners.get(key);
    if (listener) streams.leave(listener);
    listeners.delete(key);
    if (!run) return;
    const fresh = listening(port, key);
    listeners.set(key, fresh);
    streams.follow(run, after, fresh);
  });
  port.start();
});

/** @param {MessagePort} port @param {number} key @returns {Listener} */
const listening = (port, key) => ({
  event: (event) => port.postMessage({ key, what: "event", event }),
  found: () => port.postMessage({ key, what: "found" }),
  lost: () => port.postMessage({ key, what: "lost" }),
  rests: () => port.postMessage({ key, what: "rests" }),
});
