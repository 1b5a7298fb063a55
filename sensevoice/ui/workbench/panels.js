// @ts-check
// What stands behind the tabs beside the rows: key moments and shares of time, and the quality of the recording.
import { button, clock, make, once } from "./dom.js";
import { colorOf } from "./colors.js";
import { courseCharts, placeLines } from "./timeline_charts.js";

const MOMENTS = 50; // that are listed before somebody asks for the rest

const list = (/** @type {Node[]} */ items) => make("ul", { className: "svw-list" }, ...items);

/** @param {any} app */
export function highlights(app) {
  const { t } = app;
  const element = make("section", { className: "svw-highlights" });
  /** @type {Set<string>} */
  const left = new Set(); // kinds that are not shown
  /** @type {any[]} */
  let items = [];
  let listed = MOMENTS;

  /** @param {any} item */
  function line(item) {
    const before = item.text ? item.text : (app.rows.filter((/** @type {any} */ row) => row.end_ms <= item.start_ms && row.text).at(-1)?.text ?? "");
    return make(
      "li",
      {},
      button(clock(item.start_ms), () => app.play(item.start_ms), { className: "svw-time", "aria-label": `${t("play")} ${clock(item.start_ms)} ${app.told(item)}` }),
      make("strong", {}, app.told(item)),
      item.end_ms ? make("span", { className: "svw-quiet" }, `${((item.end_ms - item.start_ms) / 1000).toFixed(1)} s`) : null,
      make("span", { className: item.text ? "" : "svw-quiet" }, item.text || !before ? item.text : t("after_text", { text: before })),
    );
  }

  function draw() {
    const kinds = new Map();
    for (const item of items) kinds.set(app.told(item), (kinds.get(app.told(item)) ?? 0) + 1);
    const chips = [...kinds].map(([name, n]) =>
      button(`${name} ${n}`, () => (left.delete(name) || left.add(name), draw()), { className: "svw-chip", "aria-pressed": String(!left.has(name)) }),
    );
    for (const chip of chips) chip.style.setProperty("--svw-chip", colorOf());
    const shown = items.filter((item) => !left.has(app.told(item)));
    const anger = items.find((item) => item.kind === "anger");
    element.replaceChildren(
      make("h3", {}, t("highlights")),
      ...(anger ? [first(anger)] : []),
      items.length ? make("div", { className: "svw-row" }, ...chips) : make("p", { className: "svw-quiet" }, t("noMoments")),
      items.some((item) => item.kind === "impatience") ? make("p", { className: "svw-quiet" }, t("impatienceIs")) : "",
      list(shown.slice(0, listed).map(line)),
      shown.length > listed ? button(t("moreMoments", { n: shown.length - listed }), more) : "",
    );
  }

  // The focus goes on to the first of those that came.
  function more() {
    const at = listed;
    listed = Infinity;
    draw();
    element.querySelectorAll("li")[at]?.querySelector("button")?.focus();
  }

  /** @param {any} item */
  const first = (item) =>
    make("p", { className: "svw-first" }, `${t("firstAnger")} `, button(clock(item.start_ms), () => app.play(item.start_ms), { className: "svw-time" }), ` ${item.text}`);

  app.on("details", (/** @type {any} */ details) => {
    items = details.highlights;
    draw();
  });
  app.on("job", () => {
    items = [];
    left.clear();
    listed = MOMENTS;
    draw();
  });
  return { element };
}

/** @param {any} app */
export function charts(app) {
  const { t } = app;
  const element = make("div", { className: "svw-charts" });
  const card = make("section", { className: "svw-wide" });
  const shares = make("div", { className: "svw-wide svw-shares" });
  const courses = make("div", { className: "svw-wide" });
  element.append(card, shares, courses);

  /** @param {string} kind @param {[string, number][]} named @param {string} of */
  function bars(kind, named, of) {
    const lines = named
      .filter(([name]) => app.label(name) || name === "NEUTRAL")
      .map(([name, fraction]) => {
        const bar = make("span", { className: "svw-share" });
        bar.style.width = `${Math.min(100, 100 * fraction)}%`;
        bar.style.background = colorOf(name);
        const percent = 100 * fraction;
        return make(
          "div",
          { className: "svw-barline" },
          make("span", {}, app.label(name) || t("neutral")),
          make("span", { className: "svw-gauge" }, bar),
          make("span", {}, `${percent.toFixed(percent < 10 ? 1 : 0)} %`),
        );
      });
    return lines.length ? make("section", {}, make("h3", {}, `${t(kind)} · ${t(of)}`), ...lines) : "";
  }

  // Who is meant by an id of the card: a person, a channel, or all that was said.
  const named = (/** @type {string} */ who) => app.speakerName(who) || (/^S\d/.test(who) ? "" : app.channelName(who)) || t("everybody");

  /** @param {{ people: any[], longest_silence: { start_ms: number, end_ms: number } | null }} found */
  function callCard({ people, longest_silence: silence }) {
    if (!people.length) return [];
    const seconds = (/** @type {number | null} */ ms) => (ms === null ? "—" : `${(ms / 1000).toFixed(1)} s`);
    const rate = (/** @type {any} */ each) =>
      each.characters_per_minute ? `${Math.round(each.characters_per_minute)} ${t("charactersPerMinute")}` : each.words_per_minute ? `${Math.round(each.words_per_minute)} ${t("wordsPerMinute")}` : "—";
    const moods = (/** @type {any} */ each) => each.emotions.map((/** @type {[string, number]} */ [name, ms]) => `${app.label(name)} ${Math.round((100 * ms) / each.talk_ms)} %`).join(" · ") || "—";
    const jump = (/** @type {any} */ span) => (span ? button(clock(span.start_ms), () => app.play(span.start_ms), { className: "svw-time" }) : "—");
    const several = people.length > 1;
    const columns = [
      ["who", (/** @type {any} */ each) => named(each.who)],
      ["talkShare", (/** @type {any} */ each) => `${Math.round(100 * each.share)} % · ${clock(each.talk_ms)}`],
      ...(several ? [["turns", (/** @type {any} */ each) => String(each.turns)], ["interruptions", (/** @type {any} */ each) => String(each.interruptions)], ["responseTime", (/** @type {any} */ each) => seconds(each.response_ms)]] : []),
      ["speechRate", rate],
      ["moods", moods],
      ["turnedAngry", (/** @type {any} */ each) => jump(each.turned)],
    ];
    const head = make("tr", {}, ...columns.map(([key]) => make("th", { scope: "col" }, t(key))));
    const lines = people.map((each) => make("tr", {}, ...columns.map(([, cell]) => make("td", {}, /** @type {any} */ (cell)(each)))));
    const quiet = silence ? make("p", {}, `${t("longestSilence")} `, jump(silence), ` ${seconds(silence.end_ms - silence.start_ms)}`) : "";
    return [make("h3", {}, t("callCard")), make("div", { className: "svw-wide-table" }, make("table", { className: "svw-card" }, make("thead", {}, head), make("tbody", {}, ...lines))), quiet];
  }

  // Charts are drawn when somebody looks at them, and anew when the axis is another.
  let atMs = 0;
  const drawCourses = () => {
    if (app.tabs?.chosen() !== "overview" || !app.job?.courses) return;
    courses.replaceChildren(...courseCharts(app, app.job.courses));
    placeLines(app, courses, "svw-mark", atMs);
  };
  app.on("time", (/** @type {number} */ ms) => {
    atMs = ms;
    placeLines(app, courses, "svw-mark", ms);
  });
  app.on("hover", (/** @type {number | null} */ ms) => placeLines(app, courses, "svw-hover", ms));
  app.on("tab", drawCourses);
  app.on("axis", drawCourses);
  app.on("details", (/** @type {any} */ details) => {
    const { languages, emotions, events } = details.shares;
    card.replaceChildren(...callCard(details.card));
    shares.replaceChildren(bars("emotion", emotions, "ofSpeech"), bars("events", events, "ofFile"), bars("language", languages, "ofSpeech"));
    drawCourses();
  });
  app.on("job", () => {
    for (const part of [card, shares, courses]) part.replaceChildren();
  });
  return { element };
}

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
