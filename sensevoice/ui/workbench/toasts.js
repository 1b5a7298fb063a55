// @ts-check
// A short word on what was just done, with a way back.
import { button, make } from "./dom.js";

const SHOWN_MS = 8000;
const MOST = 3;

/** @param {string} closeLabel */
export function toasts(closeLabel) {
  const element = make("div", { id: "sv-toasts", className: "svw", role: "status", "aria-live": "polite" });
  document.body.append(element);

  /** @param {string} sentence @param {{ label: string, act: () => void }} [way] @param {number} [shownMs] */
  function say(sentence, way, shownMs = SHOWN_MS) {
    const close = () => toast.remove();
    const act = way && button(way.label, () => (close(), way.act()), { className: "svw-button svw-undo" });
    const toast = make("div", { className: "svw-toast" }, make("span", {}, sentence), act, button("×", close, { className: "svw-close", "aria-label": closeLabel }));
    element.append(toast);
    const passing = element.querySelectorAll(".svw-toast:not(.svw-stays)");
    [...passing].slice(0, -MOST).forEach((each) => each.remove());
    let timer = setTimeout(close, shownMs);
    toast.addEventListener("focusin", () => clearTimeout(timer));
    toast.addEventListener("focusout", () => (timer = setTimeout(close, shownMs)));
    toast.addEventListener("mouseenter", () => clearTimeout(timer));
    toast.addEventListener("mouseleave", () => (timer = setTimeout(close, shownMs)));
    return close;
  }

  /** Shows something until it is removed. @param {...Node} parts */
  function stay(...parts) {
    const toast = make("div", { className: "svw-toast svw-stays" }, ...parts);
    element.append(toast);
    return toast;
  }
  return { element, say, stay };
}
