// @ts-check
/** A lesson's state as its address, so that it can be shared: #x=1,0.5&activation=relu. */

/** @typedef {Record<string, number | string | number[]>} State what a lesson's address holds: of fixed keys, lists of fixed length where they are so at the start */

/** The start, with what the address says where it has the same form. @template {State} S @param {S} start @returns {S} */
export function fromAddress(start) {
  const told = new URLSearchParams(location.hash.slice(1));
  const entries = Object.entries(start).map(([key, usual]) => [key, structuredClone(read(told.get(key), usual))]);
  return Object.fromEntries(entries);
}

/** @param {string | null} text @param {number | string | number[]} usual */
function read(text, usual) {
  if (text === null) return usual;
  if (typeof usual === "string") return text;
  const numbers = text.split(",").map((each) => (each.trim() === "" ? NaN : Number(each)));
  if (!numbers.every(Number.isFinite)) return usual;
  if (typeof usual === "number") return numbers.length === 1 ? numbers[0] : usual;
  return numbers.length === usual.length ? numbers : usual;
}

/** The last of a flood of changes; a browser takes no more than a hundred in half a minute. */
let timer = 0;

/** @template {State} S @param {S} state @param {S} start what differs from it is told */
export function toAddress(state, start) {
  clearTimeout(timer);
  timer = setTimeout(() => {
    const differs = Object.entries(state).filter(([key, value]) => String(value) !== String(start[key]));
    const told = differs.map(([key, value]) => `${key}=${Array.isArray(value) ? value.map(brief).join() : encodeURIComponent(value)}`).join("&");
    history.replaceState(null, "", location.pathname + location.search + (told && `#${told}`));
  }, 300);
}

addEventListener("hashchange", () => location.hash.includes("=") && location.reload()); // another state was typed or pasted, or comes back; `#main` is only a place

/** @param {number} value */
const brief = (value) => String(Number(value.toPrecision(6)));
