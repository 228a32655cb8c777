// @ts-check
/** The mistakes that it was surest of. */
import { Gallery } from "./gallery.js";
import { whileOpen } from "./lab.js";
import { LatestLook } from "./latest-look.js";
import { count, say } from "./texts.js";

const SHOWN = "24";

/** @param {HTMLDetailsElement} panel @param {import("./moment.js").Moment} moment */
export function mount(panel, moment) {
  const told = /** @type {HTMLElement} */ (panel.querySelector(".told"));
  const list = /** @type {HTMLElement} */ (panel.querySelector(".gallery"));
  const gallery = new Gallery(list);

  /** @type {LatestLook<{ total: number, pictures: import("./gallery.js").Seen[] }>} */
  const server = new LatestLook({
    shown({ total, pictures }) {
      told.textContent = say(!total ? "mistakesNone" : total > pictures.length ? "mistakesFirst" : "mistakesAll", { total: count(total), shown: pictures.length });
      gallery.show(pictures, true);
    },
    failed(sentence) {
      told.textContent = sentence;
      gallery.clear();
    },
    busy(isBusy) {
      panel.ariaBusy = String(isBusy);
      list.toggleAttribute("data-old", isBusy);
      if (isBusy && !list.childElementCount) told.textContent = say("examining");
    },
  });

  whileOpen(panel, /** @type {any} */ (moment), () => moment.checkpoint && server.look(moment.address("mistakes", { part: moment.part, limit: SHOWN })));
}
