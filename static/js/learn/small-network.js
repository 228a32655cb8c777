// @ts-check
/** The deck's small network: four inputs, three hidden ReLU units, one answer; forward, backward, and steps down the gradient. */
import { fromAddress, toAddress } from "./address.js";
import { READS, smallNetwork, weightsOf } from "./arithmetic.js";
import { element, marked, math, number, show, shown } from "./formula.js";
import { Plot } from "./plot.js";
import { put, scrubbed } from "./scrub.js";
import { say } from "./texts.js";
import { Wiring } from "./wiring.js";

/** @typedef {{ x: number[], theta: number[], target: number, rate: number, story: string, at: number }} Network */
/** @typedef {import("./formula.js").Part} Part */
/** @typedef {{ unit: number, way: "forward" | "backward" | "", told: () => string, work: () => Element[] }} Stage unit: 0 to 2 are hidden, 3 is the answer, 4 the loss */

const PLAIN = { x: [1, 2, -1, 0.5], theta: [0.5, 0.25, 0, -1, 0.5, -0.5, 2, -0.5, 1, -1, 2, 0.5], target: 1 };
/** @type {Record<string, Partial<Network>>} */
const STORIES = {
  plain: PLAIN,
  house: { x: [1.2, 3, 0.8, 0.6], theta: [1, 0.8, -0.5, 2, -0.5, 0.5, 2, 0, 0.6, 1, 1.2, 0.5], target: 6 },
  dead: { ...PLAIN, target: 3, theta: [0.5, -1, 0, ...PLAIN.theta.slice(3)] },
};
/** @type {Network} */
const START = { ...structuredClone(PLAIN), rate: 0.02, story: "plain", at: 0 };
const MANY = 100; // steps of one press
const PACE = 60; // ms from one of them to the next
const THERE = 1e-6; // a loss that is as good as none
const APART = 1e4; // no weight that still learns is so large

const lesson = /** @type {HTMLElement} */ (document.querySelector(".lesson"));
/** @type {<T extends Element = HTMLElement>(selector: string) => T} */
const find = (selector) => /** @type {any} */ (lesson.querySelector(selector));
/** @type {<T extends Element = HTMLInputElement>(selector: string) => T[]} */
const all = (selector) => /** @type {any[]} */ ([...lesson.querySelectorAll(selector)]);

const state = fromAddress(START);
if (!Object.hasOwn(STORIES, state.story)) state.story = START.story;

const [xs, thetas] = [all("input.x"), all("input.theta")];
const [target, rate] = [/** @type {HTMLInputElement} */ (find("input.target")), /** @type {HTMLInputElement} */ (find(".rate input"))];
const [inputs, weights, units] = [all("label.input"), all("[data-weight]:has(.theta)"), all("[data-unit]")];
const wiring = new Wiring(find(".network"));
const plot = new Plot(find("svg.losses"), { x: [-1, 10], y: [-0.1, 1] });

let now = smallNetwork(state.x, state.theta, state.target);
let losses = [now.loss];
let first = [...state.theta]; // before the first step
let timer = 0;

// --- What each stage shows ---

/** @param {string} name @param {number} index */
const sub = (name, index) => element("msub", element("mi", name), element("mn", String(index)));
const h = () => element("mi", "h");
const [x, a, z, theta] = ["x", "a", "z", "θ"].map((name) => (/** @type {number} */ i) => sub(name, i + 1));
/** @param {Part} of */
const blame = (of) => math`frac{partial L}{partial ${of}}`;
/** @param {Part} value */
const result = (value) => marked("result", value);

/** Products and a last number that stands alone, added up. @param {Part[][]} products @param {Part} alone @param {boolean} hasDots */
function added(products, alone, hasDots) {
  const sum = products.reduce((/** @type {Element | null} */ before, [one, other]) => {
    if (hasDots) return before ? math`${before} + ${one} * ${other}` : math`${one} * ${other}`;
    return before ? math`${before} + ${one} ${other}` : math`${one} ${other}`;
  }, null);
  return math`${/** @type {Element} */ (sum)} + ${alone}`;
}

/** A unit's sum, in letters and in numbers. @param {number} unit @param {(i: number) => Element} letter @param {number[]} values of what it reads */
function sums(unit, letter, values) {
  const own = weightsOf(unit);
  const alone = own[own.length - 1];
  const letters = READS[unit].map((from, i) => [theta(own[i]), letter(from)]);
  const numbers = READS[unit].map((from, i) => [state.theta[own[i]], values[from]]);
  return [added(letters, theta(alone), false), added(numbers, state.theta[alone], true)];
}

/** @param {number} unit @returns {Stage} */
const forward = (unit) => ({
  unit,
  way: "forward",
  told: () => say(now.z[unit] > 0 ? "smallForward" : "smallForwardDead", { unit: unit + 1 }),
  work() {
    const [letters, numbers] = sums(unit, x, state.x);
    const bent = math`${a(unit)} = max(${z(unit)}, 0) = max(${now.z[unit]}, 0) = ${result(now.a[unit])}`;
    return [math`${z(unit)} = ${letters}`, math`${z(unit)} = ${numbers} = ${result(now.z[unit])}`, bent];
  },
});

/** @param {number} unit @returns {Stage} */
const backward = (unit) => ({
  unit,
  way: "backward",
  told: () => say(now.z[unit] > 0 ? "smallBackUnit" : "smallBackDead", { unit: unit + 1 }),
  work() {
    const [through, own] = [weightsOf(3)[unit], weightsOf(unit)];
    const slope = now.z[unit] > 0 ? 1 : 0;
    const values = [...READS[unit].map((i) => state.x[i]), 1];
    return [
      math`${blame(a(unit))} = ${blame(h())} * ${theta(through)} = ${now.dh} * ${state.theta[through]} = ${result(now.da[unit])}`,
      math`${blame(z(unit))} = ${blame(a(unit))} * frac{partial ${a(unit)}}{partial ${z(unit)}} = ${now.da[unit]} * ${slope} = ${result(now.dz[unit])}`,
      ...own.map((i, at) => {
        const from = READS[unit][at];
        const factor = from === undefined ? element("mn", "1") : x(from);
        return math`${blame(theta(i))} = ${blame(z(unit))} * ${factor} = ${now.dz[unit]} * ${values[at]} = ${result(now.gradients[i])}`;
      }),
    ];
  },
});

/** @type {Stage[]} */
const STAGES = [
  { unit: -1, way: "", told: () => say("smallBegin"), work: () => [] },
  ...[0, 1, 2].map(forward),
  {
    unit: 3,
    way: "forward",
    told: () => say("smallOutput"),
    work() {
      const [letters, numbers] = sums(3, a, now.a);
      return [math`h = ${letters}`, math`h = ${numbers} = ${result(now.h)}`];
    },
  },
  {
    unit: 4,
    way: "forward",
    told: () => say("smallLoss"),
    work: () => [math`L = frac{1}{2} (h - y)^2 = frac{1}{2} (${number(now.h)} - ${state.target})^2 = ${result(now.loss)}`],
  },
  {
    unit: 4,
    way: "backward",
    told: () => say("smallBackAnswer"),
    work: () => [math`${blame(h())} = h - y = ${number(now.h)} - ${state.target} = ${result(now.dh)}`],
  },
  {
    unit: 3,
    way: "backward",
    told: () => say("smallBackOutput"),
    work: () =>
      weightsOf(3).map((i, unit) => {
        const factor = unit < 3 ? a(unit) : element("mn", "1");
        return math`${blame(theta(i))} = ${blame(h())} * ${factor} = ${now.dh} * ${unit < 3 ? now.a[unit] : 1} = ${result(now.gradients[i])}`;
      }),
  },
  ...[0, 1, 2].map(backward),
  {
    unit: -1,
    way: "",
    told: () => say("smallStep", { loss: shown(now.loss), after: shown(smallNetwork(state.x, stepped(), state.target).loss) }),
    work: () => [math`${theta(0)} := ${theta(0)} - alpha ${blame(theta(0))} = ${number(state.theta[0])} - ${state.rate} * ${now.gradients[0]} = ${result(stepped()[0])}`],
  },
];

// --- What is moved ---

xs.forEach((field, i) => scrubbed(field, (value) => change(() => (state.x[i] = value))));
thetas.forEach((field, i) => scrubbed(field, (value) => change(() => (state.theta[i] = value))));
scrubbed(target, (value) => change(() => (state.target = value)));
scrubbed(rate, (value) => {
  state.rate = value;
  draw();
});
for (const button of all("[data-preset]")) {
  button.addEventListener("click", () => {
    const story = button.dataset.preset ?? "";
    change(() => Object.assign(state, structuredClone(STORIES[story]), { story }));
    refill();
  });
}
find(".back").addEventListener("click", () => go(state.at - 1));
find(".next").addEventListener("click", () => go(state.at + 1));
find(".one").addEventListener("click", () => {
  pause();
  step();
  draw();
  tellLearnt(true);
});
find(".many").addEventListener("click", () => (timer ? pause() : play()));
find(".again").addEventListener("click", () => {
  change(() => (state.theta = [...first]));
  refill();
});

state.at = Math.min(Math.max(Math.round(state.at), 0), STAGES.length - 1);
state.rate = Math.min(Math.max(state.rate, Number(rate.min)), Number(rate.max));
refill();
draw();

function refill() {
  xs.forEach((field, i) => put(field, state.x[i]));
  thetas.forEach(showWeight);
  put(target, state.target);
  put(rate, state.rate);
}

/** As many digits as the field has room for; what is learnt has more. @param {HTMLInputElement} field @param {number} i */
function showWeight(field, i) {
  put(field, Number(state.theta[i].toFixed(3)));
}

/** By hand: what was learnt so far is another story. @param {() => void} how */
function change(how) {
  pause();
  how();
  first = [...state.theta];
  losses = [smallNetwork(state.x, state.theta, state.target).loss];
  draw();
}

/** @param {number} at */
function go(at) {
  state.at = Math.min(Math.max(at, 0), STAGES.length - 1);
  draw();
  find(".stepper output").textContent = STAGES[state.at].told();
}

// --- Learning ---

function stepped() {
  return state.theta.map((each, i) => each - state.rate * now.gradients[i]);
}

function isApart() {
  return !state.theta.every((each) => Math.abs(each) < APART);
}

function step() {
  if (isApart()) return;
  state.theta = stepped();
  now = smallNetwork(state.x, state.theta, state.target);
  losses.push(now.loss);
}

/** Step by step before one's eyes, at once for those who want nothing to move. */
function play() {
  const end = losses.length + MANY;
  const isOver = () => losses.length >= end || now.loss < THERE || isApart();
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
    while (!isOver()) step();
    draw();
    tellLearnt(true);
    return;
  }
  find(".many").textContent = say("pause");
  timer = setInterval(() => {
    if (isOver()) return pause();
    step();
    draw();
  }, PACE);
}

function pause() {
  if (!timer) return;
  clearInterval(timer);
  timer = 0;
  find(".many").textContent = say("many");
  tellLearnt(true);
}

// --- What is seen ---

function draw() {
  toAddress(state, START);
  now = smallNetwork(state.x, state.theta, state.target);
  const stage = STAGES[state.at];
  showUnits(stage);
  showWires(stage);
  find(".stepper .place").textContent = state.at ? say("smallAt", { at: state.at, all: STAGES.length - 1 }) : "";
  find(".back").ariaDisabled = String(state.at === 0);
  find(".next").ariaDisabled = String(state.at === STAGES.length - 1);
  find(".told").textContent = stage.told();
  show(find("math.work"), ...stage.work());
  thetas.forEach((field, i) => field !== document.activeElement && showWeight(field, i));
  showTable();
  showLosses();
  tellLearnt(false);
}

/** @param {Stage} stage */
function showUnits(stage) {
  const values = [...now.a, now.h, now.loss];
  units.forEach((unit, i) => {
    const value = /** @type {HTMLElement} */ (unit.querySelector(".value"));
    value.textContent = shown(values[i]);
    value.dataset.value = String(values[i]);
    unit.toggleAttribute("data-lit", stage.unit === i);
    unit.toggleAttribute("data-silent", now.z[i] <= 0);
  });
  const isHouse = state.story === "house";
  inputs.forEach((input, i) => caption(input, isHouse ? say(/** @type {"house_x1"} */ (`house_x${i + 1}`)) : ""));
  units.slice(0, 3).forEach((unit, i) => {
    const name = isHouse ? say(/** @type {"house_a1"} */ (`house_a${i + 1}`)) : "";
    caption(unit, now.z[i] > 0 ? name : say(isHouse ? "silentNamed" : "silent", { name }));
  });
  caption(units[3], isHouse ? say("house_h") : "");
}

/** @param {Element} place @param {string} text */
function caption(place, text) {
  /** @type {HTMLElement} */ (place.querySelector(".caption")).textContent = text;
}

/** @param {Stage} stage */
function showWires({ unit: lit, way }) {
  const isLit = (/** @type {number} */ unit, /** @type {number} */ from) => lit === unit || (way === "backward" && unit === 3 && lit === from);
  const wires = READS.flatMap((reads, unit) =>
    reads.map((from, i) => ({
      from: unit < 3 ? xs[from] : units[from],
      to: weights[weightsOf(unit)[i]],
      weight: state.theta[weightsOf(unit)[i]],
      isLit: isLit(unit, from),
    })),
  );
  weights.forEach((each, i) => each.toggleAttribute("data-negative", state.theta[i] < 0));
  wiring.show([...wires, { from: units[3], to: units[4], isLit: lit === 4 }]);
}

function showTable() {
  const after = stepped();
  all("table.gradients tbody tr").forEach((row, i) => {
    const columns = { is: state.theta[i], gradient: now.gradients[i], after: after[i] };
    for (const [name, value] of Object.entries(columns)) {
      const cell = /** @type {HTMLElement} */ (row.querySelector(`.${name}`));
      cell.textContent = shown(value);
      cell.dataset.value = String(value);
    }
  });
}

function showLosses() {
  const seen = losses.filter(Number.isFinite);
  const [steps, most] = [Math.max(10, losses.length - 1), Math.max(...seen, 0.1)];
  plot.look({ x: [-0.1 * steps, 1.02 * steps], y: [-0.12 * most, 1.08 * most], grid: [even(steps / 5), even(most / 4)] });
  plot.path("loss", seen.map((loss, i) => [i, loss]));
  plot.mark("here", seen.length - 1, seen[seen.length - 1]);
}

/** 1, 2 or 5 times a power of ten, not below. @param {number} distance */
function even(distance) {
  const power = 10 ** Math.floor(Math.log10(distance));
  return power * ([1, 2, 5].find((each) => each * power >= distance) ?? 10);
}

/** @param {boolean} isOver said aloud, too */
function tellLearnt(isOver) {
  const steps = losses.length - 1;
  const values = { steps: say(steps === 1 ? "smallOneStep" : "smallSteps", { steps }), first: shown(losses[0]), loss: shown(now.loss) };
  const isDead = now.z.every((each) => each <= 0);
  const sentence = !steps ? "smallNotYet" : isApart() ? "smallApart" : isDead ? "smallDead" : now.loss < THERE ? "smallThere" : steps === 1 ? "smallLearntOne" : "smallLearnt";
  find(".learnt").textContent = say(sentence, values);
  if (isOver) find(".learnt-said").textContent = say(sentence, values);
}
