// @ts-check
/** The trainings of a run: itself, or its variants, which differ in hyperparameters. */
import { RunRecord } from "./run-record.js";

/**
 * @typedef {import("./runs.js").Run} Run
 * @typedef {{ name: string, run: Run, record: RunRecord, dataset: string, network: string, spec: Record<string, any> }} Training name: of the variant; "" of a run without any
 */

/** @param {Run} run @returns {Training[]} */
export function trainingsOf(run) {
  const { dataset, network, spec, variants } = run;
  if (!variants.length) return [{ name: "", run, record: new RunRecord(), dataset, network, spec }];
  return variants.map(({ name, hyperparameters }, i) => ({ name, run, record: new RunRecord(i), dataset, network, spec: varied(spec, hyperparameters) }));
}

/** The spec with choices of the training and of its network, by their names. @param {Record<string, any>} spec @param {Record<string, any>} chosen */
function varied(spec, chosen) {
  const own = Object.entries(chosen).filter(([name]) => name in spec);
  const inner = Object.entries(chosen).filter(([name]) => !(name in spec));
  const changed = { ...spec, ...Object.fromEntries(own) };
  return { ...changed, hyperparameters: { ...changed.hyperparameters, ...Object.fromEntries(inner) } };
}
