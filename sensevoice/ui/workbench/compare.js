// @ts-check
// All finished recordings in one table: which turned angry, when and how often; sorted, chosen, taken away.
import { button, clock, make } from "./dom.js";
import { colorOf } from "./colors.js";

/** @type {[string, (row: any) => string | number][]} */
const COLUMNS = [
  ["text_name", (row) => row.source],
  ["length", (row) => row.duration_ms],
  ["segments", (row) => row.segments],
  ["firstAnger", (row) => row.first_anger_ms ?? Infinity],
  ["angerCount", (row) => row.anger_count],
  ["emotion", (row) => row.emotions.map((/** @type {[string, number]} */ [name]) => name).join()],
];

// A column for each rule, by its name, behind ours, by their keys.
/** @param {any[]} rules @returns {[string, (row: any) => string | number][]} */
const withRules = (rules) => [...COLUMNS, ...rules.map((rule) => /** @type {[string, (row: any) => number]} */ ([rule.name, (row) => rule.recordings[row.id] ?? 0]))];

/**
 * @param {any[]} rows @param {number} column @param {boolean} down @param {any[]} [rules]
 * @returns {any[]} a sorted copy; rows that are equal keep their order
 */
export function sorted(rows, column, down, rules = []) {
  const value = withRules(rules)[column][1];
  const sign = down ? -1 : 1;
  return [...rows].sort((a, b) => {
    const [first, second] = [value(a), value(b)];
    return typeof first === "string" ? sign * first.localeCompare(String(second)) : first === second ? 0 : sign * (first < Number(second) ? -1 : 1);
  });
}

/** @param {any} app */
export function several(app) {
  const { t, api } = app;
  const body = make("div", { className: "svw-several" });
  const dialog = make("dialog", { className: "svw svw-compare", "aria-label": t("several") });
  dialog.append(make("div", { className: "svw-row svw-dialog-head" }, make("h2", {}, t("several")), button(t("close"), () => dialog.close())), body);
  const element = make("div", {}, button(t("several"), () => (dialog.showModal(), refresh()), { className: "svw-button svw-opening" }), dialog);
  /** @type {any[]} */
  let rows = [];
  /** @type {Set<string>} */
  const ticked = new Set();
  let [column, down] = [-1, false];

  // The emotions of one recording as one bar, each as long as its share of the segments.
  /** @param {any} row */
  function bar(row) {
    const parts = row.emotions.map((/** @type {[string, number]} */ [name, count]) => {
      const part = make("span", { title: `${app.label(name)} ${count}` });
      part.style.width = `${(100 * count) / Math.max(1, row.segments)}%`;
      part.style.background = colorOf(name);
      return part;
    });
    return make("span", { className: "svw-stack" }, ...parts);
  }

  /** @param {any} row */
  function line(row) {
    const pick = make("input", { type: "checkbox", checked: ticked.has(row.id), "aria-label": `${t("select")} ${row.source}` });
    pick.addEventListener("change", () => (pick.checked ? ticked.add(row.id) : ticked.delete(row.id), draw()));
    const anger = row.first_anger_ms === null ? "—" : button(clock(row.first_anger_ms), () => jump(row), { className: "svw-time" });
    const emotions = row.emotions.map((/** @type {[string, number]} */ [name, count]) => `${app.label(name)} ${count}`).join(" · ");
    return make(
      "tr",
      {},
      make("td", {}, pick),
      make("td", {}, button(row.source, () => (dialog.close(), app.open(row.id)), { className: "svw-name", title: row.source })),
      make("td", {}, clock(row.duration_ms)),
      make("td", {}, String(row.segments)),
      make("td", {}, anger, row.first_anger_text ? make("span", { className: "svw-quiet" }, ` ${row.first_anger_text}`) : null),
      make("td", {}, String(row.anger_count)),
      make("td", {}, bar(row), make("span", { className: "svw-quiet" }, emotions)),
      ...app.rules.map((/** @type {any} */ rule) => make("td", {}, String(rule.recordings[row.id] ?? 0))),
    );
  }

  /** @param {any} row */
  async function jump(row) {
    dialog.close();
    await app.open(row.id);
    app.play(row.first_anger_ms);
  }

  /** @param {string} key @param {number} at */
  function heading(key, at) {
    const turn = () => {
      down = column === at ? !down : at > 3;
      column = at;
      draw();
      /** @type {HTMLElement | null} */ (body.querySelectorAll("th button")[at])?.focus();
    };
    const mark = column === at ? (down ? " ↓" : " ↑") : "";
    return make("th", { scope: "col", "aria-sort": column === at ? (down ? "descending" : "ascending") : "none" }, button((at < COLUMNS.length ? t(key) : key) + mark, turn, { className: "svw-sort" }));
  }

  function links() {
    const format = make("select", { className: "svw-select", "aria-label": t("exports") });
    for (const each of app.formats) format.append(make("option", { value: each.name }, each[app.reader]));
    const jobs = ticked.size ? `&jobs=${[...ticked].join(",")}` : "";
    const zip = make("a", { className: "svw-button", href: "#" }, t(ticked.size ? "zipChosen" : "zipAll"));
    zip.addEventListener("click", () => (zip.href = `${api.base}/several/zip?format=${format.value}&labels=${app.reader}${jobs}`));
    const csv = make("a", { className: "svw-button", href: `${api.base}/several/csv?labels=${app.reader}${jobs}` }, "CSV");
    const xlsx = make("a", { className: "svw-button", href: `${api.base}/several/xlsx?labels=${app.reader}${jobs}` }, "Excel");
    const remove = button(t("remove"), () => (app.list.remove([...ticked]), dialog.close(), ticked.clear()), { className: "svw-button svw-danger", disabled: ticked.size === 0 });
    return make("div", { className: "svw-row" }, make("span", { className: "svw-quiet" }, t("chosen", { n: ticked.size })), csv, xlsx, format, zip, remove);
  }

  function draw() {
    if (!rows.length) return body.replaceChildren(make("p", { className: "svw-quiet" }, t("noJobs")));
    const shown = column < 0 ? rows : sorted(rows, column, down, app.rules);
    const all = make("input", { type: "checkbox", checked: ticked.size === rows.length, "aria-label": t("selectAll") });
    all.addEventListener("change", () => (rows.forEach((row) => (all.checked ? ticked.add(row.id) : ticked.delete(row.id))), draw()));
    const head = make("tr", {}, make("th", {}, all), ...withRules(app.rules).map(([key], at) => heading(key, at)));
    body.replaceChildren(links(), make("table", {}, make("thead", {}, head), make("tbody", {}, ...shown.map(line))));
  }

  async function refresh() {
    const data = await app.attempt(() => api.get("several/table"));
    if (!data) return;
    rows = data.rows;
    draw();
  }

  app.on("finished", () => dialog.open && refresh());
  return { element };
}
