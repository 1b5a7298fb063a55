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

  function use(chosen, copy = false) {
    const at_s = media.currentTime;
    stop();
    media = chosen;
    sound.hidden = media !== sound;
    film.hidden = media !== film;
    film.muted = false;
    film.controls = true;
    media.src = copy ? `${app.audio()}?as=opus` : app.audio();
    return at_s;
  }

  // Plays our own copy of the sound, on the clock of the rows; a picture that the browser shows goes along, mute.
  function useCopy(hasPicture) {
    const at_s = use(sound, true);
    if (hasPicture) {
      film.hidden = film.controls = false;
      film.muted = true;
      film.src = app.audio();
    }
    return at_s;
  }

  // The picture follows the sound where both are played.
  function follow() {
    if (media !== sound || film.hidden || !film.hasAttribute("src")) return;
    if (Math.abs(film.currentTime - sound.currentTime) > 0.15) film.currentTime = sound.currentTime;
    if (film.paused !== sound.paused) sound.paused ? film.pause() : film.play().catch(() => {});
  }

  // Not every film has a picture that this browser can show; its sound is heard all the same.
  function onlySound() {
    if (media === sound) film.hidden = true;
    if (media !== film || !film.hasAttribute("src")) return;
    const at_s = use(sound);
    if (at_s) sound.currentTime = at_s;
  }

  film.addEventListener("error", onlySound);
  film.addEventListener("loadedmetadata", () => film.videoWidth || onlySound());
  sound.addEventListener("error", () => {
    if (sound.hasAttribute("src") && !sound.src.includes("as=opus")) sound.src = `${app.audio()}?as=opus`;
  });
  // A browser that counts another length than we do goes to other places, too.
  sound.addEventListener("loadedmetadata", () => {
    const ours = app.job?.state === "done" ? app.job.duration_ms : 0;
    if (!ours || sound.src.includes("as=opus") || Math.abs(sound.duration - ours / 1000) <= 0.3) return;
    const at_s = useCopy(false);
    if (at_s) sound.currentTime = at_s;
  });
  for (const what of ["play", "pause", "seeked", "timeupdate"]) sound.addEventListener(what, follow);
  for (const each of [sound, film]) {
    each.addEventListener("timeupdate", () => each === media && app.emit("time", each.currentTime * 1000));
  }
  wave.addEventListener("click", (event) => seek((event.offsetX / wave.clientWidth) * app.durationMs(), true));
  app.on("job", ({ film: hasPicture, copy }) => {
    media.currentTime = 0;
    if (copy) useCopy(hasPicture);
    else use(hasPicture ? film : sound);
    setSpeed();
    peaks = null;
    caption.textContent = "";
    draw();
  });
  app.on("finished", async ({ film: hasPicture, copy } = {}) => {
    const id = app.job.id;
    if (copy && !sound.src.includes("as=opus")) {
      const playing = !media.paused;
      const at_s = useCopy(hasPicture);
      if (at_s) sound.currentTime = at_s;
      if (playing) sound.play().catch(() => {});
    }
    subtitle();
    const found = await app.api.get(`jobs/${id}/peaks`, { signal: app.leaving.signal }).catch(() => null);
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
