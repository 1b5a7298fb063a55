// @ts-check
// The key moments of a recording, by kind; a click plays one.
import { button, clock, make } from "../dom.js";
import { colorOf } from "../colors.js";

const MOMENTS = 50; // that are listed before somebody asks for the rest

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
      make("ul", { className: "svw-list" }, ...shown.slice(0, listed).map(line)),
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
