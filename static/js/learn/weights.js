// @ts-check
/** A model's own weights, number by number, and what its network makes of a picture with them. */
import { ask } from "../ask.js";
import { Refusal, reasonOf } from "../predict.js";
import { say } from "../texts.js";
import { layer } from "./arithmetic.js";

/**
 * @typedef {{ units: number, inputs: number, W: Float32Array, b: Float32Array }} Layer W row after row
 * @typedef {{ name: string, classes: string[], side: number, mean: number, std: number, temperature: number, layers: Layer[] }} Perceptron an MLP of ReLU units that reads grey pictures
 */

/** Refusal with a sentence where the server does not have it. @param {string} name @returns {Promise<Perceptron>} */
export async function readPerceptron(name) {
  const address = `/api/v1/models/${name}`;
  const [{ classes, card }, { tensors }] = await Promise.all([ask("GET", address), ask("GET", `${address}/weights`)]);
  const { size, mean, std } = card.preprocessing;
  const parts = tensors.map((/** @type {{ name: string }} */ each) => each.name.replace(/\.(weight|bias)$/, ""));
  const names = [...new Set(parts)].sort((one, other) => Number(one.match(/\d+/)) - Number(other.match(/\d+/)));
  const layers = await Promise.all(names.map((each) => readLayer(`${address}/weights/${each}`)));
  return { name, classes, side: size, mean: mean[0], std: std[0], temperature: card.temperature, layers };
}

/** @param {string} address without .weight and .bias @returns {Promise<Layer>} */
async function readLayer(address) {
  const [W, b] = await Promise.all([`${address}.weight`, `${address}.bias`].map(readNumbers));
  return { units: b.length, inputs: W.length / b.length, W, b };
}

/** @param {string} address */
async function readNumbers(address) {
  const response = await fetch(address).catch(() => {
    throw new Refusal(0, { code: "lost", message: say("noServer") });
  });
  if (!response.ok) throw new Refusal(response.status, await reasonOf(response));
  return new Float32Array(await response.arrayBuffer());
}

/** The kernels of a network's first layer that look at grey pictures. @param {string} name @returns {Promise<number[][][]>} */
export async function readKernels(name) {
  const address = `/api/v1/models/${name}/weights`;
  const { tensors } = await ask("GET", address);
  const first = tensors.find((/** @type {{ shape: number[] }} */ { shape }) => shape.length === 4 && shape[1] === 1);
  const numbers = Array.from(await readNumbers(`${address}/${first.name}`));
  const [count, , height, width] = first.shape;
  const row = (/** @type {number} */ start) => numbers.slice(start, start + width);
  return Array.from({ length: count }, (_, kernel) => Array.from({ length: height }, (_, i) => row((kernel * height + i) * width)));
}

/**
 * Forward, all the way: before each layer what goes in, after it its sums z; a ReLU between two layers.
 * @param {Perceptron} model @param {Uint8Array} pixels what the network sees, from 0 to 255
 */
export function forward({ mean, std, layers }, pixels) {
  let x = Float64Array.from(pixels, (pixel) => (pixel / 255 - mean) / std);
  return layers.map(({ W, b }) => {
    const went = { x, z: layer(W, x, b) };
    x = went.z.map((z) => Math.max(z, 0));
    return went;
  });
}
