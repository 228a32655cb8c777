// @ts-check
/** The list of lessons: a mark at each one that is done. */
import { done } from "./progress.js";
import { say } from "./texts.js";

const finished = new Set(done());
for (const mark of document.querySelectorAll("[data-lesson] .done")) {
  if (finished.has(mark.closest("li")?.dataset.lesson ?? "")) mark.textContent = say("lessonDone");
}
