// @ts-check
/** Every sentence that the lessons' scripts show, whole and in one place; those that stand still are in templates/learn. */

const TEXTS = {
  choose: "Choose an answer first.",
  right: "Right. {reply}",
  notRight: "Not quite. {reply}",
  lessonDone: "done",

  // A neuron
  neuronSays: "z is {z}, and the neuron says {a}.",
  yes0: "always 1",
  yes1: "first",
  yes2: "second",
  yes3: "how sure of yes",
  price0: "always 1",
  price1: "size in 100 m²",
  price2: "bedrooms",
  price3: "price in 100,000",
  gateRight: "Right for {right} of 4.",
  gateDone: "Right for all 4: this neuron is the gate.",
};

/** @param {keyof TEXTS} key @param {Record<string, string | number>} [values] */
export function say(key, values = {}) {
  return TEXTS[key].replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}
