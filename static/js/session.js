// @ts-check
/** What outlives a reload of this tab, and nothing else; in a browser that keeps nothing, it does not. */

/** The line of link.js that is on the drawing page. */
export const DRAWING = "inkling-drawing";

/** @param {string} key @returns {string} nothing: never remembered */
export function recalled(key) {
  try {
    return sessionStorage.getItem(key) ?? "";
  } catch {
    return "";
  }
}

/** @param {string} key @param {string} text */
export function remember(key, text) {
  try {
    sessionStorage.setItem(key, text);
  } catch {
    // then it lives as long as the page
  }
}
