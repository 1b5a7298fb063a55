// The recording: its picture if it has one, controls, speed, and the words that are being said.
import { button, clock, make } from "./dom.js";
import { channelChoice } from "./listening.js";

const SKIP_MS = 5000;
const RATES = [0.5, 0.75, 1, 1.25, 1.5, 2];

export function player(app) {
  const { t } = app;
  const sound = make("audio", { preload: "metadata", "aria-label": t("player") });
  const film = make("video", { preload: "metadata", playsInline: true, hidden: true, className: "svw-film", title: t("wholeScreenHelp"), "aria-label": t("player") });
  let media = sound;
  let failed = false;
  const speed = make("select", { "aria-label": t("speed"), title: t("speed"), className: "svw-select" });
  for (const rate of RATES) speed.append(make("option", { value: rate, selected: rate === 1 }, `${rate}×`));
  speed.addEventListener("change", setSpeed);
  const start = button("▶", () => toggle(), { className: "svw-button svw-primary svw-start", "aria-label": t("play"), title: `${t("play")} (${t("key_space")})` });
  const backward = button("−5", () => skip(-SKIP_MS), { "aria-label": t("backward"), title: `${t("backward")} (←)` });
  const forward = button("+5", () => skip(SKIP_MS), { "aria-label": t("forward"), title: `${t("forward")} (→)` });
  const time = make("span", { className: "svw-now-time" });
  const volume = make("input", { type: "range", min: 0, max: 1, step: 0.05, value: 1, className: "svw-range", "aria-label": t("volume"), title: t("volume") });
  volume.addEventListener("input", () => [sound, film].forEach((each) => (each.volume = Number(volume.value))));
  const caption = make("p", { className: "svw-caption", "aria-live": "off" });
  const toWholeScreen = () => (film.requestFullscreen ?? film.webkitEnterFullscreen)?.call(film); // the second on an iPhone
  const wholeScreen = button("⛶", toWholeScreen, { "aria-label": t("wholeScreen"), title: t("wholeScreen"), hidden: true });
  const element = make("div", { className: "svw-player" }, film, make("div", { className: "svw-row svw-controls" }, start, backward, forward, speed, volume, channelChoice(app, [sound, film]).element, wholeScreen, time, caption, sound));

  function setSpeed() {
    for (const each of [sound, film]) each.playbackRate = each.defaultPlaybackRate = Number(speed.value);
  }

  function faster(by) {
    speed.selectedIndex = Math.min(RATES.length - 1, Math.max(0, speed.selectedIndex + by));
    setSpeed();
  }

  function tellTime(ms) {
    time.textContent = `${clock(ms)} / ${clock(app.job?.duration_ms ?? (media.duration || 0) * 1000)}`;
  }

  function tellPlaying() {
    const playing = !media.paused;
    start.textContent = playing ? "❚❚" : "▶";
    start.setAttribute("aria-label", t(playing ? "pause" : "play"));
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
    showFilm(media === film);
    film.muted = false;
    media.src = copy ? `${app.audio()}?as=opus` : app.audio();
    return at_s;
  }

  // Plays our own copy of the sound, on the clock of the rows; a picture that the browser shows goes along, mute.
  function useCopy(hasPicture) {
    const at_s = use(sound, true);
    if (hasPicture) {
      showFilm(true);
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
    if (media === sound) showFilm(false);
    if (media !== film || !film.hasAttribute("src")) return;
    const at_s = use(sound);
    if (at_s) sound.currentTime = at_s;
  }

  // The picture has no controls of its own: those below are for it, too, and the browser's in the whole screen.
  function showFilm(shown) {
    film.hidden = wholeScreen.hidden = !shown;
  }
  film.addEventListener("click", () => document.fullscreenElement !== film && toggle());
  film.addEventListener("dblclick", () => document.fullscreenElement !== film && toWholeScreen());
  document.addEventListener("fullscreenchange", () => (film.controls = document.fullscreenElement === film && media === film));

  film.addEventListener("error", onlySound);
  film.addEventListener("loadedmetadata", () => film.videoWidth || onlySound());
  sound.addEventListener("error", () => {
    if (!app.job || !sound.hasAttribute("src") || sound.src.includes("as=opus")) return;
    failed = app.goesOn(app.job); // whether there is anything to play is known at its end
    if (!failed) sound.src = `${app.audio()}?as=opus`;
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
    each.addEventListener("timeupdate", () => each === media && told(each.currentTime * 1000));
    for (const what of ["play", "pause", "ended", "emptied"]) each.addEventListener(what, tellPlaying);
  }
  // More often than the browser tells by itself, so that each word is marked while it is said.
  function tick() {
    if (media.paused) return;
    told(media.currentTime * 1000);
    requestAnimationFrame(tick);
  }
  for (const each of [sound, film]) each.addEventListener("playing", tick);

  function told(ms) {
    tellTime(ms);
    app.emit("time", ms);
  }
  app.on("job", ({ film: hasPicture, copy }) => {
    media.currentTime = 0;
    failed = false;
    if (app.nothingIn(app.job)) stop();
    else if (copy) useCopy(hasPicture);
    else use(hasPicture ? film : sound);
    setSpeed();
    caption.textContent = "";
    tellTime(0);
  });
  app.on("finished", ({ film: hasPicture, copy } = {}) => {
    tellTime(media.currentTime * 1000);
    if (app.nothingIn(app.job)) return stop();
    if ((copy || failed) && !sound.src.includes("as=opus")) {
      const playing = !media.paused;
      const at_s = useCopy(hasPicture);
      if (at_s) sound.currentTime = at_s;
      if (playing) sound.play().catch(() => {});
    }
    subtitle();
  });
  app.on("playing", (row) => (caption.textContent = row && !film.firstChild ? row.text : "")); // else it stands in the picture

  // The words on the picture, as they were corrected last.
  function subtitle() {
    if (media !== film) return;
    const src = `${app.api.base}/jobs/${app.job.id}/export?format=vtt&labels=${app.reader}&version=${app.version}`;
    film.replaceChildren(make("track", { kind: "captions", label: t("text"), default: true, src }));
  }

  function seek(ms, play) {
    media.currentTime = ms / 1000;
    told(ms);
    if (play) media.play().catch(() => {}); // a browser may want another click first
  }

  const toggle = () => (media.paused ? media.play().catch(() => {}) : media.pause());
  const skip = (ms) => seek(Math.max(0, media.currentTime * 1000 + ms), !media.paused);
  return { element, seek, toggle, skip, faster, stop, atMs: () => media.currentTime * 1000 };
}
