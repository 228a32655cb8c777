// @ts-check
/** Formulas as MathML, written as one writes them: math`a_1 = max(${z}, 0)`. */

const NAMESPACE = "http://www.w3.org/1998/Math/MathML";
const GREEK = /** @type {Record<string, string>} */ ({ theta: "θ", sigma: "σ", gamma: "γ", alpha: "α", pi: "π", mu: "μ", partial: "∂", sum: "∑" });
const SIGNS = /** @type {Record<string, string>} */ ({ "-": "−", "*": "·", "->": "→", ">=": "≥", "<=": "≤", in: "∈" });
const TOKEN = /\s*(?:(\d+(?:\.\d+)?)|([A-Za-z]+)|\0(\d+)\0|"([^"]*)"|(->|:=|>=|<=|[-+*/=<>()[\],|:;.])|([_^{}]))/y;

/** A value that a test can read to its last digit, and a person to the third. @typedef {number | Element | string} Part a text is a name, a number is set in brackets where it is negative within a product or a sum */

/**
 * Words are names (theta, sigma, ... are Greek), `_` and `^` bind the next part, {} groups, frac{a}{b} and sqrt{a} draw lines, "quoted" is text.
 * @param {TemplateStringsArray} texts @param {Part[]} parts
 */
export function math(texts, ...parts) {
  const [first, ...others] = texts;
  return parsed(others.reduce((all, text, i) => `${all}\0${i}\0${text}`, first), parts);
}

/** @param {Element} place a <math>, or a group in one @param {Element[]} formulas each in a line of its own when there are several */
export function show(place, ...formulas) {
  if (formulas.length === 1) return place.replaceChildren(formulas[0]);
  const rows = formulas.map((formula) => element("mtr", element("mtd", formula)));
  place.replaceChildren(element("mtable", ...rows));
}

/** Fills each <math data-formula="..."> below. @param {ParentNode} place */
export function fill(place) {
  for (const each of place.querySelectorAll("math[data-formula]")) show(each, parsed(each.getAttribute("data-formula") ?? "", []));
}

/** Three digits behind the point suffice, none that says nothing. @param {number} value */
export function shown(value) {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "?" : value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  const text = size && (size < 0.0005 || size >= 1e6) ? size.toExponential(1) : String(Number(size.toFixed(3)));
  return value < 0 && text !== "0" ? `−${text}` : text;
}

/** @param {number} value */
export function number(value) {
  const made = element("mn", shown(value));
  made.setAttribute("data-value", String(value));
  return made;
}

/** Something to be looked at: a part in the colour of what it belongs to. @param {string} kind a class @param {Part} part */
export function marked(kind, part) {
  const made = element("mrow", piece(part));
  made.setAttribute("class", kind);
  return made;
}

/** @param {string} name @param {(Element | string)[]} children */
export function element(name, ...children) {
  const made = document.createElementNS(NAMESPACE, name);
  made.append(...children);
  return made;
}

/** @param {Part} part */
const piece = (part) => (typeof part === "number" ? number(part) : typeof part === "string" ? element("mi", part) : part);

/** @param {string} text @param {Part[]} parts */
function parsed(text, parts) {
  TOKEN.lastIndex = 0;
  const row = sequence(text, parts);
  if (text.slice(TOKEN.lastIndex).trim()) throw new Error(`no formula at ${text.slice(TOKEN.lastIndex)}`);
  return row;
}

/** Up to a closing brace or the end. @param {string} text @param {Part[]} parts */
function sequence(text, parts) {
  const row = element("mrow");
  for (let next = token(text); next && next[6] !== "}"; next = token(text)) row.append(bound(next, row, text, parts));
  return row;
}

/** @param {string} text */
function token(text) {
  const start = TOKEN.lastIndex;
  const found = TOKEN.exec(text);
  if (!found) TOKEN.lastIndex = start; // a failed match would go back to the beginning
  return found;
}

/** What a token stands for; _ and ^ take what came before. @param {RegExpExecArray} found @param {Element} row @param {string} text @param {Part[]} parts @returns {Element} */
function bound(found, row, text, parts) {
  const [, digits, name, place, words, sign, mark] = found;
  if (digits) return element("mn", digits);
  if (words !== undefined) return element("mtext", words);
  if (place) return inBrackets(parts[Number(place)], row);
  if (sign) return operator(SIGNS[sign] ?? sign);
  if (mark === "{") return sequence(text, parts);
  if (mark) return raised(mark, row, text, parts);
  if (name === "frac") return element("mfrac", argument(text, parts), argument(text, parts));
  if (name === "sqrt") return element("msqrt", argument(text, parts));
  return SIGNS[name] ? operator(SIGNS[name]) : element("mi", GREEK[name] ?? name);
}

/** Brackets that do not grow with what they hold. @param {string} sign */
function operator(sign) {
  const made = element("mo", sign);
  made.setAttribute("stretchy", "false");
  return made;
}

/** x_1^2 holds both; the index comes first. @param {string} mark @param {Element} row @param {string} text @param {Part[]} parts */
function raised(mark, row, text, parts) {
  const base = /** @type {Element} */ (row.lastElementChild);
  const isPower = mark === "^" && base.localName === "msub";
  const pair = element(isPower ? "msubsup" : mark === "_" ? "msub" : "msup");
  pair.append(...(isPower ? base.children : [base]), argument(text, parts));
  if (isPower) base.remove();
  return pair;
}

/** The next part, or a group. @param {string} text @param {Part[]} parts */
function argument(text, parts) {
  const found = token(text);
  if (!found) throw new Error("a formula ends where a part is missing");
  return bound(found, element("mrow"), text, parts);
}

/** A negative number after a sign stands in brackets. @param {Part} part @param {Element} row */
function inBrackets(part, row) {
  const before = row.lastElementChild;
  const isWithin = before?.localName === "mo" && /^[−+·]$/.test(before.textContent ?? "");
  if (typeof part !== "number" || !isWithin || !shown(part).startsWith("−")) return piece(part);
  return element("mrow", operator("("), number(part), operator(")"));
}
