// @ts-check
// The conversation in numbers: who spoke how much and how, shares of moods and sounds, and how both change with time.
import { button, clock, make } from "../dom.js";
import { colorOf } from "../colors.js";
import { courseCharts, placeLines } from "./courses.js";

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
  let atMs = app.player.atMs();
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
