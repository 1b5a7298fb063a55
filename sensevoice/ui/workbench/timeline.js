// The map of a recording: a lane each for language, emotion, sounds and voices over one axis of time.
import { make } from "./dom.js";
import { colorOf } from "./colors.js";

const LANE = 22;
const CHANNELS = ["left", "right", ...Array.from({ length: 64 }, (_, at) => String(at + 1))];

export function ribbon(app) {
  const canvas = make("canvas", { className: "svw-ribbon", "aria-hidden": "true", title: app.t("map") });
  const tip = make("div", { className: "svw-tip", hidden: true });
  const head = make("div", { className: "svw-mark" });
  const names = make("div", { className: "svw-lanes" });
  const element = make(
    "div",
    { className: "svw-map" },
    names,
    make("div", { className: "svw-track" }, canvas, head, tip),
  );

  const TAGS = ["language", "emotion", "events"];

  // Where people or channels are told apart, one sees who speaks when, and who interrupts.
  const voice = (row) => (app.people.length > 1 ? row.speaker : row.channel);
  const voices = () => (app.people.length > 1 ? app.people.map(({ id }) => id) : CHANNELS.filter((name) => app.rows.some((row) => row.channel === name)));
  const lanes = () => [...TAGS, ...voices()];
  const laneName = (lane) => (TAGS.includes(lane) ? app.t(lane) : app.speakerName(lane) || app.channelName(lane));

  const tagsOf = (row, lane) => {
    if (lane === "events") return row.events.map((event) => event.name);
    if (!TAGS.includes(lane)) return voice(row) === lane ? [lane] : [];
    return row[lane] ? [row[lane]] : [];
  };

  function draw() {
    const shown = lanes();
    const width = Math.max(1, Math.floor(canvas.clientWidth));
    canvas.width = width;
    canvas.height = LANE * shown.length;
    canvas.style.height = `${canvas.height}px`;
    const titles = shown.map(laneName);
    const shownTitles = Array.from(names.children, (each) => each.textContent);
    if (titles.join("\n") !== shownTitles.join("\n")) names.replaceChildren(...titles.map((title) => make("span", { title }, title)));
    const context = canvas.getContext("2d");
    const scale = width / Math.max(1, app.durationMs());
    context.font = "12px system-ui, sans-serif";
    context.textBaseline = "middle";
    shown.forEach((lane, number) => {
      let labelled = -1;
      for (const row of app.rows) {
        for (const name of tagsOf(row, lane)) {
          const text = lane === name ? laneName(lane) : app.label(name);
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

  const at = (event) => (event.offsetX / canvas.clientWidth) * app.durationMs();
  canvas.addEventListener("click", (event) => app.play(at(event)));
  canvas.addEventListener("mousemove", (event) => {
    const row = app.rowAt(at(event));
    tip.hidden = !row;
    if (row) {
      tip.textContent = app.describe(row);
      tip.style.left = `${Math.min(event.offsetX, canvas.clientWidth - 220)}px`;
    }
  });
  canvas.addEventListener("mouseleave", () => (tip.hidden = true));
  app.on("rows", redraw);
  app.on("details", redraw);
  app.on("time", (ms) => (head.style.left = `${(100 * ms) / Math.max(1, app.durationMs())}%`));
  new ResizeObserver(redraw).observe(canvas);
  return { element };
}
