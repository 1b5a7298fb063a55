// @ts-check
// What a language model made of the record; only there if the program was started with one.
import { button, clock, make } from "../dom.js";

const POLL_MS = 1500;
const SECTIONS = ["summary", "decisions", "todos", "questions"];

/** @param {any} app */
export function minutes(app) {
  const { t, api } = app;
  const element = make("section", { className: "svw-minutes", "aria-label": t("minutesTitle"), hidden: true });
  let timer = 0;

  // The times of the rows that a statement rests on, each of which plays.
  /** @param {any} statement */
  function line({ text, who, rows }) {
    const cites = rows.map((/** @type {any} */ row) =>
      button(clock(row.start * 1000), () => app.play(row.start * 1000), { className: "svw-time", "aria-label": `${t("play")} ${clock(row.start * 1000)}` }),
    );
    return make("li", {}, who ? make("strong", {}, who) : null, make("span", {}, text), ...cites);
  }

  /** @param {any} kept */
  function body(kept) {
    const parts = SECTIONS.filter((name) => kept[name].length).flatMap((name) => [
      make("h4", {}, t(`minutes_${name}`)),
      make("ul", { className: "svw-list" }, ...kept[name].map(line)),
    ]);
    const notes = [t("minutesBy", { model: kept.model })];
    if (kept.dropped) notes.push(t("minutesDropped", { n: kept.dropped }));
    if (kept.outdated) notes.push(t("minutesOutdated"));
    return [...parts, make("p", { className: "svw-quiet" }, notes.join(" "))];
  }

  /** @param {any} data */
  function draw({ status, progress, error, minutes: kept }) {
    const busy = status === "in_progress";
    const sentence = busy ? t("minutesMaking", { n: Math.round(100 * (progress ?? 0)) }) : error ? app.told(error) : "";
    const act = busy
      ? button(t("cancel"), () => ask("remove"))
      : button(t(kept ? "minutesAgain" : "minutesMake"), () => ask("post"));
    element.replaceChildren(
      make("h3", {}, t("minutesTitle")),
      ...(kept ? body(kept) : []),
      make("div", { className: "svw-row" }, act, make("span", { role: "status", className: error ? "svw-bad" : "svw-quiet" }, sentence)),
    );
    element.hidden = false;
  }

  /** @param {"get" | "post" | "remove"} method */
  async function ask(method) {
    clearTimeout(timer);
    const id = app.job.id;
    const path = `jobs/${id}/minutes`;
    const data = await app.attempt(() => (method === "get" ? api.get(path) : api[method](path, { language: app.reader })));
    if (app.job?.id !== id || !data) return;
    draw(data);
    if (data.status === "in_progress") timer = setTimeout(() => app.job?.id === id && ask("get"), POLL_MS);
  }

  app.on("finished", () => app.rows.length && ask("get"));
  for (const event of ["job", "closed"]) {
    app.on(event, () => {
      clearTimeout(timer);
      element.hidden = true;
    });
  }
  return { element };
}
