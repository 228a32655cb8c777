// @ts-check
/** The numbers that come out of a classifier, and the shares that softmax makes of them. */
import { shown } from "./formula.js";
import { say } from "./texts.js";

/** @param {HTMLElement} rows of a table: class, logit, share, bar @param {string[]} classes @param {number[]} logits none: dashes @param {number[]} shares */
export function showLogits(rows, classes, logits, shares) {
  const best = shares.indexOf(Math.max(...shares));
  const made = classes.map((label, k) => {
    const row = document.createElement("tr");
    const name = Object.assign(document.createElement("th"), { scope: "row", textContent: label });
    const [h, share, bar] = [shown(logits[k]), say("percent", { share: (100 * shares[k]).toFixed(2) }), ""].map((text) => {
      return Object.assign(document.createElement("td"), { textContent: logits.length ? text : text && "–" });
    });
    h.dataset.value = String(logits[k] ?? "");
    bar.className = "bar";
    bar.style.setProperty("--share", (shares[k] ?? 0).toFixed(4));
    row.append(name, h, share, bar);
    row.toggleAttribute("data-first", k === best);
    return row;
  });
  rows.replaceChildren(...made);
}
