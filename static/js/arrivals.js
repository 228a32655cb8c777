// @ts-check
/** Files come to the page: chosen, dropped anywhere, or pasted. Text and links go their own way. */

/** @typedef {(files: File[]) => void} Taker */

/** @param {HTMLInputElement} input @param {Taker} take */
export function chosenIn(input, take) {
  const chosen = () => {
    const files = [...(input.files ?? [])];
    input.value = ""; // so that the same file can be chosen again
    if (files.length) take(files);
  };
  input.addEventListener("change", chosen);
  queueMicrotask(chosen); // before this script was there
}

/** @param {Window} page @param {HTMLElement} invitation shown while files are held over the page @param {Taker} take */
export function droppedOn(page, invitation, take) {
  let ownDrag = false; // a picture of the page itself, on its way elsewhere
  page.addEventListener("dragstart", () => (ownDrag = true));
  page.addEventListener("dragend", () => (ownDrag = false));
  page.addEventListener("dragover", (event) => {
    if (ownDrag || !event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
    invitation.hidden = false;
  });
  page.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) invitation.hidden = true;
  });
  page.addEventListener("drop", (event) => {
    invitation.hidden = true;
    if (ownDrag || !event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    if (event.dataTransfer.files.length) take([...event.dataTransfer.files]);
  });
}

/** @param {Window} page @param {(target: EventTarget | null) => boolean} isTyping @param {Taker} take */
export function pastedOn(page, isTyping, take) {
  page.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!files.length || isTyping(event.target)) return;
    event.preventDefault();
    take(files);
  });
}
