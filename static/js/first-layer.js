// @ts-check
/** The first layer's weights as pictures: what each unit looks for, and what speaks against it. */
import { whileOpen } from "./lab.js";
import { LatestLook } from "./latest-look.js";
import { brief, count, say } from "./texts.js";
import { lay, roomOf } from "./tiles.js";

/** @typedef {{ kind: "kernels" | "rows", units: number, shown: number, side: number, columns: number, largest: number, sheet: string }} FirstLayer */

const TILE = 56; // pixels that a tile should have at least
const NARROW = 480; // a canvas narrower than this keeps the sheet's own columns, smaller

/** @param {HTMLDetailsElement} panel @param {import("./moment.js").Moment} moment */
export function mount(panel, moment) {
  const told = /** @type {HTMLElement} */ (panel.querySelector(".told"));
  const canvas = /** @type {HTMLCanvasElement} */ (panel.querySelector("canvas"));
  /** @type {FirstLayer | null} */
  let seen = null;

  const draw = () => seen && lay(canvas, tilesOf(seen), { least: TILE, across: roomOf(canvas) < NARROW ? seen.columns : undefined }).catch(() => {});
  /** @type {LatestLook<FirstLayer>} */
  const server = new LatestLook({
    shown(layer) {
      seen = layer;
      told.textContent = say(layer.kind, { units: count(layer.units), shown: layer.shown, side: layer.side, largest: brief(layer.largest) });
      canvas.ariaLabel = told.textContent;
      draw();
    },
    failed: (sentence) => (told.textContent = sentence),
    busy: (isBusy) => (panel.ariaBusy = String(isBusy)),
  });

  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  whileOpen(panel, /** @type {any} */ (moment), () => moment.checkpoint && server.look(moment.address("weights")));
}

/** @param {FirstLayer} layer @returns {import("./tiles.js").Tiles} */
const tilesOf = ({ sheet, columns, side, shown, largest }) => ({ picture: sheet, columns, tile: side, shown, zero: 128, minimum: -largest, maximum: largest });
