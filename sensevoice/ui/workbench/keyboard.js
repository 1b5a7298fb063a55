// @ts-check
// Keys that hold anywhere on the page outside of fields, and the list of all keys.
import { button, make } from "./dom.js";

const SKIP_MS = 5000;
const KEYS = ["space", "arrows", "skip", "enter", "edit", "select", "find", "undo", "speed", "editing", "help"];

/** @param {any} app */
export function keyboard(app) {
  const { t } = app;
  const list = make("dl", {}, ...KEYS.flatMap((key) => [make("dt", {}, t(`key_${key}`)), make("dd", {}, t(`key_${key}_does`))]));
  const dialog = make("dialog", { className: "svw svw-help", "aria-label": t("keyboard") }, make("h2", {}, t("keyboard")), list, button(t("close"), () => dialog.close()));
  document.querySelector("#sv-dock")?.append(dialog);
  const open = () => dialog.showModal();

  /** @type {Record<string, () => void>} */
  const ACTIONS = {
    " ": () => app.player.toggle(),
    ArrowLeft: () => app.player.skip(-SKIP_MS),
    ArrowRight: () => app.player.skip(SKIP_MS),
    "<": () => app.player.faster(-1),
    ">": () => app.player.faster(1),
  };

  document.addEventListener("keydown", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    if (event.isComposing || event.defaultPrevented || dialog.open) return;
    const typing = target.closest("input:not([type=checkbox], [type=range]), textarea, select, [contenteditable]");
    const command = event.ctrlKey || event.metaKey;
    if (command && event.key.toLowerCase() === "z" && !typing && app.job) {
      event.preventDefault();
      event.shiftKey ? app.corrections.redo() : app.corrections.undo();
    } else if (event.key === "?" && !typing && !command) {
      event.preventDefault();
      open();
    } else if (!command && !event.altKey && !typing && app.job && ours(target, event.key) && ACTIONS[event.key]) {
      event.preventDefault();
      ACTIONS[event.key]();
    }
  });
  return { open };
}

// Keys that a control understands itself are left to it.
/** @param {HTMLElement} target @param {string} key */
function ours(target, key) {
  if (target === document.body) return true;
  if (!target.closest(".svw, #sv-text-panel")) return false;
  if (key === " ") return !target.closest("button, a, summary, input");
  return !target.closest("input, [role=tab]");
}
