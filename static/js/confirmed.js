// @ts-check
/** Asks in a dialog before something is deleted for good: its form returns "delete" or nothing. */

/** @param {HTMLDialogElement} dialog @returns {Promise<boolean>} */
export function confirmed(dialog) {
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => dialog.addEventListener("close", () => resolve(dialog.returnValue === "delete"), { once: true }));
}
