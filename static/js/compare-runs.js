// @ts-check
/** The page /compare: several runs side by side, live; a run with variants as each of them. */
import { Follower } from "./follow.js";
import { MOST, SideBySide } from "./side-by-side.js";
import { titleOf } from "./runs.js";
import { say } from "./texts.js";
import { trainingsOf } from "./variants.js";

/** @typedef {import("./runs.js").Run} Run */

const part = /** @type {<T extends HTMLElement>(selector: string) => T} */ ((selector) => /** @type {any} */ (document.querySelector(selector)));

const page = part("#compare");
const runs = /** @type {Run[]} */ (JSON.parse(page.dataset.runs ?? ""));
const trainings = runs.map(trainingsOf);
const sides = trainings.flat().map((training) => ({ title: titleOfOne(training), link: `/runs/${training.run.id}`, training }));
const sideBySide = new SideBySide(page, sides.slice(0, MOST), say("column_run"));
let frame = 0;

function drawSoon() {
  frame ||= requestAnimationFrame(draw);
}

function draw() {
  frame = 0;
  sideBySide.draw();
}

/** @param {import("./variants.js").Training} training */
function titleOfOne({ name, run }) {
  return name ? say("variantOf", { run: titleOf(run), variant: name }) : titleOf(run);
}

if (sides.length > MOST) part(".left-out").textContent = say("compareLeftOut", { most: MOST, left: sides.length - MOST });
runs.forEach((run, i) => {
  const follower = new Follower(run.id, {
    event: (event) => trainings[i].map(({ record }) => record.add(event)).some(Boolean) && drawSoon(),
    lost: () => (part(".connection").textContent = say("lostDetail")),
    found: () => (part(".connection").textContent = ""),
    rests: drawSoon,
  });
  follower.follow();
});
draw();
