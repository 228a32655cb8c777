// @ts-check
/**
 * What is, what was and what may come again: pure functions on values that never change.
 *
 * @template T
 * @typedef {{ now: T, past: readonly T[], future: readonly T[] }} History
 */

const MOST = 200; // steps that can be undone; each may hold a picture

/** @template T @param {T} now @returns {History<T>} */
export const begun = (now) => ({ now, past: [], future: [] });

/** @template T @param {History<T>} history @param {T} now @returns {History<T>} */
export const changed = ({ now: before, past }, now) => ({ now, past: [...past, before].slice(-MOST), future: [] });

/** @template T @param {History<T>} history @returns {History<T>} */
export function undone(history) {
  const { now, past, future } = history;
  return past.length ? { now: past[past.length - 1], past: past.slice(0, -1), future: [...future, now] } : history;
}

/** @template T @param {History<T>} history @returns {History<T>} */
export function redone(history) {
  const { now, past, future } = history;
  return future.length ? { now: future[future.length - 1], past: [...past, now], future: future.slice(0, -1) } : history;
}
