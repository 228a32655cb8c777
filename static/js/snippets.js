// @ts-check
/**
 * The page's question as code to copy: pure functions, text out.
 *
 * @typedef {import("./strokes.js").Strokes} Strokes
 * @typedef {{ strokes: Strokes, pen: number } | { name: string }} Asked a drawing, or a picture file by its name
 * @typedef {{ origin: string, model: string, classes: number, subject: Asked }} Question
 */
import { drawing } from "./api-drawing.js";

const FRAME_HEIGHT = 870; // pixels, in which the page of 360 px width needs no scrolling

/** For a Unix shell. @param {Question} question */
export function curl(question) {
  const { subject } = question;
  const sent = "name" in subject
    ? ["-H", OCTETS, "--data-binary", "@" + path(subject.name)]
    : ["-H", JSON_TYPE, "-d", written(drawing(subject))];
  const words = [`curl ${quoted(address(question))}`];
  for (let i = 0; i < sent.length; i += 2) words.push(`  ${sent[i]} ${quoted(sent[i + 1])}`);
  return words.join(" \\\n") + "\n";
}

/** With the standard library alone. @param {Question} question */
export function python(question) {
  const { subject } = question;
  const body = "name" in subject
    ? `with open(${JSON.stringify(subject.name)}, "rb") as picture:\n    body = picture.read()`
    : `body = json.dumps(${written(drawing(subject), "\n")}).encode()`;
  const kind = "name" in subject ? "application/octet-stream" : "application/json";
  return `import json
import urllib.request

${body}
address = ${JSON.stringify(address(question))}
request = urllib.request.Request(address, body, {"Content-Type": "${kind}"})
with urllib.request.urlopen(request) as response:
    answer = json.load(response)
print(answer["rejected"] or answer["predictions"][0])
`;
}

/** For Node; with a drawing also for the console of the page. @param {Question} question */
export function javascript(question) {
  const { subject } = question;
  const isFile = "name" in subject;
  const first = isFile ? 'const { readFile } = await import("node:fs/promises");\n' : "";
  const body = isFile ? `await readFile(${JSON.stringify(subject.name)})` : `JSON.stringify(${written(drawing(subject), "\n")})`;
  return `${first}const response = await fetch(${JSON.stringify(address(question))}, {
  method: "POST",
  headers: { "Content-Type": "${isFile ? "application/octet-stream" : "application/json"}" },
  body: ${body},
});
const answer = await response.json();
console.log(answer.rejected ?? answer.predictions[0]);
`;
}

/** The drawing page in a page of somebody else's. @param {string} origin @param {string} line as link.js writes it @param {string} title */
export function frame(origin, line, title) {
  return `<iframe src="${escaped(`${origin}/?embed#${line}`)}" title="${escaped(title)}" width="360" height="${FRAME_HEIGHT}"></iframe>\n`;
}

/** @param {string} text @returns {string} for HTML and XML, in an attribute too */
export const escaped = (text) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

const JSON_TYPE = "Content-Type: application/json";
const OCTETS = "Content-Type: application/octet-stream"; // the content says which picture it is

/** @param {Question} question */
const address = ({ origin, model, classes }) => `${origin}/api/v1/models/${encodeURIComponent(model)}/predict?top_k=${classes}`;

/** One word for a shell. @param {string} word */
const quoted = (word) => `'${word.replaceAll("'", "'\\''")}'`;

/** A file here, never curl's `-`, which is its input. @param {string} name */
const path = (name) => (name.startsWith("-") ? `./${name}` : name);

/** JSON, which is Python too; one stroke a line where lines may break. @param {{ strokes: number[][][], pen_width: number }} drawing @param {"" | "\n"} [line] */
function written({ strokes, pen_width }, line = "") {
  const lines = strokes.map((stroke) => JSON.stringify(stroke));
  return `{"strokes": [${line}${lines.join(`,${line || " "}`)}${line}], "pen_width": ${pen_width}}`;
}
