// @ts-check
// What changes over the time of a recording: the emotions of the speech, and how fast people speak.
import { clock, make } from "../dom.js";
import { colorOf, EMOTIONS } from "../colors.js";
import { tickMs } from "../axis.js";

const WIDTH = 1000;
const HEIGHT = 96;

/** @param {string} tag @param {Record<string, any>} values @param {string} [text] */
function svg(tag, values, text) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(values)) node.setAttribute(name, String(value));
  if (text) node.append(Object.assign(document.createElementNS("http://www.w3.org/2000/svg", "title"), { textContent: text }));
  return node;
}

/**
 * A bar chart over the axis of the map, with the same two lines: what is played, and the time under the cursor,
 * be it here or on the map, which is wider. A click on a bin plays it.
 * @param {any} app @param {string} title @param {string} top what the upper edge stands for
 * @param {{ start_ms: number, end_ms: number }[]} bins
 * @param {(bin: any) => { fraction: number, color: string, text: string }[]} stack from the bottom
 * @param {string} told what the picture shows, in words
 */
function chart(app, title, top, bins, stack, told) {
  const { from, to } = app.axis.now();
  const x = (/** @type {number} */ ms) => ((ms - from) / (to - from)) * WIDTH;
  const canvas = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", class: "svw-course", role: "img", "aria-label": `${title}: ${told}` });
  for (const bin of bins) {
    const [left, right] = [Math.max(0, x(bin.start_ms)), Math.min(WIDTH, x(bin.end_ms))];
    if (right <= left) continue;
    let bottom = HEIGHT;
    for (const { fraction, color, text } of stack(bin)) {
      const height = Math.min(bottom, HEIGHT * fraction);
      bottom -= height;
      const part = svg("rect", { x: left, y: bottom, width: Math.max(1, right - left - 1), height, fill: color }, text);
      part.addEventListener("click", () => app.play(bin.start_ms));
      canvas.append(part);
    }
  }
  const marks = [];
  const step = tickMs(to - from, 700);
  for (let ms = Math.ceil(from / step) * step; ms < to; ms += step) {
    const mark = make("span", {}, clock(ms));
    mark.style.left = `${(100 * (ms - from)) / (to - from)}%`;
    marks.push(mark);
  }
  const plot = make("div", { className: "svw-plot" }, canvas, make("div", { className: "svw-mark" }), make("div", { className: "svw-hover", hidden: true }));
  plot.addEventListener("mousemove", (/** @type {MouseEvent} */ event) => {
    const box = plot.getBoundingClientRect();
    app.emit("hover", app.axis.ms(event.clientX - box.left, box.width));
  });
  plot.addEventListener("mouseleave", () => app.emit("hover", null));
  const figure = make("div", { className: "svw-figure" }, make("span", { className: "svw-scale" }, top), make("span", { className: "svw-scale svw-zero" }, "0"), plot);
  return make("section", {}, make("h3", {}, title), figure, make("div", { className: "svw-ticks svw-chart-ticks", "aria-hidden": "true" }, ...marks));
}

/** @param {any} app @param {{ emotions: any[], rates: any[] }} data */
export function courseCharts(app, { emotions, rates }) {
  const { t } = app;
  const whole = app.durationMs();
  const ended = (/** @type {any[]} */ bins) => bins.map((bin, at) => ({ ...bin, end_ms: bins[at + 1]?.start_ms ?? whole }));
  const named = EMOTIONS.filter((name) => emotions.some((bin) => bin.emotions.some((/** @type {[string, number]} */ [found]) => found === name)));
  const parts = [];
  if (named.length) {
    const share = (/** @type {any} */ bin, /** @type {string} */ name) => (bin.emotions.find((/** @type {[string, number]} */ [found]) => found === name)?.[1] ?? 0) / Math.max(1, bin.speech_ms);
    const stack = (/** @type {any} */ bin) =>
      named.map((name) => {
        const fraction = share(bin, name);
        return { fraction, color: colorOf(name), text: `${clock(bin.start_ms)} · ${app.label(name)} ${Math.round(100 * fraction)} % · ${quote(app, bin, name)}` };
      });
    const legend = named.map((name) => {
      const mark = make("span", { className: "svw-tag svw-emotion" }, app.label(name));
      mark.style.setProperty("--svw-chip", colorOf(name));
      return mark;
    });
    const told = named.map((name) => t("mostAt", { name: app.label(name), ...largest(emotions, (bin) => Math.round(100 * share(bin, name)), "%") })).join(t("listed"));
    parts.push(chart(app, `${t("emotionOverTime")} · ${t("ofSpeech")}`, "100 %", ended(emotions), stack, told), make("div", { className: "svw-row" }, ...legend));
  }
  for (const [key, unit] of [["characters_per_minute", "charactersPerMinute"], ["words_per_minute", "wordsPerMinute"]]) {
    const fastest = Math.max(0, ...rates.map((bin) => bin[key] ?? 0));
    if (!fastest) continue;
    const stack = (/** @type {any} */ bin) => [{ fraction: (bin[key] ?? 0) / fastest, color: "#64748b", text: `${clock(bin.start_ms)} · ${Math.round(bin[key] ?? 0)} ${t(unit)}` }];
    const told = t("mostAt", { name: t("speechRate"), ...largest(rates, (bin) => Math.round(bin[key] ?? 0), t(unit)) });
    parts.push(chart(app, `${t("rateOverTime")} · ${t(unit)}`, String(Math.round(fastest)), ended(rates), stack, told));
  }
  return parts;
}

// Where a value is largest, and how large it is there.
/** @param {any[]} bins @param {(bin: any) => number} valueOf @param {string} unit */
function largest(bins, valueOf, unit) {
  const most = bins.reduce((found, bin) => (valueOf(bin) > valueOf(found) ? bin : found));
  return { time: clock(most.start_ms), value: `${valueOf(most)} ${unit}` };
}

/**
 * Puts a line of each chart at a time, or hides it where that is out of sight.
 * @param {any} app @param {Element} charts @param {"svw-mark" | "svw-hover"} line @param {number | null} ms
 */
export function placeLines(app, charts, line, ms) {
  const share = ms === null ? -1 : app.axis.x(ms, 100);
  for (const made of /** @type {NodeListOf<HTMLElement>} */ (charts.querySelectorAll(`.${line}`))) {
    made.hidden = share < 0 || share > 100;
    made.style.left = `${share}%`;
  }
}

// The first sentence of a bin that was said in a mood.
/** @param {any} app @param {{ start_ms: number, end_ms: number }} bin @param {string} name */
const quote = (app, { start_ms, end_ms }, name) =>
  app.rows.find((/** @type {any} */ row) => row.emotion === name && row.start_ms < end_ms && row.end_ms > start_ms)?.text ?? "";
