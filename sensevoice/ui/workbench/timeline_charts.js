// What changes over the time of a recording: the emotions of the speech, and how fast people speak.
import { clock, make } from "./dom.js";
import { colorOf } from "./colors.js";

const WIDTH = 600;
const HEIGHT = 96;

function picture(title, data, draw) {
  const svg = (tag, values, text) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(values)) node.setAttribute(name, value);
    if (text) node.append(Object.assign(document.createElementNS("http://www.w3.org/2000/svg", "title"), { textContent: text }));
    return node;
  };
  const canvas = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", class: "svw-course", role: "img", "aria-label": title });
  data.forEach((bin, number) => draw(svg, canvas, bin, (number * WIDTH) / data.length, WIDTH / data.length));
  return canvas;
}

export function courseCharts(app, { emotions, rates }) {
  const { t } = app;
  const named = [...new Set(emotions.flatMap((bin) => bin.emotions.map(([name]) => name)))].filter((name) => app.label(name));
  const parts = [];
  if (named.length) {
    const chart = picture(t("emotionOverTime"), emotions, (svg, canvas, bin, x, width) => {
      const total = Math.max(bin.speech_ms, 1);
      let top = HEIGHT;
      for (const [name, ms] of bin.emotions) {
        if (!app.label(name)) continue;
        const height = Math.min(top, (HEIGHT * ms) / total);
        top -= height;
        const text = `${clock(bin.start_ms)} · ${app.label(name)} ${Math.round((100 * ms) / total)} %`;
        canvas.append(svg("rect", { x, y: top, width: Math.max(1, width - 1), height, fill: colorOf(name) }, text));
      }
    });
    const legend = named.map((name) => {
      const mark = make("span", { className: "svw-tag" }, app.label(name));
      mark.style.setProperty("--svw-chip", colorOf(name));
      return mark;
    });
    parts.push(make("h3", {}, t("emotionOverTime")), chart, make("div", { className: "svw-row" }, ...legend));
  }
  for (const [key, unit] of [["characters_per_minute", "charactersPerMinute"], ["words_per_minute", "wordsPerMinute"]]) {
    const fastest = Math.max(0, ...rates.map((bin) => bin[key] ?? 0));
    if (!fastest) continue;
    const title = `${t("rateOverTime")} (${t(unit)}, ≤ ${Math.round(fastest)})`;
    const chart = picture(title, rates, (svg, canvas, bin, x, width) => {
      const height = (HEIGHT * (bin[key] ?? 0)) / fastest;
      const text = `${clock(bin.start_ms)} · ${Math.round(bin[key] ?? 0)} ${t(unit)}`;
      canvas.append(svg("rect", { x, y: HEIGHT - height, width: Math.max(1, width - 1), height, fill: "#0f766e" }, text));
    });
    parts.push(make("h3", {}, title), chart);
  }
  return parts;
}
