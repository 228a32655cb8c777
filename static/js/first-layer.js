// @ts-check
/** The first layer's weights as pictures: what each unit looks for, and what speaks against it. */
import { whileOpen } from "./lab.js";
import { LatestLook } from "./latest-look.js";
import { brief, count, say } from "./texts.js";

/** @typedef {{ kind: "kernels" | "rows", units: number, shown: number, side: number, columns: number, largest: number, sheet: string }} FirstLayer */

const TILE = 56; // pixels that a tile should have at least
const NARROW = 480; // a canvas narrower than this keeps the sheet's own columns, smaller
const BOOST = 0.6; // the power that lets weak weights be seen beside one strong one
const GAP = 6;
const PADDING = 56; // of the panel, both sides

/** @param {HTMLDetailsElement} panel @param {import("./moment.js").Moment} moment */
export function mount(panel, moment) {
  const told = /** @type {HTMLElement} */ (panel.querySelector(".told"));
  const canvas = /** @type {HTMLCanvasElement} */ (panel.querySelector("canvas"));
  /** @type {FirstLayer | null} */
  let seen = null;

  const draw = () => seen && paint(canvas, seen).catch(() => {});
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

/** @param {HTMLCanvasElement} canvas @param {FirstLayer} layer */
async function paint(canvas, { shown, side, columns, sheet }) {
  const image = new Image();
  image.src = sheet;
  await image.decode();
  const source = /** @type {OffscreenCanvasRenderingContext2D} */ (new OffscreenCanvas(image.width, image.height).getContext("2d", { willReadFrequently: true }));
  source.drawImage(image, 0, 0);
  const pixels = source.getImageData(0, 0, image.width, image.height);
  colour(pixels.data, canvas);
  source.putImageData(pixels, 0, 0);
  const scale = Math.ceil(TILE / side);
  const step = scale * side + GAP;
  const room = canvas.parentElement?.clientWidth ?? 0;
  const across = Math.min(shown, room < NARROW ? columns : Math.floor((room - PADDING) / step));
  canvas.width = across * step - GAP;
  canvas.height = Math.ceil(shown / across) * step - GAP;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.imageSmoothingEnabled = false;
  for (let tile = 0; tile < shown; tile++) {
    const from = [tile % columns, Math.floor(tile / columns)].map((place) => place * side);
    const to = [tile % across, Math.floor(tile / across)].map((place) => place * step);
    context.drawImage(source.canvas, from[0], from[1], side, side, to[0], to[1], step - GAP, step - GAP);
  }
}

/** Greys from -1 to 1 around 128 become the theme's colours: against, nothing, for. @param {Uint8ClampedArray} data @param {Element} element */
function colour(data, element) {
  const [against, nothing, speaksFor] = ["--alert", "--sheet", "--accent"].map((name) => rgb(getComputedStyle(element).getPropertyValue(name)));
  for (let i = 0; i < data.length; i += 4) {
    const weight = (data[i] - 128) / 127;
    const end = weight < 0 ? against : speaksFor;
    const share = Math.min(1, Math.abs(weight) ** BOOST);
    for (let channel = 0; channel < 3; channel++) data[i + channel] = nothing[channel] + share * (end[channel] - nothing[channel]);
  }
}

/** @param {string} colour of CSS, as #rrggbb */
const rgb = (colour) => [1, 3, 5].map((at) => parseInt(colour.trim().slice(at, at + 2), 16));
