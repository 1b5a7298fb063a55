// Which rows are shown: chips with counts, words to look for, and a step from match to match.
import { button, make, remember } from "./dom.js";
import { colorOf } from "./colors.js";

export function filter(app) {
  const { t } = app;
  const chosen = new Set();
  const chips = make("div", { className: "svw-chips", role: "group", "aria-label": t("segments") });
  const query = make("input", { type: "search", className: "svw-input", placeholder: t("search"), "aria-label": t("search") });
  const unsure = make("input", { type: "range", min: 0, max: 1, step: 0.05, className: "svw-range", "aria-label": t("threshold") });
  const unsureValue = make("span", {});
  const count = make("span", { className: "svw-quiet", role: "status" });
  const element = make(
    "div",
    { className: "svw-filter" },
    chips,
    make(
      "div",
      { className: "svw-row" },
      query,
      button("↑", () => app.step(-1), { "aria-label": t("previous"), title: t("previous") }),
      button("↓", () => app.step(1), { "aria-label": t("next"), title: t("next") }),
      button(t("clear"), clear),
      make("label", { className: "svw-check", title: t("thresholdHelp") }, t("threshold"), unsure, unsureValue),
      count,
    ),
  );
  query.addEventListener("input", apply);
  unsure.value = app.threshold;
  remember(unsure, "sv-threshold", "input");
  const setThreshold = () => {
    app.threshold = Number(unsure.value);
    unsureValue.textContent = app.threshold.toFixed(2);
    app.emit("threshold");
  };
  unsure.addEventListener("input", setThreshold);
  setThreshold();

  const tags = (row) => [row.language, row.emotion, ...row.events.map((event) => event.name)].filter(Boolean);

  function matches(row) {
    const words = query.value.trim().toLowerCase();
    if (words && !row.text.toLowerCase().includes(words)) return false;
    // Within a kind any of the chosen will do, across kinds all must: angry or sad, and English.
    const own = new Set(tags(row));
    const kinds = new Map();
    for (const name of chosen) {
      const kind = app.kindOf(name);
      kinds.set(kind, kinds.get(kind) || own.has(name));
    }
    return [...kinds.values()].every(Boolean);
  }

  function drawChips() {
    const counts = new Map();
    for (const row of app.rows) {
      for (const name of new Set(tags(row))) if (app.label(name)) counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    const order = (name) => ["emotion", "event", "language"].indexOf(app.kindOf(name));
    const sorted = [...counts].sort((a, b) => order(a[0]) - order(b[0]) || b[1] - a[1]);
    chips.replaceChildren(
      ...sorted.map(([name, n]) => {
        const chip = button(`${app.label(name)} ${n}`, () => toggle(name), {
          className: "svw-chip",
          "aria-pressed": String(chosen.has(name)),
          data: { tag: name },
        });
        chip.style.setProperty("--svw-chip", colorOf(name));
        return chip;
      }),
    );
  }

  function toggle(name) {
    if (!chosen.delete(name)) chosen.add(name);
    apply();
    chips.querySelector(`[data-tag="${CSS.escape(name)}"]`)?.focus();
  }

  function clear() {
    chosen.clear();
    query.value = "";
    apply();
  }

  function apply() {
    app.shown = app.rows.filter(matches);
    count.textContent = t("shown", { n: app.shown.length, m: app.rows.length });
    drawChips();
    app.emit("shown");
  }

  app.on("rows", apply);
  app.on("job", clear);
  return { element, active: () => chosen.size > 0 || query.value.trim() !== "" };
}
