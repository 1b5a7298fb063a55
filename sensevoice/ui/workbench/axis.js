// @ts-check
// The one axis of time that waveform, map and charts share: all of the recording, or what was zoomed to.

export const SHORTEST_MS = 5000;
const STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200];

/** @param {number} lengthMs @param {number} widthPx @returns {number} time between two marks, ms */
export function tickMs(lengthMs, widthPx) {
  const wanted = (lengthMs / Math.max(1, widthPx)) * 90; // a mark about every 90 px
  return 1000 * (STEPS_S.find((step) => step * 1000 >= wanted) ?? STEPS_S[STEPS_S.length - 1]);
}

/**
 * @param {{ from: number, to: number }} view @param {number} whole ms
 * @param {number} factor below 1 zooms in @param {number} at ms that stays where it is
 */
export function zoomed(view, whole, factor, at) {
  const length = view.to - view.from;
  const wanted = Math.min(whole, Math.max(Math.min(SHORTEST_MS, whole), length * factor));
  return moved({ from: at - ((at - view.from) / length) * wanted, to: at + ((view.to - at) / length) * wanted }, whole);
}

/** Puts a view inside the recording without changing its length. @param {{ from: number, to: number }} view @param {number} whole */
export function moved({ from, to }, whole) {
  const length = Math.min(whole, to - from);
  const start = Math.min(Math.max(0, from), whole - length);
  return { from: start, to: start + length };
}

/**
 * Returns the view in which two times are under two fingers again, as far as it can be.
 * @param {number[]} times ms @param {number[]} fingers px @param {number} widthPx @param {number} whole ms
 */
export function pinched(times, fingers, widthPx, whole) {
  const apartPx = Math.max(1, Math.abs(fingers[1] - fingers[0]));
  const wanted = (Math.abs(times[1] - times[0]) / apartPx) * widthPx;
  const length = Math.min(whole, Math.max(Math.min(SHORTEST_MS, whole), wanted));
  const from = (times[0] + times[1]) / 2 - ((fingers[0] + fingers[1]) / 2 / widthPx) * length;
  return moved({ from, to: from + length }, whole);
}

/** @param {any} app */
export function axis(app) {
  /** @type {{ from: number, to: number } | null} */
  let view = null; // null: the whole, however long it becomes

  const whole = () => app.durationMs();
  const now = () => view ?? { from: 0, to: whole() };
  /** @param {{ from: number, to: number }} wanted */
  function set(wanted) {
    view = wanted.to - wanted.from >= whole() ? null : wanted;
    app.emit("axis");
  }

  app.on("job", () => (view = null));
  // What is played stays in sight, a page at a time.
  app.on("time", (/** @type {number} */ ms) => {
    if (view && !(ms >= view.from && ms <= view.to)) set(moved({ from: ms, to: ms + view.to - view.from }, whole()));
  });
  return {
    now,
    isZoomed: () => view !== null,
    /** @param {number} ms @param {number} width px */
    x: (ms, width) => ((ms - now().from) / (now().to - now().from)) * width,
    /** @param {number} x @param {number} width px */
    ms: (x, width) => now().from + (x / Math.max(1, width)) * (now().to - now().from),
    /** @param {number} factor @param {number} at ms */
    zoom: (factor, at) => set(zoomed(now(), whole(), factor, at)),
    /** @param {number} by ms */
    pan: (by) => set(moved({ from: now().from + by, to: now().to + by }, whole())),
    show: set,
    reset: () => set({ from: 0, to: whole() }),
  };
}
