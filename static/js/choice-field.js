// @ts-check
/** One choice of a training: label, control, hint, and the sentence when it cannot work; named by its path, as augmentation.rotate. */
import { BlocksControl } from "./blocks-control.js";
import { labelOf, say, spaced } from "./texts.js";
import { number, written as shown } from "./typed-number.js";

/**
 * @typedef {import("./runs.js").Hyperparameter} Hyperparameter
 * @typedef {{ element: HTMLElement, value: any, part?: (place: string[]) => HTMLElement | null }} Control element is, or holds, what takes the focus
 */

export class ChoiceField {
  #control;
  #wrong;
  #was;
  /** @type {HTMLElement | null} what of the control is marked as wrong */
  #marked = null;

  /** @param {Hyperparameter} parameter @param {string} prefix of its ids */
  constructor(parameter, prefix) {
    this.name = parameter.name;
    this.initial = parameter.default;
    this.#control = controlOf(parameter);
    const id = `${prefix}-${parameter.name}`;
    const { element } = this.#control;
    element.id = id;
    element.setAttribute("aria-describedby", `${id}-hint ${id}-wrong`);
    this.#wrong = part("p", "wrong", "", `${id}-wrong`);
    this.element = document.createElement("div");
    this.element.className = `field ${parameter.kind}`;
    this.element.append(labelFor(element, parameter.name), element, part("p", "hint", parameter.hint, `${id}-hint`), this.#wrong);
    this.#was = part("p", "hint was", "", `${id}-was`);
    this.element.append(this.#was);
    this.value = parameter.default;
    this.element.addEventListener("input", () => this.accept());
  }

  get value() {
    return this.#control.value;
  }

  /** What it was before it was changed. @param {string} sentence */
  tellBefore(sentence) {
    this.#was.textContent = sentence;
  }

  set value(value) {
    this.#control.value = value;
    this.accept();
  }

  /** Says beside the control why it cannot work. @param {string} sentence @param {string[]} place of a part of it */
  refuse(sentence, place) {
    const { element } = this.#control;
    this.#wrong.textContent = sentence;
    this.#marked = this.#control.part?.(place) ?? element.querySelector("input") ?? element;
    this.#marked.setAttribute("aria-invalid", "true");
    if (this.#marked !== element) this.#marked.setAttribute("aria-describedby", this.#wrong.id);
  }

  accept() {
    this.#wrong.textContent = "";
    this.#marked?.removeAttribute("aria-invalid");
    this.#marked = null;
  }

  /** To what is wrong. */
  focus() {
    this.#marked?.focus();
  }
}

/** @param {Hyperparameter} parameter @returns {Control} */
function controlOf(parameter) {
  if (parameter.kind === "blocks") return new BlocksControl();
  if (parameter.kind === "boolean") return switched();
  if (parameter.kind === "choice") return chosen(parameter.choices);
  if (parameter.kind === "integers") return written(integers, (values) => values.join(", "));
  return written(number, parameter.kind === "integer" ? String : shown, parameter.kind);
}

/** @param {(text: string) => any} read @param {(value: any) => string} write @param {string} [kind] @returns {Control} */
function written(read, write, kind) {
  const element = document.createElement("input");
  Object.assign(element, { type: "text", autocomplete: "off", spellcheck: false, inputMode: kind === "integer" ? "numeric" : kind ? "decimal" : "text" });
  if (!kind) element.placeholder = say("none");
  /** @type {any} */
  let exact;
  return {
    element,
    get value() {
      return element.value === write(exact) ? exact : read(element.value);
    },
    set value(value) {
      exact = value;
      element.value = write(value);
    },
  };
}

/** @returns {Control} */
function switched() {
  const element = document.createElement("input");
  element.type = "checkbox";
  return {
    element,
    get value() {
      return element.checked;
    },
    set value(value) {
      element.checked = value;
    },
  };
}

/** @param {string[]} choices @returns {Control} */
function chosen(choices) {
  const element = document.createElement("select");
  element.append(...choices.map((choice) => new Option(spaced(choice), choice)));
  element.autocomplete = "off";
  return {
    element,
    get value() {
      return element.value;
    },
    set value(value) {
      element.value = value;
    },
  };
}

/** @param {string} text */
const integers = (text) => text.split(/[,;\s]+/).filter(Boolean).map(number);

/** @param {HTMLElement} control @param {string} name */
function labelFor(control, name) {
  if (control.getAttribute("role") === "group") {
    const label = part("p", "label", labelOf(name), `${control.id}-label`);
    control.setAttribute("aria-labelledby", label.id);
    return label;
  }
  const label = document.createElement("label");
  label.htmlFor = control.id;
  label.textContent = labelOf(name);
  return label;
}

/** @param {string} kind @param {string} name @param {string} text @param {string} id */
function part(kind, name, text, id) {
  return Object.assign(document.createElement(kind), { className: name, textContent: text, id });
}
