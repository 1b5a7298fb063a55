// The map of a recording: a lane each for language, emotion, sounds and channels over one axis of time.
import { make } from "./dom.js";
import { colorOf } from "./colors.js";

const LANE = 22;
const CHANNELS = ["left", "right"];

export function ribbon(bench) {
  const canvas = make("canvas", { className: "svw-ribbon", "aria-hidden": "true", title: bench.t("map") });
  const tip = make("div", { className: "svw-tip", hidden: true });
  const head = make("div", { className: "svw-mark" });
  const names = make("div", { className: "svw-lanes" });
  const element = make(
    "div",
    { className: "svw-map" },
    names,
    make("div", { className: "svw-track" }, canvas, head, tip),
  );

  // Where left and right were recognised each on their own, one sees who speaks when, and who interrupts.
  const lanes = () => ["language", "emotion", "events", ...CHANNELS.filter((name) => bench.rows.some((row) => row.channel === name))];
  const laneName = (lane) => (CHANNELS.includes(lane) ? bench.channelName(lane) : bench.t(lane));

  const tagsOf = (row, lane) => {
    if (lane === "events") return row.events.map((event) => event.name);
    if (CHANNELS.includes(lane)) return row.channel === lane ? [lane] : [];
    return row[lane] ? [row[lane]] : [];
  };

  function draw() {
    const shown = lanes();
    const width = Math.max(1, Math.floor(canvas.clientWidth));
    canvas.width = width;
    canvas.height = LANE * shown.length;
    canvas.style.height = `${canvas.height}px`;
    if (names.children.length !== shown.length) names.replaceChildren(...shown.map((lane) => make("span", {}, laneName(lane))));
    const context = canvas.getContext("2d");
    const scale = width / Math.max(1, bench.durationMs());
    context.font = "12px system-ui, sans-serif";
    context.textBaseline = "middle";
    shown.forEach((lane, number) => {
      let labelled = -1;
      for (const row of bench.rows) {
        for (const name of tagsOf(row, lane)) {
          const text = lane === name ? laneName(lane) : bench.label(name);
          if (!text) continue;
          const x = row.start_ms * scale;
          const length = Math.max(1, (row.end_ms - row.start_ms) * scale - 0.5);
          context.fillStyle = colorOf(name);
          context.fillRect(x, number * LANE + 2, length, LANE - 4);
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
