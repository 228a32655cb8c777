// @ts-check
/** The learning rate over a training, as the training itself computes it. */

const LEAST = 0.001; // of the peak, at the end of a fall

/**
 * @param {number} progress 0 to 1 @param {string} schedule @param {number} peak
 * @param {number} warmup the share of the steps over which one_cycle and cosine rise
 */
export function rateAt(progress, schedule, peak, warmup) {
  if (schedule === "constant") return peak;
  if (schedule === "steps") return peak * (progress < 0.6 ? 1 : progress < 0.85 ? 0.1 : 0.01);
  if (schedule === "linear") return peak * Math.max(1 - progress, LEAST);
  if (progress < warmup) return peak * Math.max(progress / warmup, 0.01);
  const fall = (progress - warmup) / (1 - warmup);
  return peak * Math.max(schedule === "one_cycle" ? 1 - fall : (1 + Math.cos(Math.PI * fall)) / 2, LEAST);
}
