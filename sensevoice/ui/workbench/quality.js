// @ts-check
// The quality of a recording: advice that can be followed with a click, its tracks, and what may have been missed.
import { button, clock, make, once } from "./dom.js";

const list = (/** @type {Node[]} */ items) => make("ul", { className: "svw-list" }, ...items);

const LOUD = 0.1; // of what the loudest twentieth of a recording reaches: what is below is no speech
const LOUD_MS = 300; // a click is none either

/** @param {number[]} peaks @returns {number} what the loudest twentieth of them reaches */
export const levelOf = (peaks) => [...peaks].sort((a, b) => a - b)[Math.floor(0.95 * (peaks.length - 1))] ?? 0;

/**
 * Returns whether there is something to hear in a part of a recording.
 * @param {number[]} peaks @param {number} level of the recording @param {number} whole ms
 * @param {{ start_ms: number, end_ms: number }} part
 */
export function isLoud(peaks, level, whole, { start_ms, end_ms }) {
  const at = (/** @type {number} */ ms) => Math.floor((ms / whole) * peaks.length);
  const loud = peaks.slice(at(start_ms), at(end_ms)).filter((peak) => peak > LOUD * level).length;
  return level > 0 && (loud / peaks.length) * whole >= LOUD_MS;
}

/** @param {any} app */
export function coverage(app) {
  const { t, api } = app;
  const element = make("div");
  const missed = make("div");
  /** @type {number[] | null} */
  let peaks = null;

  /** @param {{ start_ms: number, end_ms: number }} gap */
  function gapLine(gap) {
    const hear = once(() => app.corrections.change(() => api.post(`jobs/${app.job.id}/transcribe`, gap), (/** @type {any} */ data) => t("heardGap", { n: data.segments })));
    return make(
      "li",
      {},
      make("span", {}, `${clock(gap.start_ms)} – ${clock(gap.end_ms)}`),
      button(t("play"), () => app.play(gap.start_ms), { "aria-label": `${t("play")} ${clock(gap.start_ms)}` }),
      button(t("hearThis"), hear, { "aria-label": `${t("hearThis")} ${clock(gap.start_ms)}` }),
    );
  }

  // Advice that can be taken with a click: two people on two channels.
  /** @param {any} item */
  function adviceLine(item) {
    const separable = item.name === "channels_differ" && app.job.settings.channel !== "split";
    const act = separable ? button(t("splitChannels"), () => again({ channel: "split" }), { className: "svw-button svw-primary" }) : null;
    return make("li", {}, make("span", {}, app.told(item)), act);
  }

  const again = once(async (/** @type {Record<string, unknown>} */ options) => {
    const data = await app.attempt(() => api.post(`jobs/${app.job.id}/again`, options));
    if (data) await app.open(data.id);
  });

  // Only where a file has several tracks, such as a film in two languages.
  /** @param {any} details */
  function tracks({ media }) {
    const found = media?.tracks ?? [];
    if (found.length < 2) return "";
    const choice = make("select", { className: "svw-select", "aria-label": t("track") });
    for (const { number, language, title } of found) {
      const named = [`${t("track")} ${number}`, language, title].filter(Boolean).join(" · ");
      choice.append(make("option", { value: number, selected: number === media.track }, named));
    }
    const start = button(t("hearTrack"), () => again({ track: Number(choice.value) }));
    return make("p", { className: "svw-row svw-track-choice" }, t("tracks", { n: found.length }), choice, start);
  }

  app.on("details", (/** @type {any} */ details) => {
    const { speech_ms, sound_ms, total_ms, gaps } = details.coverage;
    const percent = (/** @type {number} */ ms) => Math.round((100 * ms) / Math.max(1, total_ms));
    const found = details.diagnostics.map(adviceLine);
    app.tabs.count("quality", found.length);
    element.replaceChildren(
      make("h3", {}, t("diagnostics")),
      found.length ? list(found) : make("p", { className: "svw-quiet" }, t(speech_ms ? "noDiagnostics" : "noSpeech")),
      tracks(details),
      make("p", { className: "svw-quiet" }, t("speechShare", { n: percent(speech_ms), m: percent(sound_ms) })),
      make("h3", {}, t("gaps")),
      missed,
    );
    drawGaps(gaps);
  });
  app.on("peaks", (/** @type {number[]} */ found) => {
    peaks = found;
    if (app.job.coverage) drawGaps(app.job.coverage.gaps);
  });

  // Silence was not missed; that there was some is said all the same.
  /** @param {{ start_ms: number, end_ms: number }[]} gaps */
  function drawGaps(gaps) {
    const level = peaks ? levelOf(peaks) : 0;
    const heard = gaps.filter((gap) => !peaks || isLoud(peaks, level, app.durationMs(), gap));
    const quiet = gaps.length - heard.length;
    missed.replaceChildren(
      heard.length ? list(heard.map(gapLine)) : make("p", { className: "svw-quiet" }, t(gaps.length ? "noLoudGaps" : "noGaps")),
      quiet && heard.length ? make("p", { className: "svw-quiet" }, t("quietGaps", { n: quiet })) : "",
    );
  }
  app.on("job", () => {
    peaks = null;
    element.replaceChildren();
    app.tabs.count("quality", 0);
  });
  return { element };
}
