// @ts-check
// Waveform and map on the axis of time: a lane a speaker or channel coloured by mood, one for sounds, one for
// the language where it changes. Where rows are narrower than a pixel or two: how much of what, a bin at a time.
import { button, clock, make } from "./dom.js";
import { colorOf, EMOTIONS } from "./colors.js";
import { tickMs } from "./axis.js";
import { gestures } from "./gestures.js";

const WAVE = 44;
const WAVE_MS = 2000; // between looks at how far the waveform of a running job is
const LANE = 18;
const BIN = 4; // px
const NARROW = 3; // px: rows that are narrower on average are drawn as bins
const ONE_LANGUAGE = 0.95; // share of the speech above which a lane for languages says nothing

/** @typedef {{ name: string, tagsOf: (row: any) => string[] }} Lane */

/**
 * Returns for each of so many bins of a stretch of time how many ms of it each tag takes.
 * @param {any[]} rows @param {(row: any) => string[]} tagsOf @param {{ from: number, binMs: number, count: number }} stretch
 * @returns {Map<string, number>[]}
 */
export function binsOf(rows, tagsOf, { from, binMs, count }) {
  /** @type {Map<string, number>[]} */
  const bins = Array.from({ length: count }, () => new Map());
  for (const row of rows) {
    for (const name of tagsOf(row)) {
      const first = Math.max(0, Math.floor((row.start_ms - from) / binMs));
      const last = Math.min(count - 1, Math.floor((row.end_ms - 1 - from) / binMs));
      for (let at = first; at <= last; at += 1) {
        const ms = Math.min(row.end_ms, from + (at + 1) * binMs) - Math.max(row.start_ms, from + at * binMs);
        bins[at].set(name, (bins[at].get(name) ?? 0) + ms);
      }
    }
  }
  return bins;
}

/** @param {any} app */
export function timeline(app) {
  const { t } = app;
  const wave = make("canvas", { className: "svw-wave", height: WAVE, "aria-hidden": "true" });
  const canvas = make("canvas", { className: "svw-timeline", "aria-hidden": "true" });
  const ticks = make("div", { className: "svw-ticks", "aria-hidden": "true" });
  const tip = make("div", { className: "svw-tip", hidden: true });
  const head = make("div", { className: "svw-mark" });
  const hover = make("div", { className: "svw-hover", hidden: true });
  const seen = make("div", { className: "svw-window" });
  const overview = make("div", { className: "svw-overview", hidden: true, "aria-hidden": "true" }, seen);
  const waiting = make("span", { className: "svw-waiting" }, t("waveComing"));
  const names = make("div", { className: "svw-lanes" });
  const track = make("div", { className: "svw-track", role: "img", "aria-label": t("map") }, wave, waiting, canvas, ticks, overview, head, hover, tip);
  const zooms = make(
    "div",
    { className: "svw-zooms" },
    button("−", () => zoom(2), { "aria-label": t("zoomOut"), title: t("zoomOut") }),
    button("+", () => zoom(0.5), { "aria-label": t("zoomIn"), title: t("zoomIn") }),
    button(t("zoomAll"), () => app.axis.reset(), { className: "svw-button svw-zoom-all", title: t("zoomAllHelp") }),
  );
  const element = make("div", { className: "svw-map" }, make("div", { className: "svw-side" }, zooms, names), track);
  /** @type {number[]} */
  let peaks = []; // loudness from 0 to 255, so many a second as the server says; of a running job as far as it is
  let perS = 20;
  let whole = false;
  let looking = 0;
  let atMs = 0;

  const zoom = (/** @type {number} */ factor) => app.axis.zoom(factor, Math.min(Math.max(atMs, app.axis.now().from), app.axis.now().to));

  /** @returns {Lane[]} */
  function lanes() {
    const present = new Map(app.rows.map((/** @type {any} */ row) => [app.who(row), row.speaker || row.channel || ""]));
    const ordered = [...present].sort((a, b) => a[1].localeCompare(b[1], "en", { numeric: true }));
    const people = ordered.map(([name]) => name).filter(Boolean);
    const ofMood = (/** @type {any} */ row) => (row.kind === "speech" ? [row.emotion && app.label(row.emotion) ? row.emotion : "NEUTRAL"] : []);
    const moods = people.length
      ? people.map((name) => ({ name: String(name), tagsOf: (/** @type {any} */ row) => (app.who(row) === name ? ofMood(row) : []) }))
      : [{ name: t("emotion"), tagsOf: ofMood }];
    const sounds = { name: t("events"), tagsOf: (/** @type {any} */ row) => row.events.map((/** @type {any} */ event) => event.name) };
    const languages = { name: t("language"), tagsOf: (/** @type {any} */ row) => (row.language ? [row.language] : []) };
    return [...moods, sounds, ...(severalLanguages() ? [languages] : [])];
  }

  function severalLanguages() {
    const times = new Map();
    for (const row of app.rows) if (row.language && row.kind === "speech") times.set(row.language, (times.get(row.language) ?? 0) + row.end_ms - row.start_ms);
    const all = [...times.values()].reduce((sum, ms) => sum + ms, 0);
    return Math.max(0, ...times.values()) < ONE_LANGUAGE * all;
  }

  /** @param {any} context @param {Lane} lane @param {number} top @param {number} width @param {any[]} rows */
  function drawRows(context, lane, top, width, rows) {
    let labelled = -1;
    for (const row of rows) {
      for (const name of lane.tagsOf(row)) {
        const x = app.axis.x(row.start_ms, width);
        const length = Math.max(1, app.axis.x(row.end_ms, width) - x - 0.5);
        context.fillStyle = colorOf(name);
        context.fillRect(x, top + 2, length, LANE - 4);
        const text = name === "NEUTRAL" ? "" : app.label(name);
        if (text && x > labelled && context.measureText(text).width + 6 < length) {
          context.fillStyle = "#fff";
          context.fillText(text, Math.max(0, x) + 3, top + LANE / 2 + 0.5);
        }
        labelled = Math.max(labelled, x);
      }
    }
  }

  // Of each bin: how much of it each tag takes, moods in a fixed order from the bottom.
  /** @param {any} context @param {Lane} lane @param {number} top @param {number} width @param {any[]} rows */
  function drawBins(context, lane, top, width, rows) {
    const { from, to } = app.axis.now();
    const binMs = ((to - from) / width) * BIN;
    const bins = binsOf(rows, lane.tagsOf, { from, binMs, count: Math.ceil(width / BIN) });
    const order = (/** @type {string} */ name) => (EMOTIONS.includes(name) ? EMOTIONS.indexOf(name) : name === "NEUTRAL" ? 99 : 50);
    bins.forEach((bin, at) => {
      let bottom = top + LANE - 2;
      for (const [name, ms] of [...bin].sort((a, b) => order(a[0]) - order(b[0]))) {
        const height = Math.min(bottom - top - 2, ((LANE - 4) * ms) / binMs);
        context.fillStyle = colorOf(name);
        context.fillRect(at * BIN, bottom - height, BIN - 0.5, height);
        bottom -= height;
      }
    });
  }

  function draw() {
    const shown = lanes();
    const width = fit(canvas, LANE * shown.length);
    const { from, to } = app.axis.now();
    const rows = app.rows.map(app.sure.seen).filter((/** @type {any} */ row) => row.end_ms > from && row.start_ms < to);
    if ([...names.children].map((each) => each.textContent).join("\n") !== shown.map((lane) => lane.name).join("\n")) {
      names.replaceChildren(...shown.map((lane) => make("span", { title: lane.name }, lane.name)));
    }
    const context = canvas.getContext("2d");
    context.font = "11px system-ui, sans-serif";
    context.textBaseline = "middle";
    const narrow = width / Math.max(1, rows.length) < NARROW;
    shown.forEach((lane, number) => (narrow ? drawBins : drawRows)(context, lane, number * LANE, width, rows));
    drawWave();
    drawTicks(width);
    const whole = app.durationMs();
    overview.hidden = !app.axis.isZoomed();
    seen.style.left = `${(100 * from) / whole}%`;
    seen.style.width = `${Math.max(0.5, (100 * (to - from)) / whole)}%`;
    place(head, atMs);
  }

  function drawWave() {
    const width = fit(wave, WAVE);
    const context = wave.getContext("2d");
    context.fillStyle = getComputedStyle(element).getPropertyValue("--svw-wave");
    waiting.hidden = whole || !app.job;
    waiting.textContent = peaks.length ? t("waveSoFar", { time: clock((1000 * peaks.length) / perS) }) : t("waveComing");
    const { from, to } = app.axis.now();
    const perMs = perS / 1000;
    const [start, step] = [from * perMs, ((to - from) * perMs) / width];
    for (let x = 0; x < width; x += 1) {
      const first = Math.floor(start + x * step);
      const last = Math.max(first + 1, Math.floor(start + (x + 1) * step));
      let loudest = 0;
      for (let at = first; at < last; at += 1) loudest = Math.max(loudest, peaks[at] ?? 0);
      const height = Math.max(1, (loudest / 255) * (WAVE - 2));
      context.fillRect(x, (WAVE - height) / 2, 1, height);
    }
  }

  /** @param {number} width */
  function drawTicks(width) {
    const { from, to } = app.axis.now();
    const step = tickMs(to - from, width);
    const marks = [];
    for (let ms = Math.ceil(from / step) * step; ms <= to; ms += step) {
      const mark = make("span", {}, clock(ms));
      const x = app.axis.x(ms, width);
      mark.style.left = `${x}px`;
      if (x > width - 44) mark.className = "svw-last";
      if (x <= width - 44 || app.axis.x(from + step, width) > 150) marks.push(mark);
    }
    ticks.replaceChildren(...marks);
  }

  /** @param {any} made @param {number} height @returns {number} */
  function fit(made, height) {
    const width = Math.max(1, Math.floor(made.clientWidth));
    made.width = width;
    made.height = height;
    made.style.height = `${height}px`;
    return width;
  }

  /** @param {HTMLElement} line @param {number} ms */
  function place(line, ms) {
    const share = app.axis.x(ms, 100);
    line.style.left = `${share}%`;
    line.style.visibility = share < 0 || share > 100 ? "hidden" : "visible";
  }

  let asked = false;
  const redraw = () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      draw();
    });
  };

  /** @param {any} event */
  const timeAt = (event) => {
    const box = track.getBoundingClientRect();
    return app.axis.ms(event.clientX - box.left, box.width);
  };
  const fingers = gestures(track, app);
  track.addEventListener("click", (/** @type {any} */ event) => app.job && !(event.pointerType === "touch" && fingers.dragged()) && app.play(Math.max(0, timeAt(event))));
  track.addEventListener("mousemove", (/** @type {any} */ event) => {
    const ms = timeAt(event);
    const row = app.rowAt(ms);
    tip.hidden = !app.job;
    app.emit("hover", app.job ? ms : null);
    tip.textContent = row ? `${clock(ms)} · ${app.describe(row)}` : clock(ms);
    const box = track.getBoundingClientRect();
    tip.style.left = `${Math.max(0, Math.min(event.clientX - box.left, box.width - tip.offsetWidth))}px`;
  });
  track.addEventListener("mouseleave", () => {
    tip.hidden = true;
    app.emit("hover", null);
  });
  app.on("hover", (/** @type {number | null} */ ms) => {
    hover.hidden = ms === null;
    if (ms !== null) place(hover, ms);
  });
  for (const event of ["rows", "details", "axis", "sure"]) app.on(event, redraw);
  app.on("time", (/** @type {number} */ ms) => {
    atMs = ms;
    place(head, ms);
  });
  app.on("job", (/** @type {any} */ job) => {
    clearTimeout(looking);
    peaks = [];
    whole = false;
    atMs = 0;
    redraw();
    if (app.goesOn(job)) look(job.id);
  });
  app.on("closed", () => clearTimeout(looking));
  app.on("finished", async () => {
    const id = app.job.id;
    clearTimeout(looking);
    if (whole || app.nothingIn(app.job) || !(await fetchPeaks(id))) return;
    whole = true;
    app.emit("peaks", peaks);
    redraw();
  });

  // Fetches what has been made of the waveform since the last time.
  /** @param {string} id */
  async function fetchPeaks(id) {
    const found = await app.api.get(`jobs/${id}/peaks?from=${peaks.length}`, { signal: app.leaving.signal }).catch(() => null);
    if (app.job?.id !== id || !found) return false;
    peaks = [...peaks.slice(0, found.from), ...found.peaks];
    perS = found.per_s;
    return true;
  }

  /** @param {string} id */
  async function look(id) {
    if (await fetchPeaks(id)) redraw();
    if (app.job?.id === id && app.goesOn(app.job)) looking = window.setTimeout(() => look(id), WAVE_MS);
  }
  new ResizeObserver(redraw).observe(canvas);
  return { element };
}
