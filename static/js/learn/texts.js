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

  // The student's own digit
  noDigit: "Draw a digit.",

  // Layers as matrices
  unitOf: "of {units}",
  unit: "Neuron {unit}",
  unitSum: "Neuron {unit}, its sum is {z}",
  silent: "{silent} of {units} stay silent for your digit: their sum is not above 0. They are pale; each picture has its own scale.",
  rowsOf: "Each picture is a row of W[{layer}], on its own scale.",
  others: "{rest} from the other {others}",
  stepBent: "{layer}: ReLU(W a + b)",
  stepPlain: "{layer}: W a + b",
  percent: "{share}\u202f%",
  agrees: "Computed by this page. From the server's own answer, no share differs by more than {difference}.",
  nothingOut: "Draw a digit to see what comes out.",
};

/** @param {keyof TEXTS} key @param {Record<string, string | number>} [values] */
export function say(key, values = {}) {
  return TEXTS[key].replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}
