// @ts-check
/** Tables as CSV (RFC 4180), harmless in spreadsheet programs. */

const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/; // what a spreadsheet program would run, in narrow and wide letters

/** @param {string[][]} rows the first are the columns' names @returns {string} */
export const csv = (rows) => rows.map((row) => row.map(cell).join(",") + "\r\n").join("");

/** @param {string} text */
function cell(text) {
  const harmless = FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
