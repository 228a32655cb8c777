// @ts-check
/**
 * The page's question as code to copy: pure functions, text out.
 *
 * @typedef {import("./strokes.js").Point} Point
 * @typedef {import("./strokes.js").Stroke} Stroke
 * @typedef {import("./strokes.js").Strokes} Strokes
 * @typedef {{ strokes: Strokes, pen: number } | { name: string }} Asked a drawing, or a picture file by its name
 * @typedef {{ origin: string, model: string, classes: number, subject: Asked }} Question
 */

const FRAME_HEIGHT = 870; // pixels, in which the page of 360 px width needs no scrolling
const GRID = 1000; // steps from one side of the pad to the other, as in a link

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

/**
 * The drawing as the API takes it: whole numbers, and the pen as a fraction of the drawing's longest side.
 * @param {{ strokes: Strokes, pen: number }} drawing
 */
export function drawing({ strokes, pen }) {
  const whole = strokes.flatMap((stroke) => onPad(stroke, pen)).map(rounded);
  const longest = Math.max(extent(whole, 0), extent(whole, 1)) || GRID;
  const width = Math.min((pen * GRID) / longest, 1); // what is smaller than the pen is a dot in any case
  return { strokes: whole, pen_width: Number(width.toFixed(4)) };
}

/** @param {number[][][]} strokes @param {0 | 1} axis */
function extent(strokes, axis) {
  let [low, high] = [Infinity, -Infinity];
  for (const stroke of strokes) for (const point of stroke) [low, high] = [Math.min(low, point[axis]), Math.max(high, point[axis])];
  return Math.max(high - low, 0);
}

/** On the grid, without repetitions. @param {Stroke} stroke @returns {number[][]} */
function rounded(stroke) {
  const points = stroke.map((point) => point.map((place) => Math.round(place * GRID)));
  return points.filter(([x, y], i) => !i || x !== points[i - 1][0] || y !== points[i - 1][1]);
}

/** The parts of a stroke on the pad, with all their ink; the pad cuts off the rest. @param {Stroke} stroke @param {number} pen @returns {Stroke[]} */
function onPad(stroke, pen) {
  /** @type {Point[][]} */
  const parts = [];
  let goesOn = false;
  for (let i = 0; i < Math.max(stroke.length - 1, 1); i++) {
    const [a, b] = [stroke[i], stroke[i + 1] ?? stroke[i]];
    const [from, to] = spanOnPad(a, b);
    if (from <= to) {
      if (!goesOn) parts.push([between(a, b, from)]);
      parts[parts.length - 1].push(between(a, b, to));
    }
    goesOn = from <= to && to === 1;
  }
  const inwards = (/** @type {number} */ place) => Math.min(Math.max(place, pen / 2), 1 - pen / 2);
  return parts.map((part) => part.map(([x, y]) => [inwards(x), inwards(y)]));
}

/** From where to where a line from a (0) to b (1) is on the pad, by Liang and Barsky; from > to: nowhere. @param {Point} a @param {Point} b */
function spanOnPad(a, b) {
  let [from, to] = [0, 1];
  for (const axis of /** @type {const} */ ([0, 1])) {
    const way = b[axis] - a[axis];
    if (way === 0 && (a[axis] < 0 || a[axis] > 1)) return [1, 0];
    if (way === 0) continue;
    const edges = [-a[axis] / way, (1 - a[axis]) / way];
    [from, to] = [Math.max(from, Math.min(...edges)), Math.min(to, Math.max(...edges))];
  }
  return [from, to];
}

/** @param {Point} a @param {Point} b @param {number} t @returns {Point} */
const between = (a, b, t) => [a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])];
