// @ts-check
/** Every sentence that scripts show, whole and in one place, so that it can be translated. */

const TEXTS = {
  empty: "No digit yet",
  emptyDetail: "The answer changes as you draw.",
  cleared: "The pad is empty.",
  sure: "{share} sure",
  answer: "{label}, {share} sure",
  runnerUp: "or {label}, {share}",
  goOn: "Go on…",
  noGuess: "No guess",
  rejected: "No guess. {reason}",
  failed: "That did not work",
  lost: "No connection",
  lostDetail: "The server does not answer. Trying again…",
  notReady: "Not ready yet",
  reading: "Reading…",
  tooLarge: "This picture is larger than {limit} MiB. Make it smaller, then try again.",
  unreadable: "This file cannot be read. Choose it again.",
  yourPicture: "Your picture: {name}",
  sees: "Your digit, cropped, centred and shrunk to {size} × {size} pixels. Nothing else.",
  seen: "{size} by {size} pixels: your digit, cropped and centred",
};

/** @param {keyof TEXTS} key @param {Record<string, string | number>} [values] */
export function say(key, values = {}) {
  return TEXTS[key].replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}

/** A probability as whole percent, never rounded up to certainty. @param {number} probability */
export function percent(probability) {
  const rounded = Math.round(100 * probability);
  return rounded === 100 && probability < 1 ? ">99" : String(rounded);
}

export const UNIT = "\u202f%"; // a narrow space that does not break
