// @ts-check
/** Many pictures to the server: in batches, two on their way at most, tried again while it is away. */
import { Refusal, predict } from "./predict.js";
import { say } from "./texts.js";

/** @typedef {import("./lab.js").Model} Model */
/** @typedef {import("./predict.js").Reading} Reading */
/** @typedef {import("./predict.js").Reason} Reason */
/** @typedef {{ model: string, version: string, results: (Reading | { error: Reason })[] }} BatchAnswer */
/** @template Item @typedef {{ item: Item, model: Model }} Wish */
/**
 * @template Item
 * @typedef {{ prepare: (item: Item) => Promise<Blob>,
 *   answered: (item: Item, result: Reading | { error: Reason }, by: { model: string, version: string }) => void,
 *   waiting: (isAway: boolean) => void, finished: () => void }} Customer
 *   prepare: the picture that is sent, made for one item at a time; a Refusal is the item's own answer;
 *   waiting: whether the server is away and asked again by itself; finished: nothing is on its way any more
 */

const MOST = 16; // pictures in a batch
const MOST_BYTES = 8 * 2 ** 20; // after so many the next picture goes to the next batch
const LANES = 2; // batches on their way
const RETRY = 1000; // ms
const PATIENCE = 120_000; // ms for one batch on a slow line

/** @template Item */
export class Batches {
  /** @type {Wish<Item>[]} */
  #queue = [];
  #lanes = 0;
  /** One lane prepares while the other one's batch travels. @type {Promise<unknown>} */
  #preparing = Promise.resolve();
  #stop = new AbortController();
  #customer;

  /** @param {Customer<Item>} customer */
  constructor(customer) {
    this.#customer = customer;
  }

  get isIdle() {
    return this.#lanes === 0;
  }

  /** @param {Item[]} items @param {Model} model */
  ask(items, model) {
    this.#queue.push(...items.map((item) => ({ item, model })));
    while (this.#lanes < LANES && this.#queue.length) this.#run();
  }

  /** Nothing more is heard of what was not answered yet. */
  cancel() {
    this.#queue = [];
    this.#stop.abort();
    this.#stop = new AbortController();
  }

  async #run() {
    this.#lanes++;
    while (this.#queue.length) {
      const { signal } = this.#stop;
      const prepared = this.#preparing.then(() => this.#prepare(signal));
      this.#preparing = prepared;
      await this.#send(await prepared, signal);
    }
    this.#lanes--;
    if (this.isIdle) this.#customer.finished();
  }

  /** The next batch; all for the same model. @param {AbortSignal} signal */
  async #prepare(signal) {
    const batch = /** @type {(Wish<Item> & { picture: Blob })[]} */ ([]);
    let bytes = 0;
    while (this.#queue.length && batch.length < MOST && bytes < MOST_BYTES && !signal.aborted) {
      if (batch.length && this.#queue[0].model !== batch[0].model) break;
      const wish = /** @type {Wish<Item>} */ (this.#queue.shift());
      try {
        const picture = await this.#customer.prepare(wish.item);
        batch.push({ ...wish, picture });
        bytes += picture.size;
      } catch (error) {
        if (!signal.aborted) this.#refused([wish], error);
      }
    }
    return batch;
  }

  /** @param {(Wish<Item> & { picture: Blob })[]} batch @param {AbortSignal} signal */
  async #send(batch, signal) {
    while (batch.length && !signal.aborted) {
      try {
        const { results, ...by } = await answer(batch, signal);
        if (signal.aborted) return;
        batch.forEach(({ item }, i) => this.#customer.answered(item, results[i], by));
        return this.#customer.waiting(false);
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof Refusal && !error.passing) return this.#refused(batch, error);
        this.#customer.waiting(true);
        await new Promise((resolve) => setTimeout(resolve, RETRY));
      }
    }
  }

  /** @param {Wish<Item>[]} wishes @param {unknown} error */
  #refused(wishes, error) {
    const reason = error instanceof Refusal ? error.reason : { code: "unreadable", message: say("unreadable") };
    for (const { item, model } of wishes) this.#customer.answered(item, { error: reason }, { model: model.name, version: "" });
  }
}

/** @param {{ picture: Blob, model: Model }[]} batch @param {AbortSignal} signal @returns {Promise<BatchAnswer>} */
async function answer(batch, signal) {
  const form = new FormData();
  for (const { picture } of batch) form.append("file", picture);
  const { name, classes } = batch[0].model;
  const question = { model: name, classes: classes.length, final: true, body: async () => form };
  const patient = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)]);
  return /** @type {any} */ (await predict(question, patient));
}
