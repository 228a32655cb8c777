// @ts-check
/** The page of one run: events come, the parts are drawn at most once a frame. */
import { EpochTable } from "./epoch-table.js";
import { Follower } from "./follow.js";
import { Refusal } from "./predict.js";
import { RunControls } from "./run-controls.js";
import { RunCurves } from "./run-curves.js";
import { RunOnwards } from "./run-onwards.js";
import { RunRecord } from "./run-record.js";
import { RunStatus } from "./run-status.js";
import { inWords, isGoing, isLive, read, titleOf } from "./runs.js";
import { SideBySide } from "./side-by-side.js";
import { expected, judged } from "./sketch.js";
import { say } from "./texts.js";
import { Understand } from "./understand.js";
import { trainingsOf } from "./variants.js";

/** @typedef {import("./runs.js").Run} Run */

const QUIET = 6000; // ms without an event, then a live run is looked at
const QUEUE_LOOK = 2000; // ms between two looks at the place in the queue

/** @param {string} selector */
const part = (selector) => /** @type {HTMLElement} */ (document.querySelector(selector));

const page = part("#run");
const run = /** @type {Run} */ (JSON.parse(page.dataset.run ?? ""));
const opened = { ...run }; // what was so before the page was opened is no news
const trainings = trainingsOf(run);
const records = trainings.map((training) => training.record);
const [record] = records; // of its state they all tell the same
const hasVariants = run.variants.length > 0;
const status = new RunStatus(page, run, records);
const sideBySide = hasVariants ? new SideBySide(part(".side-by-side"), trainings.map((training) => ({ title: training.name, training })), say("column_variant")) : null;
const curves = hasVariants ? null : new RunCurves(part("#curves"), record);
const table = hasVariants ? null : new EpochTable(/** @type {HTMLDetailsElement} */ (part("#epochs")), record);
const understand = new Understand(part("#understand"), run);
const follower = new Follower(run.id, {
  event: (event) => {
    heard = performance.now();
    if (records.map((each) => each.add(event)).some(Boolean)) drawSoon();
  },
  lost,
  found: () => status.setConnection(""),
  rests: () => look().catch(gone),
});
const place = /** @type {HTMLElement | null} */ (document.querySelector("#controls"));
const controls = place && new RunControls(place, run.id, { asked, published, removed: () => location.assign("/train") });
const onwards = place && new RunOnwards(/** @type {HTMLDetailsElement} */ (part("#onwards")), run.id, asked);
let frame = 0;
let heard = performance.now();
part("h1").textContent = titleOf(run);

/** As the events tell it, once those from before are here. */
function state() {
  if (record.seq < opened.last_seq) return opened.state;
  return record.state === "queued" && run.state === "starting" ? run.state : record.state;
}

function drawSoon() {
  document.title = say("runTitle", { state: inWords(state()), name: titleOf(run) });
  frame ||= requestAnimationFrame(draw);
}

function draw() {
  frame = 0;
  const now = state();
  sideBySide?.draw();
  status.draw(now, record.seq > opened.last_seq);
  controls?.draw(now, record.reason ?? run.reason, record.rate ?? run.spec.learning_rate);
  onwards?.draw(now);
  curves?.draw();
  table?.draw();
  if (sketch) part(".expected").textContent = judged(sketch, record.epochs);
  understand.draw(now, records.map(({ checkpoint }) => checkpoint));
  page.dataset.points = String(records.reduce((sum, { points }) => sum + points, 0));
  page.dataset.seq = String(record.seq);
}

/** @param {string} name of a model with this run's weights */
function published(name) {
  const link = document.createElement("a");
  link.href = `/#model=${encodeURIComponent(name)}`;
  link.textContent = say("drawWith", { name });
  part(".published").append(link, " ");
}

/** It was told to do something: its events say when it does. */
function asked() {
  follower.follow();
  look().catch(gone);
}

/** What it was forked from lies under its curves. @param {{ run: string, variant: number }} from */
function layParent({ run: id, variant }) {
  const parent = new RunRecord(variant);
  let waits = 0;
  const lay = () => {
    waits = 0;
    const { x, smooth, validation } = parent.losses;
    curves?.lay("parent", [{ x, y: smooth, colour: "--fill", dash: [6, 4] }, { x, y: validation, colour: "--accent", dash: [6, 4] }]);
  };
  new Follower(id, { event: (event) => parent.add(event) && (waits ||= requestAnimationFrame(lay)), lost: () => {}, found: () => {}, rests: () => {} }).follow();
}

/** The browser tries again by itself; a run that was deleted never comes back. */
function lost() {
  status.setConnection(say("lostDetail"));
  look().catch(gone);
}

/** A run that was deleted. @param {unknown} error */
function gone(error) {
  if (!(error instanceof Refusal) || error.reason.code !== "unknown_run") return;
  follower.close();
  if (place) place.hidden = part("#onwards").hidden = true;
  status.setConnection(error.message);
}

async function look() {
  Object.assign(run, await read(run.id));
  status.setConnection(run.stalled ? say("stalled") : "");
  if (isGoing(run.state) || run.last_seq > record.seq) follower.follow(); // another tab may have let it go on
  drawSoon();
}

/** Its place in the queue changes without an event, and a process that is stuck tells none. */
const isQuiet = () => state() === "queued" || (isLive(state()) && performance.now() - heard > QUIET);

setInterval(() => isQuiet() && !document.hidden && look().catch(() => {}), QUEUE_LOOK);
if (run.parent) layParent(run.parent);
const sketch = expected(run.id);
if (sketch) {
  curves?.lay("sketch", [{ ...sketch, colour: "--alert", dash: [2, 5] }]);
  part(".expected").hidden = false;
}
document.addEventListener("visibilitychange", () => !document.hidden && look().catch(() => {}));
follower.follow();
drawSoon();
