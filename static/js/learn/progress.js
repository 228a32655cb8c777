// @ts-check
/** Which lessons are done, kept in this browser alone. */

const KEY = "inkling-lessons";

/** @returns {string[]} their names */
export function done() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(kept) ? kept.map(String) : [];
  } catch {
    return []; // a browser that keeps nothing
  }
}

/** @param {string[]} lessons */
export function keep(lessons) {
  try {
    localStorage.setItem(KEY, JSON.stringify(lessons));
  } catch {
    // then it is known as long as the page stands
  }
}
