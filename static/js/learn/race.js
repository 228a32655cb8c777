// @ts-check
/** A real training with variants, started from a lesson: its live curves and figures. */
import { ask } from "../ask.js";
import { CurveChart } from "../curve-chart.js";
import { Follower } from "../follow.js";
import { inWords, isGoing, read, steer } from "../runs.js";
import { DASHES, curveOf, joined, sample, thinned } from "../side-by-side.js";
import { accuracyOf, brief, figure } from "../texts.js";
import { trainingsOf } from "../variants.js";
import { say } from "./texts.js";

/**
 * @typedef {import("../runs.js").Run} Run
 * @typedef {import("../variants.js").Training} Training
 * @typedef {{ dataset: string, network: string, hyperparameters: Record<string, any>, variants: { name: string, hyperparameters: Record<string, any> }[] }} Wanted
 * @typedef {{ wanted: () => Wanted, told: (trainings: Training[], isOver: boolean) => string, started: (id: string) => void,
 *   begun?: () => void, event?: (event: import("../run-record.js").RunEvent) => void, drawn?: (trainings: Training[], isOver: boolean) => void, highest: number }} Options
 *   told: who is ahead, in words; begun: another run; highest: losses above it are cut off
 */

const REFUSED = new Set(["token_needed", "forbidden"]);

export class Race {
  #part;
  #options;
  /** @type {Run | null} */
  #run = null;
  /** @type {Training[]} */
  #trainings = [];
  /** @type {Follower | null} */
  #follower = null;
  #chart;
  #frame = 0;

  /** @param {HTMLElement} element templates/learn/race.html @param {Options} options */
  constructor(element, options) {
    this.#part = /** @type {<T extends HTMLElement>(selector: string) => T} */ ((selector) => /** @type {any} */ (element.querySelector(selector)));
    this.#options = options;
    this.#part(".start")?.addEventListener("click", () => (this.#isGoing ? this.#stop() : this.#start()));
    this.#chart = this.#makeChart();
    this.#showRows(options.wanted().variants.map(({ name }) => ({ name })));
  }

  /** The run that is shown, if any. */
  get run() {
    return this.#run;
  }

  get trainings() {
    return this.#trainings;
  }

  /** Shows a run of this race that was started before. @param {string} id */
  async open(id) {
    const names = this.#options.wanted().variants.map(({ name }) => name).join();
    const run = await read(encodeURIComponent(id)).catch(() => null);
    if (run && run.variants.map(({ name }) => name).join() === names) this.#follow(run);
    else this.#part(".now").textContent = say("raceGone");
  }

  get #isGoing() {
    return Boolean(this.#run) && isGoing(this.#state);
  }

  get #state() {
    const record = this.#trainings[0].record;
    return record.seq < (this.#run?.last_seq ?? 0) ? /** @type {Run} */ (this.#run).state : record.state;
  }

  async #start() {
    const button = this.#part(".start");
    if (button.ariaDisabled === "true") return;
    button.ariaDisabled = "true";
    try {
      this.#follow(await ask("POST", "/api/v1/runs", { ...this.#options.wanted(), purpose: "lesson" }));
      this.#options.started(/** @type {Run} */ (this.#run).id);
    } catch (error) {
      const { reason } = /** @type {import("../predict.js").Refusal} */ (error);
      this.#part(".now").textContent = REFUSED.has(reason?.code) ? say("raceForbidden") : /** @type {Error} */ (error).message;
    } finally {
      button.ariaDisabled = "false";
    }
  }

  #stop() {
    steer(/** @type {Run} */ (this.#run).id, "stop").catch((error) => (this.#part(".now").textContent = error.message));
  }

  /** @param {Run} run */
  #follow(run) {
    this.#follower?.close();
    this.#run = run;
    this.#trainings = trainingsOf(run);
    const link = /** @type {HTMLAnchorElement} */ (this.#part(".to-run a"));
    link.href = `/runs/${run.id}`;
    link.hidden = false;
    const [now, output] = [this.#part(".now"), this.#part("output")];
    this.#follower = new Follower(run.id, {
      event: (event) => this.#add(event),
      lost: () => (now.textContent = say("raceLost")),
      found: () => this.#drawSoon(),
      rests: () => {
        this.#draw();
        output.textContent = now.textContent;
      },
    });
    this.#options.begun?.();
    this.#follower.follow();
    this.#draw();
  }

  /** @param {import("../run-record.js").RunEvent} event */
  #add(event) {
    if (!this.#trainings.map(({ record }) => record.add(event)).some(Boolean)) return;
    this.#options.event?.(event);
    this.#drawSoon();
  }

  #makeChart() {
    const { highest, wanted } = this.#options;
    return new CurveChart(this.#part(".area"), {
      lines: wanted().variants.map((_, i) => ({ colour: `--run-${i + 1}`, width: 2.5, dash: DASHES[i] })),
      range: (_, most) => [0, most === null ? 1 : Math.min(1.05 * most, highest)],
      write: brief,
      zoomed: (span) => this.#chart.zoom(span),
      pointed: () => {},
    });
  }

  #drawSoon() {
    this.#frame ||= requestAnimationFrame(() => this.#draw());
  }

  #draw() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    const records = this.#trainings.map(({ record }) => record);
    const columns = joined(records.map((record) => thinned(curveOf(record, "training"))), false);
    this.#chart.show(columns, Math.max(...records.map(({ losses }) => losses.x.at(-1) ?? 0)));
    this.#showRows(this.#trainings);
    this.#part(".now").textContent = this.#sentence();
    const button = this.#part(".start");
    if (button) button.textContent = this.#isGoing ? say("raceStop") : (button.dataset.start ?? "");
    this.#options.drawn?.(this.#trainings, !this.#isGoing);
  }

  #sentence() {
    const state = this.#state;
    if (state === "failed") return say("raceFailed", { reason: this.#trainings[0].record.message ?? this.#run?.message ?? "" });
    const told = this.#options.told(this.#trainings, state === "finished");
    if (told) return told;
    return state === "queued" ? say("raceQueued") : say(isGoing(state) ? "raceState" : "raceRests", { state: inWords(state) });
  }

  /** @param {{ name: string, record?: import("../run-record.js").RunRecord }[]} sides */
  #showRows(sides) {
    const rows = sides.map(({ name, record }, i) => {
      const row = document.createElement("tr");
      const head = row.appendChild(document.createElement("th"));
      head.scope = "row";
      head.append(sample(i), name);
      const last = record?.epochs.at(-1);
      const figures = [record?.last ? brief(record.last.epoch) : "–", accuracyOf(last?.accuracy ?? null), figure(record?.losses.smooth.findLast((loss) => loss !== null) ?? null), figure(last?.loss ?? null)];
      for (const text of figures) row.appendChild(document.createElement("td")).textContent = text;
      return row;
    });
    this.#part("tbody").replaceChildren(...rows);
  }
}

/** The highest accuracy on the validation part so far. @param {Training} training */
export const bestAccuracy = ({ record }) => Math.max(0, ...record.epochs.map(({ accuracy }) => accuracy ?? 0));
