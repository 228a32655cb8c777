// @ts-check
/** Runs, as the server keeps them: start, list, steer. */
import { ask } from "./ask.js";
import { say, spaced } from "./texts.js";

/**
 * @typedef {"queued" | "starting" | "running" | "pausing" | "paused" | "stopping" | "stopped" | "finished" | "failed" | "interrupted"} State
 * @typedef {{ id: string, name: string, state: State, reason: string | null, message: string | null, dataset: string, network: string,
 *   spec: Record<string, any>, created: number, variants: { name: string, hyperparameters: Record<string, any> }[], parent: { run: string, step: number, variant: number } | null, stalled: boolean, place: number | null, last_seq: number }} Run
 * @typedef {{ name: string, kind: "integer" | "number" | "boolean" | "choice" | "integers" | "blocks", default: any, hint: string,
 *   minimum: number | null, maximum: number | null, choices: string[] }} Hyperparameter
 * @typedef {{ name: string, network: string, dataset: string, hyperparameters: Record<string, any> } & Record<string, any>} Recipe
 * @typedef {{ datasets: { name: string, title: string, photographs: boolean }[], networks: { name: string, hyperparameters: Hyperparameter[] }[],
 *   training: Hyperparameter[], augmentation: Hyperparameter[], dataset_options: Hyperparameter[], recipes: Recipe[],
 *   start_from: { name: string, network: string, usual: Record<string, any> }[] }} Choices all that a training can be given
 * @typedef {{ dataset: string, network?: string, start_from?: string, hyperparameters: Record<string, any>, name: string }} Wanted
 * @typedef {{ kind: string, window: number | null, output: number[], parameters: number }} Layer
 * @typedef {{ input: number[], layers: Layer[], parameters: number, refused: { field: string, message: string } | null }} Shape
 */

const RUNS = "/api/v1/runs";
const LIVE = new Set(["starting", "running", "pausing", "stopping"]); // has a process of its own

/** @returns {Promise<Choices>} */
export const choices = () => ask("GET", "/api/v1/networks");

/** @param {string} network @param {Wanted} wanted @returns {Promise<Shape>} the network before it is made, and what of the choices cannot work */
export const layers = (network, { dataset, start_from = "", hyperparameters }) => ask("POST", `/api/v1/networks/${network}/layers`, { dataset, hyperparameters: { ...hyperparameters, start_from } });

/** @param {Wanted} wanted @returns {Promise<Run>} */
export const start = (wanted) => ask("POST", RUNS, wanted);

/** @param {string | null} cursor @returns {Promise<{ runs: Run[], next: string | null }>} the newest first */
export const list = (cursor) => ask("GET", RUNS + (cursor ? `?cursor=${cursor}` : ""));

/** @param {string} id @returns {Promise<Run>} */
export const read = (id) => ask("GET", `${RUNS}/${id}`);

/** @param {string} id @param {"pause" | "resume" | "stop"} verb @returns {Promise<Run>} */
export const steer = (id, verb) => ask("POST", `${RUNS}/${id}/${verb}`);

/** @param {string} id @param {number} rate @returns {Promise<Run>} */
export const changeRate = (id, rate) => ask("PATCH", `${RUNS}/${id}`, { learning_rate: rate });

/** @param {string} id @param {string} name of the model @param {{ checkpoint?: number, variant?: number }} [which] the step of a checkpoint, instead of the finished run @returns {Promise<{ name: string }>} */
export const publish = (id, name, which = {}) => ask("POST", `${RUNS}/${id}/publish`, { name, ...which });

/** @param {string} id @param {number | string} epochs more than it has begun @returns {Promise<Run>} */
export const goOn = (id, epochs) => ask("POST", `${RUNS}/${id}/continue`, { epochs });

/** @param {string} id @param {number} variant @returns {Promise<{ step: number, epoch: number, accuracy: number | null, best: boolean }[]>} */
export const checkpoints = async (id, variant) => (await ask("GET", `${RUNS}/${id}/checkpoints?variant=${variant}`)).checkpoints;

/** @param {string} id @param {{ checkpoint: number, variant: number }} from @param {Record<string, any>} hyperparameters those that differ @param {string} name @returns {Promise<Run>} */
export const fork = (id, from, hyperparameters, name) => ask("POST", `${RUNS}/${id}/fork`, { ...from, hyperparameters, name });

/** @param {string} id */
export const remove = (id) => ask("DELETE", `${RUNS}/${id}`);

/** @param {State} state */
export const isLive = (state) => LIVE.has(state);

/** Whether it will change by itself. @param {State} state */
export const isGoing = (state) => isLive(state) || state === "queued";

/** @param {State} state */
export const inWords = (state) => say(/** @type {any} */ (`state_${state}`));

/** @param {{ name: string, network: string, dataset: string }} run */
export const titleOf = ({ name, network, dataset }) => name || whatOf({ network, dataset });

/** @param {{ network: string, dataset: string }} run */
export const whatOf = ({ network, dataset }) => say("networkOnDataset", { network: spaced(network), dataset: spaced(dataset) });
