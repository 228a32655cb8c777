// @ts-check
/**
 * The networks' arithmetic, as the lessons show it: pure functions on numbers and arrays of numbers. Tests hold it against torch.
 *
 * @typedef {number[]} Vector
 * @typedef {number[][]} Matrix rows of one length
 * @typedef {"identity" | "relu" | "sigmoid" | "tanh" | "leaky_relu" | "gelu"} Activation
 * @typedef {{ at: (z: number, gamma?: number) => number, slope: (z: number, gamma?: number) => number }} Bend slope: the derivative
 */

// --- Activation functions ---

/** @param {number} z */
const sigmoid = (z) => (z >= 0 ? 1 / (1 + Math.exp(-z)) : Math.exp(z) / (1 + Math.exp(z))); // neither overflows

/** How much of a bell curve of variance 1 lies left of z. @param {number} z */
const below = (z) => (1 + erf(z / Math.SQRT2)) / 2;

/** The slope at 0 is the one that torch takes: 0 for ReLU, gamma for leaky ReLU. @type {Record<Activation, Bend>} */
export const ACTIVATIONS = {
  identity: { at: (z) => z, slope: () => 1 },
  relu: { at: (z) => Math.max(z, 0), slope: (z) => (z > 0 ? 1 : 0) },
  sigmoid: { at: sigmoid, slope: (z) => sigmoid(z) * sigmoid(-z) },
  tanh: { at: Math.tanh, slope: (z) => 1 - Math.tanh(z) ** 2 },
  leaky_relu: { at: (z, gamma = 0.01) => Math.max(z, gamma * z), slope: (z, gamma = 0.01) => (z > 0 ? 1 : gamma) },
  gelu: { at: (z) => z * below(z), slope: (z) => below(z) + (z * Math.exp((-z * z) / 2)) / Math.sqrt(2 * Math.PI) },
};

/** Exact to 1e-14: a power series near 0, a continued fraction in the tails (Abramowitz and Stegun, 7.1.6 and 7.1.14). @param {number} x @returns {number} */
export function erf(x) {
  if (x < 0) return -erf(-x);
  if (x > 6) return 1;
  if (x > 2.5) {
    let fraction = 0;
    for (let k = 60; k > 0; k--) fraction = k / 2 / (x + fraction);
    return 1 - Math.exp(-x * x) / (Math.sqrt(Math.PI) * (x + fraction));
  }
  let [term, sum] = [x, x];
  for (let k = 1; k < 60; k++) sum += term *= (2 * x * x) / (2 * k + 1);
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

/** @param {Vector} logits @param {number} [temperature] @returns {Vector} */
export function softmax(logits, temperature = 1) {
  const most = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp((logit - most) / temperature));
  const total = powers.reduce((sum, power) => sum + power);
  return powers.map((power) => power / total);
}

/** The loss of a classifier: -log of the probability of the right class. @param {Vector} logits @param {number} label */
export const crossEntropy = (logits, label) => -Math.log(softmax(logits)[label]);

// --- Vectors and matrices ---

/** @param {Vector} a @param {Vector} b */
export const dot = (a, b) => a.reduce((sum, each, i) => sum + each * b[i], 0);

/** How much alike their directions are, from -1 to 1. @param {Vector} a @param {Vector} b */
export const cosine = (a, b) => dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));

/** W x + b. @param {Matrix} W @param {Vector} x @param {Vector} b @returns {Vector} */
export const affine = (W, x, b) => W.map((row, i) => dot(row, x) + b[i]);

/**
 * The same on numbers that lie one after the other, as a model's file holds them: W row after row.
 * @param {Float32Array} W @param {ArrayLike<number>} x @param {Float32Array} b @returns {Float64Array}
 */
export function layer(W, x, b) {
  const width = x.length;
  return Float64Array.from(b, (bias, i) => {
    let sum = 0;
    for (let j = 0, place = i * width; j < width; j++, place++) sum += W[place] * x[j];
    return sum + bias;
  });
}

// --- The small network ---

/** Of each unit, the hidden ones first: which of the numbers before it it reads. Its weights lie side by side in theta, the one that stands alone last. */
export const READS = [[0, 1], [2], [2, 3], [0, 1, 2]];
const FIRST = [0, 3, 5, 8];

/** The weights of a unit in theta, from its first on. @param {number} unit */
export const weightsOf = (unit) => [...READS[unit], null].map((_, i) => FIRST[unit] + i);

/**
 * Three hidden ReLU units and one output, forward and, by the chain rule, backward: d is how the loss changes with what it belongs to.
 * @param {Vector} x four @param {Vector} theta twelve @param {number} target
 */
export function smallNetwork(x, theta, target) {
  const sum = (/** @type {number} */ unit, /** @type {Vector} */ before) => dot(weightsOf(unit).map((i) => theta[i]), readBy(unit, before));
  const z = [0, 1, 2].map((unit) => sum(unit, x));
  const a = z.map((each) => ACTIVATIONS.relu.at(each));
  const h = sum(3, a);
  const dh = h - target;
  const da = READS[3].map((unit) => dh * theta[FIRST[3] + unit]);
  const dz = da.map((each, unit) => each * ACTIVATIONS.relu.slope(z[unit]));
  const gradients = [...dz.flatMap((each, unit) => readBy(unit, x).map((input) => each * input)), ...readBy(3, a).map((input) => dh * input)];
  return { z, a, h, loss: dh ** 2 / 2, dh, da, dz, gradients };
}

/** What its weights are multiplied by. @param {number} unit @param {Vector} before */
const readBy = (unit, before) => [...READS[unit].map((i) => before[i]), 1];

// --- Kernels and pooling ---

/** (side + 2 padding - window) / stride + 1, rounded down; 0: it does not fit. @param {number} side @param {number} window @param {number} stride @param {number} [padding] */
export const outputSide = (side, window, stride, padding = 0) => Math.max(0, Math.floor((side + 2 * padding - window) / stride) + 1);

/** With zeros around. @param {Matrix} grid @param {number} padding @returns {Matrix} */
export function padded(grid, padding) {
  const width = grid[0].length + 2 * padding;
  const empty = () => Array.from({ length: padding }, () => Array(width).fill(0));
  const beside = Array(padding).fill(0);
  return [...empty(), ...grid.map((row) => [...beside, ...row, ...beside]), ...empty()];
}

/** The part of a grid that lies under a window. @param {Matrix} grid @param {number} top @param {number} left @param {number} height @param {number} width @returns {Matrix} */
export const windowOf = (grid, top, left, height, width) => grid.slice(top, top + height).map((row) => row.slice(left, left + width));

/**
 * What deep learning calls convolution (it does not turn the kernel over): at each place the sum of products.
 * @param {Matrix} grid @param {Matrix} kernel @param {{ stride?: number, padding?: number, bias?: number }} [options] @returns {Matrix}
 */
export function convolve(grid, kernel, { stride = 1, padding = 0, bias = 0 } = {}) {
  const flat = kernel.flat();
  return slide(padded(grid, padding), kernel.length, kernel[0].length, stride, (window) => dot(window.flat(), flat) + bias);
}

/** @param {Matrix} grid @param {{ window: number, stride?: number, kind?: "max" | "average" }} options stride: the window's side by default @returns {Matrix} */
export function pool(grid, { window, stride = window, kind = "max" }) {
  const one = kind === "max" ? (/** @type {Vector} */ all) => Math.max(...all) : (/** @type {Vector} */ all) => all.reduce((a, b) => a + b) / all.length;
  return slide(grid, window, window, stride, (each) => one(each.flat()));
}

/** @param {Matrix} grid @param {number} height @param {number} width @param {number} stride @param {(window: Matrix) => number} one @returns {Matrix} */
function slide(grid, height, width, stride, one) {
  const rows = outputSide(grid.length, height, stride);
  const columns = outputSide(grid[0].length, width, stride);
  return Array.from({ length: rows }, (_, row) =>
    Array.from({ length: columns }, (_, column) => one(windowOf(grid, row * stride, column * stride, height, width))),
  );
}
