// The map of a recording: a lane each for language, emotion and sounds over one axis of time.
import { make } from "./dom.js";
import { colorOf } from "./colors.js";

const LANE = 22;
const LANES = ["language", "emotion", "events"];

export function ribbon(bench) {
  const canvas = make("canvas", { className: "svw-ribbon", "aria-hidden": "true", title: bench.t("map") });
  const tip = make("div", { className: "svw-tip", hidden: true });
  const head = make("div", { className: "svw-mark" });
  const names = make("div", { className: "svw-lanes" }, ...LANES.map((lane) => make("span", {}, bench.t(lane))));
  const element = make(
    "div",
    { className: "svw-map" },
    names,
    make("div", { className: "svw-track" }, canvas, head, tip),
  );
  canvas.height = LANE * LANES.length;

  const tagsOf = (row, lane) =>
    lane === "events" ? row.events.map((event) => event.name) : row[lane] ? [row[lane]] : [];

  function draw() {
    const width = Math.max(1, Math.floor(canvas.clientWidth));
    canvas.width = width;
    const context = canvas.getContext("2d");
    const scale = width / Math.max(1, bench.durationMs());
    context.font = "12px system-ui, sans-serif";
    context.textBaseline = "middle";
    LANES.forEach((lane, number) => {
      let labelled = -1;
      for (const row of bench.rows) {
        for (const name of tagsOf(row, lane)) {
          if (!bench.label(name)) continue;
          const x = row.start_ms * scale;
          const length = Math.max(1, (row.end_ms - row.start_ms) * scale - 0.5);
          context.fillStyle = colorOf(name);
          context.fillRect(x, number * LANE + 2, length, LANE - 4);
          const text = bench.label(name);
          if (x > labelled && context.measureText(text).width + 6 < length) {
            context.fillStyle = "#fff";
            context.fillText(text, x + 3, number * LANE + LANE / 2);
          }
          labelled = Math.max(labelled, x);
        }
      }
    });
  }

  let waiting = false;
  const redraw = () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      draw();
    });
  };

  const at = (event) => (event.offsetX / canvas.clientWidth) * bench.durationMs();
  canvas.addEventListener("click", (event) => bench.play(at(event)));
  canvas.addEventListener("mousemove", (event) => {
    const row = bench.rowAt(at(event));
    tip.hidden = !row;
    if (row) {
      tip.textContent = bench.describe(row);
      tip.style.left = `${Math.min(event.offsetX, canvas.clientWidth - 220)}px`;
    }
  });
  canvas.addEventListener("mouseleave", () => (tip.hidden = true));
  bench.on("rows", redraw);
  bench.on("details", redraw);
  bench.on("time", (ms) => (head.style.left = `${(100 * ms) / Math.max(1, bench.durationMs())}%`));
  new ResizeObserver(redraw).observe(canvas);
  return { element };
}
