// @ts-check
/** Pictures of a dataset, cut from the sheet on which the server sends them. */

/** One tile of a sheet. @param {string} sheet @param {number} i @param {number} columns @param {number} rows */
export function tile(sheet, i, columns, rows) {
  const made = document.createElement("span");
  made.className = "tile";
  const share = (/** @type {number} */ place, /** @type {number} */ of) => `${of > 1 ? (100 * place) / (of - 1) : 0}%`;
  made.style.backgroundImage = `url(${sheet})`;
  made.style.backgroundSize = `${100 * columns}% ${100 * rows}%`;
  made.style.backgroundPosition = `${share(i % columns, columns)} ${share(Math.floor(i / columns), rows)}`;
  return made;
}

/**
 * A list item for each thing on a sheet.
 * @template T
 * @param {string} sheet @param {number} columns of a full sheet @param {T[]} things @param {(thing: T) => string} words
 */
export function captioned(sheet, columns, things, words) {
  const [across, rows] = [Math.min(columns, things.length), Math.ceil(things.length / columns)];
  return things.map((thing, i) => {
    const item = document.createElement("li");
    item.append(tile(sheet, i, across, rows), Object.assign(document.createElement("span"), { textContent: words(thing) }));
    return item;
  });
}
