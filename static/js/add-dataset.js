// @ts-check
/** The panel that makes a dataset of a folder or a zip: chosen or dropped, sent with its progress, told what was left out. */
import { chosenIn } from "./arrivals.js";
import { reasonOf } from "./predict.js";
import { count, say } from "./texts.js";

/** @typedef {{ path: string, file: File }} Sent */
/** @typedef {{ name: string, classes: string[], train: number[], test: number[], left_out: number, reasons: { path: string, reason: string }[] }} Made */

const HIDDEN = /(^|\/)(__MACOSX\/|\.[^/]*$|Thumbs\.db$|desktop\.ini$)/; // what systems leave in folders
const IN_HIDDEN = /(^|\/)\.[^/]*\//;
const PICTURE = /\.(png|jpe?g|webp|gif|bmp)$/i; // in a hidden folder the rest is a program's

export class AddDataset {
  #panel;
  /** @type {XMLHttpRequest | null} */
  #request = null;

  /** @param {HTMLElement} panel @param {Window} page */
  constructor(panel, page) {
    this.#panel = panel;
    for (const input of ["input.folder", "input.zip"]) {
      chosenIn(this.#part(input), (files) => this.#take(files.map((file) => ({ path: file.webkitRelativePath || file.name, file }))));
    }
    this.#part(".stop").addEventListener("click", () => this.#request?.abort());
    page.addEventListener("dragover", (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      panel.toggleAttribute("data-over", true);
    });
    page.addEventListener("dragleave", (event) => event.relatedTarget || panel.removeAttribute("data-over"));
    page.addEventListener("drop", (event) => {
      panel.removeAttribute("data-over");
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      dropped(event.dataTransfer).then((sent) => this.#take(sent));
    });
  }

  /** @param {string} selector @returns {any} */
  #part(selector) {
    return this.#panel.querySelector(selector);
  }

  /** @param {Sent[]} sent */
  #take(sent) {
    const chosen = sent.map(({ path, file }) => ({ path: path.replace(/^\.+(?=[^/]+\/)/, ""), file })); // a hidden folder that is chosen is meant
    const visible = chosen.filter(({ path }) => !HIDDEN.test(path) && (PICTURE.test(path) || !IN_HIDDEN.test(path)));
    if (this.#request) return;
    this.#forget();
    if (!visible.length) return void this.#end(null, say("addNothing"));
    const first = visible[0].path;
    const zip = visible.length === 1 && first.toLowerCase().endsWith(".zip");
    const name = this.#part("input.name").value.trim() || named(zip ? first.slice(0, -4) : first.split("/")[0]);
    if (zip) return this.#send(name, visible[0].file, "application/zip");
    const form = new FormData();
    for (const { path, file } of visible) form.append("file", file, path);
    this.#send(name, form);
  }

  /** @param {string} name @param {Blob | FormData} body @param {string} [type] */
  #send(name, body, type) {
    const asked = new URLSearchParams({ name, licence: this.#part("input.licence").value, source: this.#part("input.source").value });
    const request = new XMLHttpRequest(); // fetch tells no progress of what is sent
    this.#request = request;
    this.#begin(name);
    request.upload.addEventListener("progress", ({ loaded, total }) => this.#sent(loaded, total));
    request.upload.addEventListener("load", () => this.#sent(1, 1));
    request.addEventListener("load", () => this.#end(request));
    request.addEventListener("error", () => this.#end(null, say("noServer")));
    request.addEventListener("abort", () => this.#end(null, say("addStopped")));
    request.open("POST", `/api/v1/datasets?${asked}`);
    if (type) request.setRequestHeader("Content-Type", type);
    request.send(body);
  }

  /** What came of the one before. */
  #forget() {
    this.#part(".onward").hidden = this.#part(".left-out").hidden = true;
    this.#part(".refused").textContent = "";
  }

  /** @param {string} name */
  #begin(name) {
    this.#panel.ariaBusy = "true";
    this.#part(".sending").hidden = false;
    this.#part(".told").textContent = say("addSending", { name });
  }

  /** @param {number} loaded @param {number} total */
  #sent(loaded, total) {
    const bar = this.#part("progress");
    if (loaded < total) return void (bar.value = loaded / total);
    bar.removeAttribute("value"); // how long it takes to look at them nobody knows
    this.#part(".told").textContent = say("addChecking");
  }

  /** @param {XMLHttpRequest | null} request @param {string} [sentence] */
  async #end(request, sentence = "") {
    this.#request = null;
    this.#panel.ariaBusy = "false";
    this.#part(".sending").hidden = true;
    this.#part("progress").value = 0;
    this.#part(".told").textContent = "";
    if (request?.status === 201) this.#tell(JSON.parse(request.responseText));
    else this.#part(".refused").textContent = request ? (await reasonOf(new Response(request.responseText, request))).message : sentence;
  }

  /** @param {Made} made */
  #tell({ name, classes, train, test, left_out, reasons }) {
    const all = (/** @type {number[]} */ counts) => count(counts.reduce((sum, each) => sum + each, 0));
    this.#part(".told").textContent = say("addDone", { name, classes: classes.length, train: all(train), test: all(test) });
    this.#part(".look").href = `/datasets/${name}`;
    this.#part(".learn").href = `/train?dataset=${name}`;
    this.#part(".onward").hidden = false;
    this.#part(".left-out").hidden = !left_out;
    this.#part(".left-out summary").textContent = left_out === 1 ? say("leftOutOne") : say("leftOut", { count: count(left_out) });
    this.#part(".left-out tbody").replaceChildren(...reasons.map(({ path, reason }) => row(path, reason)));
  }
}

/** @param {string[]} words */
function row(...words) {
  const made = document.createElement("tr");
  made.append(...words.map((textContent) => Object.assign(document.createElement("td"), { textContent })));
  return made;
}

/** A name as the server takes it. @param {string} words */
function named(words) {
  const plain = words.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "");
  return plain.slice(0, 64) || say("addName");
}

/** Files of what was dropped, with their paths in its folders. @param {DataTransfer} transfer @returns {Promise<Sent[]>} */
async function dropped(transfer) {
  const items = [...transfer.items].map((item) => ({ entry: item.webkitGetAsEntry(), file: item.getAsFile() })); // gone after the first wait
  return (await Promise.all(items.map(({ entry, file }) => (entry ? filesOf(entry) : file ? [{ path: file.name, file }] : [])))).flat();
}

/** @param {FileSystemEntry} entry @returns {Promise<Sent[]>} */
async function filesOf(entry) {
  const path = entry.fullPath.replace(/^\//, "");
  if (entry.isFile) return [{ path, file: await new Promise((done, failed) => /** @type {FileSystemFileEntry} */ (entry).file(done, failed)) }];
  const reader = /** @type {FileSystemDirectoryEntry} */ (entry).createReader();
  /** @type {Sent[]} */
  const found = [];
  for (;;) { // a reader gives a hundred at a time
    const some = /** @type {FileSystemEntry[]} */ (await new Promise((done, failed) => reader.readEntries(done, failed)));
    if (!some.length) return found;
    for (const each of some) found.push(...(await filesOf(each)));
  }
}
