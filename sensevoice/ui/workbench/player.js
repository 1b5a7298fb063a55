// The recording: controls, speed, its waveform, and the words that are being said.
import { make } from "./dom.js";

export function player(bench) {
  const { t } = bench;
  const media = make("audio", { controls: true, preload: "metadata", "aria-label": t("player") });
  const speed = make("select", { "aria-label": t("speed"), className: "svw-select" });
  for (const rate of [0.75, 1, 1.25, 1.5, 2]) {
    speed.append(make("option", { value: rate, selected: rate === 1 }, `${rate}×`));
  }
  speed.addEventListener("change", () => (media.playbackRate = Number(speed.value)));
  const wave = make("canvas", { className: "svw-wave", height: 56, "aria-hidden": "true" });
  const caption = make("p", { className: "svw-caption", "aria-live": "off" });
  const element = make(
    "div",
    { className: "svw-player" },
    make("div", { className: "svw-row" }, media, speed),
    wave,
    caption,
  );
  let peaks = null;

  media.addEventListener("error", () => {
    if (media.src && !media.src.includes("as=opus")) media.src = `${bench.audio()}?as=opus`;
  });
  media.addEventListener("timeupdate", () => bench.emit("time", media.currentTime * 1000));
  wave.addEventListener("click", (event) => seek((event.offsetX / wave.clientWidth) * bench.durationMs(), true));
  bench.on("job", () => {
    media.src = bench.audio();
    peaks = null;
    caption.textContent = "";
    draw();
  });
  bench.on("finished", async () => {
    const id = bench.job.id;
    const found = await bench.api.get(`jobs/${id}/peaks`).catch(() => null);
    if (bench.job?.id === id) {
      peaks = found;
      draw();
    }
  });
  bench.on("playing", (row) => (caption.textContent = row ? row.text : ""));
  new ResizeObserver(draw).observe(wave);

  function draw() {
    const width = Math.max(1, Math.floor(wave.clientWidth));
    wave.width = width;
    const context = wave.getContext("2d");
    context.fillStyle = getComputedStyle(element).getPropertyValue("--svw-wave");
    if (!peaks) return context.fillRect(0, 27, width, 2);
    for (let x = 0; x < width; x += 1) {
      const first = Math.floor((x / width) * peaks.peaks.length);
      const last = Math.max(first + 1, Math.floor(((x + 1) / width) * peaks.peaks.length));
      let loudest = 0;
      for (let at = first; at < last; at += 1) loudest = Math.max(loudest, peaks.peaks[at] ?? 0);
      const height = Math.max(1, (loudest / 255) * 54);
      context.fillRect(x, 28 - height / 2, 1, height);
    }
  }

  function seek(ms, play) {
    media.currentTime = ms / 1000;
    bench.emit("time", ms);
    if (play) media.play().catch(() => {}); // a browser may want another click first
  }

  const toggle = () => (media.paused ? media.play().catch(() => {}) : media.pause());
  return { element, seek, toggle, media };
}
