// @ts-check
/** The classes that somebody makes: a name and pictures for each. */
import { decoded, isOther, sent } from "./pictures.js";
import { say } from "./texts.js";

const REPEAT = 250; // ms between two pictures while the button is held
const FIRST = 400; // ms before holding counts as holding
const FEWEST = 4; // pictures of a class: some are held back to test it
const UNFIT = /^\.+|[\\/:*?"<>|\u0000-\u001f]/g; // what no folder may be called

/** @typedef {{ name: string, pictures: Blob[] }} Taught */

export class Classes {
  #list;
  #pattern;
  #source;
  #listener;
  /** @type {Class[]} */
  #all = [];

  /**
   * @param {HTMLElement} element templates/teach.html's section
   * @param {import("./teach-source.js").Source} source
   * @param {{ changed: () => void, told: (sentence: string) => void }} listener
   */
  constructor(element, source, listener) {
    this.#list = /** @type {HTMLElement} */ (element.querySelector(".classes"));
    this.#pattern = /** @type {HTMLTemplateElement} */ (element.querySelector("template"));
    this.#source = source;
    this.#listener = listener;
    element.querySelector(".add")?.addEventListener("click", () => this.#add().focus());
  }

  /** Two empty ones. */
  begin() {
    for (let i = 0; i < 2; i++) this.#add();
  }

  /** @returns {Taught[]} */
  get taught() {
    return this.#all.map(({ name, pictures }) => ({ name, pictures }));
  }

  /** Why there is nothing to train yet; empty where there is. */
  get missing() {
    const names = this.#all.map(({ name }) => name.toLowerCase());
    if (names.length < 2) return say("teachTwo");
    if (names.includes("")) return say("teachName");
    if (new Set(names).size < names.length) return say("teachTwins");
    const few = this.#all.find(({ pictures }) => pictures.length < FEWEST);
    return few ? say("teachFew", { name: few.name, fewest: FEWEST }) : "";
  }

  #add() {
    let number = this.#all.length + 1;
    while (this.#all.some(({ name }) => name === say("teachClass", { number }))) number++;
    const element = /** @type {HTMLElement} */ (/** @type {Element} */ (this.#pattern.content.firstElementChild).cloneNode(true));
    const made = new Class(element, say("teachClass", { number }), this.#source, {
      ...this.#listener,
      away: () => {
        this.#all = this.#all.filter((each) => each !== made);
        element.remove();
        this.#list.parentElement?.querySelector(/** @type {"button"} */ (".add"))?.focus();
        this.#listener.changed();
      },
    });
    this.#all.push(made);
    this.#list.append(element);
    this.#listener.changed();
    return made;
  }
}

class Class {
  /** @type {Blob[]} */
  pictures = [];
  #source;
  #listener;
  #name;
  #count;
  #thumbs;
  #timer = 0;

  /** @param {HTMLElement} element @param {string} name @param {import("./teach-source.js").Source} source @param {{ changed: () => void, told: (sentence: string) => void, away: () => void }} listener */
  constructor(element, name, source, listener) {
    /** @type {<T extends HTMLElement>(selector: string) => T} */
    const part = (selector) => /** @type {any} */ (element.querySelector(selector));
    this.#source = source;
    this.#listener = listener;
    this.#name = /** @type {HTMLInputElement} */ (part(".name"));
    this.#name.value = name;
    this.#count = part(".count");
    this.#thumbs = part(".thumbs");
    this.#name.addEventListener("input", () => listener.changed());
    part(".away").addEventListener("click", listener.away);
    const show = part(".show");
    show.addEventListener("click", () => this.#take());
    show.addEventListener("pointerdown", () => (this.#timer = setTimeout(() => this.#repeat(), FIRST)));
    for (const end of ["pointerup", "pointerleave", "pointercancel"]) show.addEventListener(end, () => clearTimeout(this.#timer));
    const [file, label] = [/** @type {HTMLInputElement} */ (part("[type=file]")), /** @type {HTMLLabelElement} */ (part(".upload label"))];
    label.htmlFor = file.id = `files-${crypto.randomUUID()}`;
    file.addEventListener("change", async () => {
      await this.#bring([...(file.files ?? [])]);
      file.value = "";
    });
    element.addEventListener("dragover", (event) => event.preventDefault());
    element.addEventListener("drop", (event) => {
      event.preventDefault();
      this.#bring([...(event.dataTransfer?.files ?? [])]);
    });
    this.#tell();
  }

  get name() {
    return this.#name.value.replace(UNFIT, " ").trim();
  }

  focus() {
    this.#name.focus();
    this.#name.select();
  }

  /** While a button is held at the camera. */
  #repeat() {
    if (!this.#source.isCamera) return;
    this.#take();
    this.#timer = setTimeout(() => this.#repeat(), REPEAT);
  }

  async #take() {
    if (!this.#source.isReady) return this.#listener.told(say(this.#source.isCamera ? "teachNoView" : "teachNoDrawing"));
    const blob = this.#source.picture();
    this.#source.clear();
    this.#add(await blob);
  }

  /** @param {File[]} files */
  async #bring(files) {
    for (const file of files) {
      if (isOther(file)) this.#listener.told(say("noPicture", { name: file.name }));
      else this.#add(await sent(file, await decoded(file)));
    }
  }

  /** @param {Blob} blob */
  #add(blob) {
    this.pictures.push(blob);
    const item = document.createElement("li");
    const button = item.appendChild(document.createElement("button"));
    const image = button.appendChild(new Image(48, 48));
    image.src = URL.createObjectURL(blob);
    image.alt = "";
    button.type = "button";
    button.ariaLabel = say("teachAway", { number: this.pictures.length });
    button.addEventListener("click", () => {
      const next = /** @type {HTMLElement | null} */ ((item.nextElementSibling ?? item.previousElementSibling)?.firstElementChild ?? this.#name);
      this.pictures = this.pictures.filter((each) => each !== blob);
      URL.revokeObjectURL(image.src);
      item.remove();
      next?.focus();
      this.#tell();
    });
    this.#thumbs.prepend(item);
    this.#tell();
  }

  #tell() {
    this.#count.textContent = say(this.pictures.length === 1 ? "teachOne" : "teachCount", { count: this.pictures.length });
    this.#listener.changed();
  }
}
