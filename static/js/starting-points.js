// @ts-check
/** Trainings to start from: those that teach, then the recipes of the models that ship. */
import { labelOf, say } from "./texts.js";

/**
 * @typedef {import("./runs.js").Recipe} Recipe
 * @typedef {{ title: string, detail: string, recipe: Recipe, ships: boolean }} StartingPoint ships: a model was made so
 */

const OURS = {
  "lecture-sigmoid": {
    dataset: "mnist", network: "mlp", hyperparameters: { hidden: [100], activation: "sigmoid" },
    epochs: 10, batch_size: 32, optimizer: "sgd", learning_rate: 0.5, schedule: "constant", momentum: 0, weight_decay: 0,
  },
  overfit: {
    dataset: "mnist", network: "mlp", hyperparameters: { hidden: [1024] },
    dataset_options: { validation_fraction: 0.95 },
    epochs: 30, batch_size: 64, learning_rate: 0.002, schedule: "constant", weight_decay: 0,
  },
};
const NAMED = ["mnist-quick", ...Object.keys(OURS), "cifar10-quick"];

/** @param {Recipe[]} recipes of the server @returns {StartingPoint[]} */
export function startingPoints(recipes) {
  const ours = Object.entries(OURS).map(([name, recipe]) => ({ name, ...recipe }));
  const known = [...recipes, ...ours].sort((a, b) => rank(a) - rank(b));
  return known.map((recipe) => {
    const { name, network, epochs } = recipe;
    if (rank(recipe) === NAMED.length) return { title: say("start_shipped", { name }), detail: say("start_shipped_detail", { network: labelOf(network), epochs }), recipe, ships: true };
    const key = /** @type {"start_overfit"} */ (`start_${name}`);
    return { title: say(key), detail: say(/** @type {"start_overfit_detail"} */ (`${key}_detail`)), recipe, ships: false };
  });
}

/** Those with a title of their own come first. @param {{ name: string }} recipe */
const rank = ({ name }) => (NAMED.indexOf(name) + NAMED.length + 1) % (NAMED.length + 1);
