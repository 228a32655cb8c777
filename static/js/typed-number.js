// @ts-check

/** What is no number goes as it is: the server says what is wrong with it. @param {string} text */
export function number(text) {
  const value = Number(text.trim().replace(/^(\d*),(\d+)$/, "$1.$2"));
  return text.trim() && Number.isFinite(value) ? value : text.trim();
}
