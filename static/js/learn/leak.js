// @ts-check
/** Two trainings one after the other: an honest one, and one that has seen the test. */
import { ask } from "../ask.js";
import { Follower } from "../follow.js";
import { RunRecord } from "../run-record.js";
import { accuracyOf } from "../texts.js";
import { say } from "./texts.js";

const RUN = { purpose: "lesson", dataset: "mnist", network: "mlp" };
const OPTIONS = [{ pictures: 12000 }, { pictures: 2000, leak: 1 }]; // equally many on MNIST, whose test has 10,000

export class Leak {
  #part;
  #rows;
  #isRunning = false;

  /** @param {HTMLElement} lesson */
  constructor(lesson) {
    this.#part = /** @type {<T extends HTMLElement>(selector: string) => T} */ ((selector) => /** @type {any} */ (lesson.querySelector(selector)));
    this.#rows = [.../** @type {NodeListOf<HTMLElement>} */ (lesson.querySelectorAll("table.leak tbody tr"))];
    this.#part(".start")?.addEventListener("click", () => this.#start());
  }

  async #start() {
    if (this.#isRunning) return;
    this.#setRunning(true);
    try {
      this.#tell(await Promise.all(OPTIONS.map((options, i) => this.#train(i, options))));
    } catch (error) {
      this.#part(".leak-said").textContent = /** @type {Error} */ (error).message;
    }
    this.#setRunning(false);
  }

  /** @param {number} i which of the two @param {object} options @returns {Promise<RunRecord>} at rest */
  async #train(i, options) {
    const hyperparameters = { hidden: [100], epochs: 20, precision: "float32", threads: 1, dataset_options: options };
    const { id } = await ask("POST", "/api/v1/runs", { ...RUN, hyperparameters });
    const record = new RunRecord();
    return new Promise((resolve) => {
      const show = () => this.#show(i, record);
      new Follower(id, { event: (event) => record.add(event) && show(), lost: () => (this.#part(".leak-said").textContent = say("raceLost")), found: () => (this.#part(".leak-said").textContent = say("leakRuns")), rests: () => resolve(record) }).follow();
    });
  }

  /** @param {number} i @param {RunRecord} record */
  #show(i, { epochs, result }) {
    const last = epochs.at(-1);
    const cell = /** @type {(name: string) => HTMLElement} */ ((name) => /** @type {any} */ (this.#rows[i].querySelector(name)));
    cell(".epoch").textContent = String(last?.epoch ?? "–");
    cell(".validation").textContent = accuracyOf(last?.accuracy ?? null);
    cell(".test").textContent = accuracyOf(result?.accuracy ?? null);
  }

  /** @param {RunRecord[]} records */
  #tell(records) {
    const broken = records.find(({ state }) => state !== "finished");
    const leaked = records[1];
    const figures = { test: accuracyOf(leaked.result?.accuracy ?? null), validation: accuracyOf(leaked.epochs.at(-1)?.accuracy ?? null) };
    this.#part(".leak-said").textContent = broken ? (broken.message ?? say("leakFailed")) : say("leakDone", figures);
    this.#part(".leak-lesson").hidden = Boolean(broken);
  }

  /** @param {boolean} isRunning */
  #setRunning(isRunning) {
    this.#isRunning = isRunning;
    this.#part(".start").ariaDisabled = String(isRunning);
    if (isRunning) this.#part(".leak-said").textContent = say("leakRuns");
  }
}
