// @ts-check
/** Numbers in fields, as people type them and read them. */

/** What is no number goes as it is: the server says what is wrong with it. @param {string} text */
export function number(text) {
  const value = Number(text.trim().replace(/^(\d*),(\d+)$/, "$1.$2"));
  return text.trim() && Number.isFinite(value) ? value : text.trim();
}

/** Readable, where all digits of a third or a sixtieth are not. @param {any} value */
export const written = (value) => String(typeof value === "number" ? Number(value.toPrecision(6)) : value);
