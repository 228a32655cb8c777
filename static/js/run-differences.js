// @ts-check
/** In which choices runs differ, by name and in words. */

/**
 * @typedef {{ dataset: string, network: string, spec: Record<string, any> }} Chosen
 * @typedef {{ name: string, values: any[] }} Difference a value for each run; undefined where it has none
 */

/** @param {Chosen[]} runs @returns {Difference[]} */
export function differences(runs) {
  const flat = runs.map((run) => ({ dataset: run.dataset, network: run.network, ...flattened(run.spec) }));
  const names = [...new Set(flat.flatMap(Object.keys))];
  const found = names.map((name) => ({ name, values: flat.map((choices) => /** @type {Record<string, any>} */ (choices)[name]) }));
  return found.filter(({ values }) => new Set(values.map((value) => JSON.stringify(value))).size > 1);
}

/** Tables within the spec are choices like all others, named as augmentation.rotate; those of the network by their own names. @param {Record<string, any>} spec */
function flattened(spec) {
  const { hyperparameters, ...training } = spec;
  const pairs = Object.entries(training).flatMap(([name, value]) => (isTable(value) ? Object.entries(value).map(([inner, each]) => [`${name}.${inner}`, each]) : [[name, value]]));
  return { ...Object.fromEntries(pairs), ...hyperparameters };
}

/** @param {any} value */
const isTable = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

/** @param {any} value @returns {string} */
export function inWords(value) {
  if (value === undefined) return "–";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "number") return String(Number(value.toPrecision(4)));
  if (Array.isArray(value)) return value.map(inWords).join(value.some(isTable) ? "; " : ", ") || "none";
  if (isTable(value)) return Object.entries(value).map(([name, each]) => `${name} ${inWords(each)}`).join(", ");
  return String(value);
}
