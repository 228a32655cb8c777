// @ts-check
/** Numbers in fields that are typed, stepped by the arrow keys, or dragged sideways. */

const SLACK = 4; // pixels that a click may wander
const PACE = 6; // pixels for each step

/** @param {HTMLInputElement} field of type number, with its step and bounds @param {(value: number) => void} changed */
export function scrubbed(field, changed) {
  /** @type {{ x: number, value: number, isDragged: boolean } | null} */
  let held = null;
  const step = Number(field.step);
  field.step = "any"; // what was learnt or dragged lies on no grid
  const tell = () => Number.isFinite(field.valueAsNumber) && changed(bounded(field, field.valueAsNumber));
  field.addEventListener("input", tell);
  field.addEventListener("beforeinput", (event) => {
    if (!event.data?.includes(",") || field.readOnly) return; // a decimal comma, which a field of numbers may drop
    event.preventDefault();
    document.execCommand("insertText", false, event.data.replaceAll(",", "."));
  });
  field.addEventListener("change", () => {
    put(field, Number.isFinite(field.valueAsNumber) ? bounded(field, field.valueAsNumber) : Number(field.defaultValue));
    changed(field.valueAsNumber);
  });
  field.addEventListener("keydown", (event) => {
    const way = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (!way || field.readOnly) return;
    event.preventDefault();
    put(field, bounded(field, (field.valueAsNumber || 0) + way * step));
    changed(field.valueAsNumber);
  });
  field.addEventListener("pointerdown", (event) => {
    held = event.button === 0 && !field.readOnly ? { x: event.clientX, value: field.valueAsNumber || 0, isDragged: false } : null;
    if (held) field.setPointerCapture(event.pointerId); // a fast hand is out of the field at once
  });
  field.addEventListener("pointermove", (event) => {
    if (!held) return;
    const moved = event.clientX - held.x;
    if (!held.isDragged && Math.abs(moved) < SLACK) return;
    held.isDragged = true;
    event.preventDefault();
    put(field, bounded(field, held.value + Math.round(moved / PACE) * step));
    changed(field.valueAsNumber);
  });
  for (const name of /** @type {const} */ (["pointerup", "pointercancel"])) field.addEventListener(name, () => (held = null));
}

/** Without the noise of binary fractions. @param {HTMLInputElement} field @param {number} value */
export function put(field, value) {
  field.value = field.defaultValue = String(Number(value.toFixed(6)));
}

/** @param {HTMLInputElement} field @param {number} value */
function bounded({ min, max }, value) {
  return Math.min(Math.max(value, min === "" ? -Infinity : Number(min)), max === "" ? Infinity : Number(max));
}
