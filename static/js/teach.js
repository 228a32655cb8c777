// @ts-check
/** Own classes: pictures become a dataset, a run learns it, and what is shown is read live. The only script here that queries the document. */
import { spoken } from "./answer.js";
import { ask } from "./ask.js";
import { Follower } from "./follow.js";
import { LatestWins } from "./predict.js";
import { RunRecord } from "./run-record.js";
import { inWords, steer } from "./runs.js";
import { Shares } from "./shares.js";
import { Classes } from "./teach-classes.js";
import { Source } from "./teach-source.js";
import { brief, percent, say } from "./texts.js";

const DATASETS = "/api/v1/datasets";
const STEPS = 300; // of a small network: seconds
const HELD_BACK = 0.2; // of the training pictures, to choose by; a fifth of all is the test
const AUGMENTATION = { rotate: 10, scale: 0.15, shift: 5, flip: 0.5 };
const BLOCKS = [16, 32, 64, 128].map((channels) => ({ channels, kernel: 3, pool: 2 }));
const HEAD_EPOCHS = 20; // of a last layer alone
const GAP = 120; // ms between two looks of the camera

/** @type {<T extends Element>(selector: string) => T} */
const find = (selector) => /** @type {any} */ (document.querySelector(selector));

const progress = find(".progress");
/** @type {HTMLInputElement | null} */
const dataset = document.querySelector(".dataset");
/** @type {HTMLSelectElement | null} */
const learner = document.querySelector(".learner");
/** @type {HTMLElement | null} */
const button = document.querySelector(".train");
const shares = new Shares(find(".shares"));
/** What reads from now on. @type {{ model: string, classes: string[] } | null} */
let reader = null;
/** The dataset that this page made last. */
let made = "";
/** The run that trains now. */
let run = "";
let isBusy = false;
/** Pictures that are nowhere else yet. */
let isUnsent = false;
let next = 0; // look of the camera

const server = new LatestWins({
  answered: (answer, { final }) => show(answer, final),
  failed: ({ message }) => tellReading(message),
  waiting: (reason) => tellReading(reason?.message ?? say("lostDetail")),
});
const source = new Source(find(".source"), () => look(true));
const classes = new Classes(find(".taught"), source, { changed, told: (sentence) => (find(".source .told").textContent = sentence) });
if (dataset) dataset.value = `classes-${Date.now().toString(36)}`;
classes.begin();
button?.addEventListener("click", () => (run ? stop() : train()));
addEventListener("beforeunload", (event) => isUnsent && event.preventDefault());

// --- Training ---

function changed() {
  isUnsent = classes.taught.some(({ pictures }) => pictures.length);
  ready();
}

function ready() {
  if (!button || isBusy) return;
  const { missing } = classes;
  button.ariaDisabled = String(!run && Boolean(missing));
  button.textContent = say(run ? "teachStop" : reader ? "teachAgain" : "teachTrain");
  find(".missing").textContent = run ? "" : missing;
}

function stop() {
  if (button?.ariaDisabled === "true") return;
  if (button) button.ariaDisabled = "true";
  steer(run, "stop").catch(fail);
}

async function train() {
  if (classes.missing || isBusy) return;
  isBusy = true;
  progress.textContent = say("teachSends");
  try {
    const { counts, name } = await send();
    follow((await ask("POST", "/api/v1/runs", wanted(name, counts))).id);
  } catch (error) {
    fail(error);
  }
  isBusy = false;
  ready();
}

/** The pictures become a dataset; the one that this page made before goes. */
async function send() {
  const name = dataset?.value.trim() ?? "";
  const form = new FormData();
  for (const { name: label, pictures } of classes.taught) {
    pictures.forEach((blob, i) => form.append("file", blob, `train/${label}/${String(i).padStart(4, "0")}.${blob.type.split("/")[1]}`));
  }
  const before = made;
  if (before === name) await forget(before); // else a name that is taken would cost the pictures
  const { train: counts, left_out: leftOut, reasons } = await ask("POST", `${DATASETS}?${new URLSearchParams({ name, source: say("teachSource") })}`, form);
  made = name;
  isUnsent = false;
  if (before && before !== name) await forget(before);
  find(".left-out").toggleAttribute("hidden", !leftOut);
  if (leftOut) find(".left-out").textContent = say("teachLeftOut", { count: leftOut, reason: reasons[0]?.reason ?? "" });
  return { name, counts: /** @type {number[]} */ (counts) };
}

/** @param {string} name of a dataset that this page has made */
const forget = (name) => ask("DELETE", `${DATASETS}/${name}`).catch(() => {});

/** @param {string} name @param {number[]} counts of the training pictures of each class */
function wanted(name, counts) {
  const pictures = Math.floor(counts.reduce((sum, count) => sum + count, 0) * (1 - HELD_BACK));
  const batch = Math.max(2, Math.min(32, Math.floor(pictures / 3)));
  const common = { batch_size: batch, dataset_options: { validation_fraction: HELD_BACK } };
  const epochs = Math.min(60, Math.ceil(STEPS / Math.max(1, Math.floor(pictures / batch))));
  const alone = { blocks: BLOCKS, hidden: [], global_pooling: true, augmentation: AUGMENTATION, learning_rate: 0.003, epochs };
  const what = { dataset: name, name: say("teachRun", { names: classes.taught.map(({ name: label }) => label).join(", ") }).slice(0, 80) };
  const body = learner?.value;
  if (body) return { ...what, start_from: body, hyperparameters: { ...common, epochs: HEAD_EPOCHS, frozen_epochs: HEAD_EPOCHS } };
  return { ...what, network: "cnn", hyperparameters: { ...common, ...alone } };
}

/** @param {string} id */
function follow(id) {
  const record = new RunRecord();
  run = id;
  new Follower(id, {
    event: (event) => record.add(event) && tell(record),
    lost: () => (progress.textContent = say("teachLost")),
    found: () => tell(record),
    rests: () => {
      run = "";
      tell(record);
      ready();
      if (record.checkpoint >= 0) read(id, record);
    },
  }).follow();
}

/** @param {RunRecord} record */
function tell({ state, message, last, epochs, result }) {
  const accuracy = epochs.at(-1)?.accuracy;
  if (state === "failed") progress.textContent = message ?? inWords(state);
  else if (state === "stopped" && last) progress.textContent = say("teachStopped", { epoch: brief(last.epoch) });
  else if (result) progress.textContent = say("teachDone", { share: percent(result.accuracy), count: result.n });
  else if (!last) progress.textContent = say("teachWaits", { state: inWords(state) });
  else progress.textContent = say(accuracy === undefined || accuracy === null ? "teachLearns" : "teachLearnsWell", { epoch: brief(last.epoch), share: percent(accuracy ?? 0) });
}

/** From now on what is shown is read by this run. @param {string} id @param {RunRecord} record */
function read(id, record) {
  const model = `runs/${id}/checkpoints/${record.checkpoint}`;
  ask("GET", `/api/v1/models/${model}`).then(({ classes: labels }) => {
    reader = { model, classes: labels };
    shares.setClasses(labels);
    find(".reading").removeAttribute("hidden");
    find(".afterwards").removeAttribute("hidden");
    find(".to-run").setAttribute("href", `/runs/${id}`);
    find(".to-draw").setAttribute("href", `/?model=${model}`);
    ready();
    look(true);
  }, fail);
}

/** @param {unknown} error */
function fail(error) {
  progress.textContent = error instanceof Error ? error.message : String(error);
}

// --- Reading what is shown ---

/** @param {boolean} final whether it stays: a drawing does, a camera's picture does not */
function look(final) {
  clearTimeout(next);
  if (!reader) return;
  if (source.isCamera) next = setTimeout(() => look(false), GAP); // the latest picture wins
  if (!source.isReady) {
    server.forget();
    shares.show([]);
    tellReading("");
    return;
  }
  server.ask({ model: reader.model, classes: reader.classes.length, final: final && !source.isCamera, body: () => source.picture() });
}

/** @param {import("./predict.js").Answer} answer @param {boolean} final */
function show(answer, final) {
  shares.show(answer.predictions);
  tellReading(spoken(answer));
  if (final) find(".reading output").textContent = spoken(answer);
}

/** @param {string} sentence */
function tellReading(sentence) {
  find(".reading .how-sure").textContent = sentence;
}
