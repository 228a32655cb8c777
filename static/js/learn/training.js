// @ts-check
/** Three learning rates on real digits: each of their steps, what they learnt by heart, and how they answer. */
import { CurveChart } from "../curve-chart.js";
import { checkpoints } from "../runs.js";
import { Shares } from "../shares.js";
import { accuracyOf, brief, count, figure } from "../texts.js";
import { fromAddress, toAddress } from "./address.js";
import { marked, math, show } from "./formula.js";
import { Race, bestAccuracy } from "./race.js";
import { OwnDigit } from "./own-digit.js";
import { say } from "./texts.js";

/** @typedef {import("../run-record.js").RunEvent} RunEvent */
/** @typedef {import("../variants.js").Training} Training */

const RATES = [0.002, 0.1, 2];
const NAMES = RATES.map((rate, i) => say(/** @type {"rate0"} */ (`rate${i}`), { rate }));
const BATCH = 50;
const MIDDLE = 1;
const DIGITS = [..."0123456789"];
const SHIPPED = "mnist-mlp";
const START = { run: "", which: MIDDLE, step: 1 };

const lesson = /** @type {HTMLElement} */ (document.querySelector(".lesson"));
/** @type {<T extends Element = HTMLElement>(selector: string) => T} */
const find = (selector) => /** @type {any} */ (lesson.querySelector(selector));

const state = fromAddress(START);
if (!NAMES[state.which]) state.which = MIDDLE;

const [which, slider, reads] = [/** @type {HTMLSelectElement} */ (find(".which")), /** @type {HTMLInputElement} */ (find("input.step")), /** @type {HTMLSelectElement} */ (find(".reader"))];
/** @type {RunEvent[][]} the steps of each */
const steps = NAMES.map(() => []);
let hasReaders = false;

const shares = new Shares(find(".shares"));
shares.setClasses(DIGITS);
const digit = new OwnDigit(find(".own-digit"), SHIPPED, (seen) => shares.show(seen?.answer.predictions ?? []));
const heart = new CurveChart(find(".heart-area"), {
  lines: [{ colour: "--fill", width: 2.5 }, { colour: "--accent", width: 2.5, dash: [2, 3] }],
  range: (_, most) => [0, most === null ? 1 : 1.05 * most],
  write: brief,
  zoomed: (span) => heart.zoom(span),
  pointed: () => {},
});
const race = new Race(find(".race"), {
  wanted: () => ({
    dataset: "mnist",
    network: "mlp",
    hyperparameters: { hidden: [128], epochs: 30, batch_size: BATCH, optimizer: "sgd", momentum: 0, weight_decay: 0, schedule: "constant", threads: 1, report_every: 1, dataset_options: { pictures: 1000 } },
    variants: RATES.map((rate, i) => ({ name: NAMES[i], hyperparameters: { learning_rate: rate } })),
  }),
  told,
  started(id) {
    state.run = id;
    keep();
  },
  begun() {
    steps.forEach((each) => (each.length = 0));
    hasReaders = false;
    showReaders([]);
  },
  event: (event) => event.kind === "step" && steps[event.variant ?? 0]?.push(event),
  drawn(trainings, isOver) {
    showStep();
    showHeart(trainings[MIDDLE]);
    if (isOver) findReaders();
  },
  highest: 3,
});

which.append(...NAMES.map((name, i) => new Option(name, String(i))));
which.value = String(state.which);
which.addEventListener("change", () => {
  state.which = Number(which.value);
  keep();
  showStep();
});
slider.addEventListener("input", () => {
  state.step = slider.valueAsNumber;
  keep();
  showStep();
});
slider.addEventListener("change", () => (find(".steps output").textContent = find(".of-loss").textContent + " " + find(".of-step").textContent));
reads.addEventListener("change", () => digit.readBy(reads.value));
find(".key").textContent = say("heartKey");
showReaders([]);
showHeart(null);
if (state.run) race.open(state.run);

function keep() {
  toAddress(state, START);
}

/** How far each rate came, in words. @param {Training[]} trainings @param {boolean} isOver */
function told(trainings, isOver) {
  if (!isOver && !trainings.every(({ record }) => record.epochs.length)) return "";
  const [low, middle, high] = trainings.map(({ record }) => accuracyOf(record.epochs.at(-1)?.accuracy ?? null));
  const best = trainings.reduce((one, other) => (bestAccuracy(other) > bestAccuracy(one) ? other : one)).name;
  return say(isOver ? "ratesOver" : "ratesSoFar", { low, middle, high, best });
}

// --- One step ---

function showStep() {
  const own = steps[state.which];
  find(".nothing-yet").hidden = own.length > 0;
  find(".steps").hidden = !own.length;
  if (!own.length) return;
  slider.max = String(own.length);
  const at = Math.min(Math.max(Math.round(state.step), 1), own.length);
  slider.value = String(at);
  const { loss, learning_rate: rate, gradient_norm: norm } = own[at - 1];
  const epoch = Math.ceil(own[at - 1].epoch - 1e-9);
  const train = race.trainings[state.which].record.begun?.train ?? 0;
  const perEpoch = Math.ceil(train / BATCH);
  find(".step-shown").textContent = String(at);
  find(".of-batch").textContent = say("stepBatch", { batch: BATCH, epoch });
  find(".of-loss").textContent = say(at === 1 ? "stepLossFirst" : "stepLoss", { loss: figure(loss), blind: figure(Math.log(10)) });
  find(".of-step").textContent = norm === null ? say("stepLost") : say("stepMoved", { norm: brief(norm), rate: brief(rate), moved: brief(norm * rate) });
  show(find("math.moved"), math`${rate} * ${norm ?? NaN} = ${marked("result", rate * (norm ?? NaN))}`);
  find(".of-epoch").textContent = say("stepEpoch", { train: count(train), batch: BATCH, steps: perEpoch });
}

// --- By heart ---

/** @param {Training | null} training */
function showHeart(training) {
  const epochs = (training?.record.epochs ?? []).filter(({ loss }) => loss !== null);
  heart.show([epochs.map(({ epoch }) => epoch), epochs.map((each) => each.training), epochs.map((each) => each.loss)], epochs.at(-1)?.epoch ?? 0);
  find("table.epochs tbody").replaceChildren(...epochs.map(rowOf));
  find(".heart-told").textContent = heartTold(epochs);
}

/** @param {import("../run-record.js").Epoch[]} epochs */
function heartTold(epochs) {
  if (!epochs.length) return say("heartNothing");
  const best = epochs.reduce((one, other) => (Number(other.loss) < Number(one.loss) ? other : one));
  const last = epochs[epochs.length - 1];
  const values = { epoch: best.epoch, last: last.epoch, bestLoss: figure(best.loss), lastLoss: figure(last.loss), bestTraining: figure(best.training), lastTraining: figure(last.training) };
  return say(best === last ? "heartFalling" : "heartRising", values);
}

/** @param {import("../run-record.js").Epoch} epoch */
function rowOf({ epoch, training, loss }) {
  const row = document.createElement("tr");
  const head = row.appendChild(document.createElement("th"));
  head.scope = "row";
  head.textContent = String(epoch);
  for (const value of [training, loss]) row.appendChild(document.createElement("td")).textContent = figure(value);
  return row;
}

// --- Who answers ---

/** The first and the last checkpoint of each. */
async function findReaders() {
  const { run } = race;
  if (!run || hasReaders) return;
  hasReaders = true;
  const found = await Promise.all(NAMES.map((_, variant) => checkpoints(run.id, variant).catch(() => [])));
  if (run !== race.run) return;
  showReaders(
    found.flatMap((each, variant) => {
      const ends = each.length > 1 ? [each[0], each[each.length - 1]] : each;
      const folder = variant ? `checkpoints-${variant}` : "checkpoints";
      return ends.map(({ step }) => new Option(say("readerAt", { name: NAMES[variant], step }), `runs/${run.id}/${folder}/${step}`));
    }),
  );
}

/** @param {HTMLOptionElement[]} options of the run; the last of the middle rate reads first */
function showReaders(options) {
  reads.replaceChildren(new Option(say("readerShipped"), SHIPPED), ...options);
  const own = options.filter(({ value }) => value.includes(`/checkpoints-${MIDDLE}/`)).at(-1);
  reads.value = own?.value ?? SHIPPED;
  digit.readBy(reads.value);
}
