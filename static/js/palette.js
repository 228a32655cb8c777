// @ts-check
/** The colour of a number: what is above 0 in the accent's colour, what is below in the alert's, 0 as the paper is. */

const BOOST = 0.6; // the power that lets weak numbers be seen beside a strong one

/** @typedef {(value: number) => number} Palette from -1 to 1, a colour as one number of red, green, blue, opacity */

/** In the theme of the moment. @param {Element} element @param {"signed" | "ink"} [kind] ink: from 0, the paper, to 1 @returns {Palette} */
export function palette(element, kind = "signed") {
  const style = getComputedStyle(element);
  const names = kind === "ink" ? ["--sheet", "--ink", "--ink"] : ["--sheet", "--accent", "--alert"];
  const [nothing, above, below] = names.map((name) => rgb(style.getPropertyValue(name)));
  const boost = kind === "ink" ? 1 : BOOST;
  return (value) => {
    const share = Math.min(Math.abs(value), 1) ** boost;
    const end = value < 0 ? below : above;
    const [red, green, blue] = nothing.map((from, i) => Math.round(from + share * (end[i] - from)));
    return (255 << 24) | (blue << 16) | (green << 8) | red;
  };
}

/** @param {string} colour of CSS, as #rrggbb or #rgb */
function rgb(colour) {
  const digits = colour.trim().slice(1);
  const [size, factor] = digits.length === 3 ? [1, 17] : [2, 1];
  return [0, 1, 2].map((at) => factor * parseInt(digits.slice(at * size, (at + 1) * size), 16));
}
