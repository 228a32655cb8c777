// Runs in the page before its own scripts: notes what each pointer event costs and when the bars follow.
window.probe = { events: [], answers: [] };
{
  let running = null; // the pointer event whose handlers run, or whose frame is still to come
  let lifted = null;
  for (const kind of ["pointerdown", "pointermove", "pointerup"]) {
    addEventListener(kind, () => {
      running = { began: performance.now(), spent: 0 };
      if (kind === "pointerup") lifted = running.began;
    }, { capture: true });
    addEventListener(kind, () => {
      running.spent = performance.now() - running.began;
      probe.events.push(running);
    });
  }
  const nextFrame = window.requestAnimationFrame.bind(window);
  window.requestAnimationFrame = (callback) => nextFrame((time) => {
    const began = performance.now();
    callback(time);
    if (running) running.spent += performance.now() - began; // the painting that it asked for
  });
  addEventListener("DOMContentLoaded", () => {
    new MutationObserver(() => {
      if (lifted === null) return;
      const since = lifted;
      lifted = null;
      nextFrame(() => probe.answers.push(performance.now() - since)); // on the screen, not only in the document
    }).observe(document.querySelector(".bars"), { subtree: true, attributes: true, characterData: true });
  });
}
