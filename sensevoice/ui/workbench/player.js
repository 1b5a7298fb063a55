// The recording: its picture if it has one, controls, speed, its waveform, and the words that are being said.
import { make } from "./dom.js";

export function player(app) {
  const { t } = app;
  const sound = make("audio", { controls: true, preload: "metadata", "aria-label": t("player") });
  const film = make("video", { controls: true, preload: "metadata", playsInline: true, hidden: true, className: "svw-film", "aria-label": t("player") });
  let media = sound;
  const speed = make("select", { "aria-label": t("speed"), className: "svw-select" });
  for (const rate of [0.75, 1, 1.25, 1.5, 2]) {
    speed.append(make("option", { value: rate, selected: rate === 1 }, `${rate}×`));
  }
  speed.addEventListener("change", setSpeed);
  const wave = make("canvas", { className: "svw-wave", height: 56, "aria-hidden": "true" });
  const caption = make("p", { className: "svw-caption", "aria-live": "off" });
  const element = make("div", { className: "svw-player" }, film, make("div", { className: "svw-row" }, sound, speed), wave, caption);
  let peaks = null;

  function setSpeed() {
    for (const each of [sound, film]) each.playbackRate = each.defaultPlaybackRate = Number(speed.value);
  }

  // Lets go of what played before: a browser keeps few connections to one address.
  function stop() {
    for (const each of [sound, film]) {
      each.removeAttribute("src");
      each.replaceChildren();
      each.load();
    }
  }

  function use(chosen) {
    const at_s = media.currentTime;
    stop();
    media = chosen;
    sound.hidden = media !== sound;
    film.hidden = media !== film;
    media.src = app.audio();
    return at_s;
  }

  // Not every film has a picture that this browser can show; its sound is heard all the same.
  function onlySound() {
    if (media !== film || !film.hasAttribute("src")) return;
    const at_s = use(sound);
    if (at_s) sound.currentTime = at_s;
  }

  film.addEventListener("error", onlySound);
  film.addEventListener("loadedmetadata", () => film.videoWidth || onlySound());
  sound.addEventListener("error", () => {
    if (sound.hasAttribute("src") && !sound.src.includes("as=opus")) sound.src = `${app.audio()}?as=opus`;
  });
  for (const each of [sound, film]) {
    each.addEventListener("timeupdate", () => each === media && app.emit("time", each.currentTime * 1000));
  }
  wave.addEventListener("click", (event) => seek((event.offsetX / wave.clientWidth) * app.durationMs(), true));
  app.on("job", ({ film: hasPicture }) => {
    media.currentTime = 0;
    use(hasPicture ? film : sound);
    setSpeed();
    peaks = null;
    caption.textContent = "";
    draw();
  });
  app.on("finished", async () => {
    const id = app.job.id;
    subtitle();
    const found = await app.api.get(`jobs/${id}/peaks`).catch(() => null);
    if (app.job?.id === id) {
      peaks = found;
      draw();
    }
  });
  app.on("playing", (row) => (caption.textContent = row ? row.text : ""));
  new ResizeObserver(draw).observe(wave);

  // The words on the picture, as they were corrected last.
  function subtitle() {
    if (media !== film) return;
    const src = `${app.api.base}/jobs/${app.job.id}/export?format=vtt&labels=${app.reader}&version=${app.version}`;
    film.replaceChildren(make("track", { kind: "captions", label: t("text"), default: true, src }));
  }

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
    app.emit("time", ms);
    if (play) media.play().catch(() => {}); // a browser may want another click first
  }

  const toggle = () => (media.paused ? media.play().catch(() => {}) : media.pause());
  const skip = (ms) => seek(Math.max(0, media.currentTime * 1000 + ms), !media.paused);
  return { element, seek, toggle, skip, stop };
}
