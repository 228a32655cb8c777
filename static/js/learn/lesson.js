// @ts-check
/** What every lesson has: formulas in its text, questions, and a mark when all of them are answered. */
import { fill } from "./formula.js";
import { done, keep } from "./progress.js";
import { say } from "./texts.js";

const lesson = /** @type {HTMLElement} */ (document.querySelector("[data-lesson]"));
const name = lesson.dataset.lesson ?? "";
const questions = /** @type {HTMLFormElement[]} */ ([...lesson.querySelectorAll("form.question")]);
const answered = new Set();

fill(lesson);
for (const question of questions) question.addEventListener("submit", (event) => answer(event, question));
showDone();

/** @param {Event} event @param {HTMLFormElement} question */
function answer(event, question) {
  event.preventDefault();
  const reply = /** @type {HTMLOutputElement} */ (question.querySelector("output"));
  const chosen = /** @type {HTMLInputElement | null} */ (question.querySelector(":checked"));
  if (!chosen) {
    reply.textContent = say("choose");
    return;
  }
  const isRight = "right" in chosen.dataset;
  question.dataset.answered = isRight ? "right" : "wrong";
  reply.textContent = say(isRight ? "right" : "notRight", { reply: chosen.dataset.reply ?? "" });
  if (!isRight) return;
  answered.add(question);
  if (answered.size < questions.length) return;
  keep([...new Set([...done(), name])]);
  reply.textContent = say("rightAll", { reply: chosen.dataset.reply ?? "" });
  showDone();
}

function showDone() {
  /** @type {HTMLElement} */ (lesson.querySelector(".done")).hidden = !done().includes(name);
}
