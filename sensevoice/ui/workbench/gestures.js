// @ts-check
// Zooming and moving along the axis: with a wheel, and with one or two fingers on a touch screen or touchpad.
import { pinched } from "./axis.js";

const DRAG_PX = 6; // a finger that moves less has tapped

/**
 * @param {HTMLElement} track @param {any} app
 * @returns {{ dragged: () => boolean }} whether the fingers that were lifted last had moved the axis
 */
export function gestures(track, app) {
  /** @type {Map<number, number>} */
  const fingers = new Map(); // by pointer: px from the left of the track
  /** @type {number[]} */
  let held = []; // the times that were under them, which they take along
  let dragged = false;

  const xOf = (/** @type {MouseEvent} */ event) => event.clientX - track.getBoundingClientRect().left;
  const width = () => Math.max(1, track.clientWidth);
  const msAt = (/** @type {number} */ x) => app.axis.ms(x, width());
  const hold = () => (held = [...fingers.values()].map(msAt));

  track.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "touch" || !app.job) return;
    if (!fingers.size) dragged = false;
    track.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, xOf(event));
    hold();
  });
  track.addEventListener("pointermove", (event) => {
    if (!fingers.has(event.pointerId)) return;
    fingers.set(event.pointerId, xOf(event));
    if (fingers.size === 2) pinch();
    else if (fingers.size === 1) drag(xOf(event));
  });
  for (const end of ["pointerup", "pointercancel"]) {
    track.addEventListener(end, (event) => {
      if (fingers.delete(/** @type {PointerEvent} */ (event).pointerId)) hold();
    });
  }

  function pinch() {
    dragged = true;
    app.axis.show(pinched(held, [...fingers.values()], width(), app.durationMs()));
  }

  /** @param {number} x */
  function drag(x) {
    const { from, to } = app.axis.now();
    const by = held[0] - msAt(x);
    if (!app.axis.isZoomed() || (!dragged && Math.abs(by) < (DRAG_PX * (to - from)) / width())) return;
    dragged = true;
    app.axis.pan(by);
  }

  track.addEventListener(
    "wheel",
    (event) => {
      if (!app.job) return;
      event.preventDefault();
      const { from, to } = app.axis.now();
      const at = msAt(xOf(event));
      if (event.ctrlKey) app.axis.zoom(Math.exp(event.deltaY / 100), at); // two fingers on a touchpad
      else if (Math.abs(event.deltaX) > Math.abs(event.deltaY) || event.shiftKey) app.axis.pan((event.deltaX || event.deltaY) * ((to - from) / 800));
      else app.axis.zoom(event.deltaY > 0 ? 1.25 : 0.8, at);
    },
    { passive: false },
  );
  return { dragged: () => dragged };
}
