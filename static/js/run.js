// @ts-check
/** The page of one run: events come, the parts are drawn at most once a frame. */
import { EpochTable } from "./epoch-table.js";
import { Follower } from "./follow.js";
import { Refusal } from "./predict.js";
import { RunControls } from "./run-controls.js";
import { RunCurves } from "./run-curves.js";
import { RunRecord } from "./run-record.js";
import { RunStatus } from "./run-status.js";
import { inWords, isGoing, read, titleOf } from "./runs.js";
import { say } from "./texts.js";
import { Understand } from "./understand.js";

/** @typedef {import("./runs.js").Run} Run */

const QUEUE_LOOK = 2000; // ms between two looks at the place in the queue

/** @param {string} selector */
const part = (selector) => /** @type {HTMLElement} */ (document.querySelector(selector));

const page = part("#run");
const run = /** @type {Run} */ (JSON.parse(page.dataset.run ?? ""));
const opened = { ...run }; // what was so before the page was opened is no news
const record = new RunRecord();
const status = new RunStatus(page, run, record);
const curves = new RunCurves(part("#curves"), record);
const table = new EpochTable(/** @type {HTMLDetailsElement} */ (part("#epochs")), record);
const understand = new Understand(part("#understand"), run);
const follower = new Follower(run.id, {
  event: (event) => record.add(event) && drawSoon(),
  lost,
  found: () => status.setConnection(""),
  rests: () => look().catch(gone),
});
const place = document.querySelector("#controls");
const controls = place && new RunControls(/** @type {HTMLElement} */ (place), run.id, { asked: () => follower.follow(), published, removed: () => location.assign("/train") });
let frame = 0;
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
  status.draw(now, record.seq > opened.last_seq);
  controls?.draw(now, record.reason ?? run.reason, record.rate ?? run.spec.learning_rate);
  curves.draw();
  table.draw();
  understand.draw(now, record.checkpoint);
  page.dataset.points = String(record.points);
  page.dataset.seq = String(record.seq);
}

/** @param {string} name of a model with this run's weights */
function published(name) {
  const link = document.createElement("a");
  link.href = `/#model=${encodeURIComponent(name)}`;
  link.textContent = say("drawWith", { name });
  part(".published").append(link, " ");
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
  status.setConnection(error.message);
}

async function look() {
  Object.assign(run, await read(run.id));
  if (isGoing(run.state)) follower.follow();
  drawSoon();
}

setInterval(() => state() === "queued" && !document.hidden && look().catch(() => {}), QUEUE_LOOK);
document.addEventListener("visibilitychange", () => !document.hidden && look().catch(() => {}));
follower.follow();
drawSoon();
