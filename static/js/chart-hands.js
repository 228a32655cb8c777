// @ts-check
/**
 * Fingers and keys on a chart: two fingers zoom and move it, one moves the crosshair; arrows move
 * the crosshair, + and - zoom, Escape shows all. The mouse is uPlot's own.
 *
 * @typedef {{ min: number, max: number }} Span in epochs
 * @typedef {{ width: () => number, span: () => Span, whole: () => Span, zoom: (span: Span | null) => void,
 *   point: (place: number) => void, pointed: () => number | null }} Chart places in px from the left of the plot
 */

const CLOSEST = 0.002; // of the whole run: no zoom goes further
const STEP = 0.02; // of the width: one press of an arrow key
const ZOOM = 2;

/** @param {HTMLElement} plot @param {Chart} chart */
export function fingersOn(plot, chart) {
  /** @type {Map<number, number>} where each finger is */
  const fingers = new Map();
  /** @type {number[]} the epochs that the two fingers hold */
  let held = [];
  const epochAt = (/** @type {number} */ place) => chart.span().min + (place / chart.width()) * (chart.span().max - chart.span().min);
  const follow = (/** @type {PointerEvent} */ event) => {
    if (event.pointerType === "mouse") return;
    fingers.set(event.pointerId, event.clientX - plot.getBoundingClientRect().left);
  };
  plot.addEventListener("pointerdown", (event) => {
    follow(event);
    held = fingers.size === 2 ? [...fingers.values()].map(epochAt) : [];
  });
  plot.addEventListener("pointermove", (event) => {
    if (!fingers.has(event.pointerId)) return;
    follow(event);
    const places = [...fingers.values()];
    if (places.length === 1) chart.point(places[0]);
    if (held.length === 2) chart.zoom(bounded(stretched(held, places, chart.width()), chart.whole()));
  });
  for (const name of /** @type {const} */ (["pointerup", "pointercancel", "pointerleave"])) {
    plot.addEventListener(name, ({ pointerId }) => {
      fingers.delete(pointerId);
      held = [];
    });
  }
}

/** @param {HTMLElement} element @param {Chart} chart */
export function keysOn(element, chart) {
  element.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !turn(event.key, chart)) return;
    event.preventDefault();
  });
}

/** @param {string} key @param {Chart} chart @returns {boolean} whether it is one of ours */
function turn(key, chart) {
  const width = chart.width();
  const place = chart.pointed() ?? width;
  const steps = /** @type {Record<string, number>} */ ({ ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -5, PageUp: 5, Home: -Infinity, End: Infinity });
  if (key in steps) chart.point(Math.min(Math.max(place + steps[key] * STEP * width, 0), width));
  else if (key === "+" || key === "=") chart.zoom(closer(chart, 1 / ZOOM));
  else if (key === "-") chart.zoom(closer(chart, ZOOM));
  else if (key === "Escape" || key === "0") chart.zoom(null);
  else return false;
  return true;
}

/** The span around the crosshair, shrunk or grown; null: the whole run. @param {Chart} chart @param {number} factor */
export function closer(chart, factor) {
  const { min, max } = chart.span();
  const share = (chart.pointed() ?? chart.width() / 2) / chart.width();
  const fixed = min + share * (max - min);
  return bounded({ min: fixed - factor * (fixed - min), max: fixed + factor * (max - fixed) }, chart.whole());
}

/** The span in which the fingers hold what they held. @param {number[]} epochs @param {number[]} places @param {number} width @returns {Span} */
function stretched([first, second], [left, right], width) {
  const perPixel = (second - first) / (right - left || 1);
  const min = first - perPixel * left;
  return { min, max: min + perPixel * width };
}

/** @param {Span} span @param {Span} whole @returns {Span | null} */
function bounded({ min, max }, whole) {
  const most = whole.max - whole.min;
  const length = Math.max(max - min, CLOSEST * most);
  if (!(length < most)) return null;
  const start = Math.min(Math.max(min, whole.min), whole.max - length);
  return { min: start, max: start + length };
}
