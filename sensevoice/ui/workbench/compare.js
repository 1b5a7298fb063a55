// @ts-check
// All finished recordings in one table: which turned angry, when and how often, who spoke; sorted, found, chosen,
// taken away. What did not succeed stands apart.
import { button, clock, make, once } from "./dom.js";
import { colorOf } from "./colors.js";

/** @typedef {{ id: string, name: string, channel: string, share: number }} Voice */
/** @typedef {{ key: string, value: (row: any) => string | number | null, numeric?: boolean, first?: "down", usual?: boolean, name?: string }} Column */

const KEPT = "sv-columns";

/** @type {Column[]} the first one is always shown; a value of null comes last, whichever way is sorted */
export const COLUMNS = [
  { key: "text_name", value: (row) => row.source, usual: true },
  { key: "date", value: (row) => row.created_s },
  { key: "length", value: (row) => row.duration_ms, numeric: true, usual: true },
  { key: "segments", value: (row) => row.segments, numeric: true },
  { key: "who", value: (row) => row.voices.map((/** @type {Voice} */ voice) => voice.name || voice.channel || voice.id).join(), usual: true },
  { key: "talkShare", value: (row) => Math.max(...row.voices.map((/** @type {Voice} */ voice) => voice.share), 0) || null, first: "down" },
  { key: "firstAnger", value: (row) => row.first_anger_ms, usual: true },
  { key: "angerCount", value: (row) => row.anger_count, numeric: true, first: "down", usual: true },
  { key: "angerShare", value: (row) => row.anger_share, numeric: true, first: "down", usual: true },
  { key: "speechRate", value: (row) => row.characters_per_minute ?? row.words_per_minute, numeric: true, first: "down" },
  { key: "longestSilence", value: (row) => row.longest_silence_ms, numeric: true, first: "down" },
  { key: "emotion", value: (row) => row.emotions.map((/** @type {[string, number]} */ [name]) => name).join(), usual: true },
];

// A column for each rule behind ours: how many rows of a recording it finds.
/** @param {any[]} rules @returns {Column[]} */
export const withRules = (rules) => [...COLUMNS, ...rules.map((rule) => /** @type {Column} */ ({ key: `rule:${rule.id}`, name: rule.name, value: (row) => rule.recordings[row.id] ?? 0, numeric: true, first: "down", usual: true }))];

/**
 * @param {any[]} rows @param {string} key of a column @param {boolean} down @param {any[]} [rules]
 * @returns {any[]} a sorted copy; rows that are equal keep their order
 */
export function sorted(rows, key, down, rules = []) {
  const { value } = withRules(rules).find((column) => column.key === key) ?? COLUMNS[0];
  const sign = down ? -1 : 1;
  return [...rows].sort((a, b) => {
    const [first, second] = [value(a), value(b)];
    if (first === null || second === null) return Number(first === null) - Number(second === null);
    return typeof first === "string" ? sign * first.localeCompare(String(second)) : sign * (first - Number(second));
  });
}

/** @param {any} row @param {string} words @param {boolean} onlyAngry @param {string[]} names of who speaks in it */
export function matches(row, words, onlyAngry, names) {
  const text = [row.source, row.first_anger_text, ...names].join("\n").toLowerCase();
  return text.includes(words.trim().toLowerCase()) && (!onlyAngry || row.anger_count > 0);
}

/** @returns {Set<string>} the columns that are shown, as this browser keeps them */
function keptColumns() {
  const usual = COLUMNS.filter((column) => column.usual).map((column) => column.key);
  try {
    const kept = JSON.parse(localStorage.getItem(KEPT) ?? "null");
    return new Set(Array.isArray(kept) ? kept : usual);
  } catch {
    return new Set(usual);
  }
}

/** @param {any} app */
export function several(app) {
  const { t, api } = app;
  const columns = keptColumns();
  const search = make("input", { type: "search", className: "svw-input", placeholder: t("compareSearch"), "aria-label": t("compareSearch"), oninput: draw });
  const angry = make("input", { type: "checkbox", onchange: draw });
  const chooser = make("details", { className: "svw-menu svw-columns" }, make("summary", { className: "svw-button" }, `${t("columns")} ▾`), make("div", { className: "svw-sheet" }, ...COLUMNS.slice(1).map(switchOf)));
  const actions = make("div", { className: "svw-row" });
  const tools = make("div", { className: "svw-row" }, search, make("label", { className: "svw-check" }, angry, t("onlyAngry")), chooser);
  const body = make("div", { className: "svw-several svw-wide-table", tabIndex: -1 });
  const apart = make("div", { className: "svw-apart" });
  const dialog = make("dialog", { className: "svw svw-compare", "aria-label": t("several") });
  dialog.append(make("div", { className: "svw-row svw-dialog-head" }, make("h2", {}, t("several")), button(t("close"), () => dialog.close())), tools, actions, body, apart);
  const element = make("div", {}, button(t("several"), () => (dialog.showModal(), refresh()), { className: "svw-button svw-opening" }), dialog);
  /** @type {any[]} */
  let rows = [];
  /** @type {any[]} */
  let failed = [];
  /** @type {Set<string>} */
  const ticked = new Set();
  let [sortedBy, down] = ["", false];

  /** @param {Column} column */
  function switchOf({ key }) {
    const box = make("input", { type: "checkbox", checked: columns.has(key) });
    box.addEventListener("change", () => {
      box.checked ? columns.add(key) : columns.delete(key);
      try {
        localStorage.setItem(KEPT, JSON.stringify([...columns]));
      } catch {
        // a browser without storage forgets
      }
      draw();
    });
    return make("label", { className: "svw-check" }, box, t(key));
  }

  // Nothing where one nameless person is all that there is, as everywhere.
  /** @param {any} row @returns {string[]} */
  const namesOf = (row) => row.voices.map((/** @type {Voice} */ voice) => (row.voices.length > 1 || voice.name || voice.channel ? app.voiceName(voice) : ""));

  /** @param {any} row */
  const shownNames = (row) => namesOf(row).filter(Boolean);

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

  /** @param {number | null} share */
  const percent = (share) => (share === null ? "—" : `${Math.round(100 * share)} %`);
  /** @param {any} row */
  const rate = (row) =>
    row.characters_per_minute !== null
      ? `${Math.round(row.characters_per_minute)} ${t("charactersPerMinute")}`
      : row.words_per_minute !== null
        ? `${Math.round(row.words_per_minute)} ${t("wordsPerMinute")}`
        : "—";

  /** @type {Record<string, (row: any) => (Node | string | null)[]>} */
  const cells = {
    text_name: (row) => [button(row.source, () => (dialog.close(), app.open(row.id)), { className: "svw-name", title: row.source })],
    date: (row) => [new Date(row.created_s * 1000).toLocaleString([], { dateStyle: "short", timeStyle: "short" })],
    length: (row) => [clock(row.duration_ms)],
    segments: (row) => [String(row.segments)],
    who: (row) => [shownNames(row).join(t("listComma")) || "—"],
    talkShare: (row) => [row.voices.length > 1 ? namesOf(row).map((name, at) => `${name} ${percent(row.voices[at].share)}`).join(" · ") : "—"],
    firstAnger: (row) =>
      row.first_anger_ms === null
        ? ["—"]
        : [button(clock(row.first_anger_ms), () => jump(row), { className: "svw-time" }), row.first_anger_text ? make("span", { className: "svw-quiet" }, ` ${row.first_anger_text}`) : null],
    angerCount: (row) => [String(row.anger_count)],
    angerShare: (row) => [percent(row.anger_share)],
    speechRate: (row) => [rate(row)],
    longestSilence: (row) => [row.longest_silence_ms === null ? "—" : `${(row.longest_silence_ms / 1000).toFixed(1)} s`],
    emotion: (row) => [bar(row), make("span", { className: "svw-quiet" }, row.emotions.map((/** @type {[string, number]} */ [name, count]) => `${app.label(name)} ${count}`).join(" · "))],
  };

  const shownColumns = () => withRules(app.rules).filter(({ key, name }, at) => at === 0 || name !== undefined || columns.has(key));

  /** @param {any} row */
  function line(row) {
    const pick = make("input", { type: "checkbox", checked: ticked.has(row.id), "aria-label": `${t("select")} ${row.source}` });
    pick.addEventListener("change", () => (pick.checked ? ticked.add(row.id) : ticked.delete(row.id), draw()));
    const made = shownColumns().map(({ key, numeric, value }) => make("td", { className: numeric ? "svw-number" : "", data: { column: key } }, ...(cells[key]?.(row) ?? [String(value(row))])));
    return make("tr", { data: { job: row.id } }, make("td", {}, pick), ...made);
  }

  /** @param {any} row */
  async function jump(row) {
    dialog.close();
    await app.open(row.id);
    if (app.job?.id === row.id) app.play(row.first_anger_ms);
  }

  /** @param {Column} column */
  function heading({ key, first, name }) {
    const own = sortedBy === key;
    const turn = () => {
      down = own ? !down : first === "down";
      sortedBy = key;
      draw();
    };
    const mark = own ? (down ? " ↓" : " ↑") : "";
    const sort = button((name ?? t(key)) + mark, turn, { className: "svw-sort", data: { sort: key } });
    return make("th", { scope: "col", "aria-sort": own ? (down ? "descending" : "ascending") : "none" }, sort);
  }

  /** @param {any[]} shown */
  function drawActions(shown) {
    const ids = ticked.size ? [...ticked] : shown.length < rows.length ? shown.map((row) => row.id) : null;
    const format = make("select", { className: "svw-select", "aria-label": t("exports") });
    for (const each of app.formats) format.append(make("option", { value: each.name }, app.told(each)));
    const jobs = ids ? `&jobs=${ids.join(",")}` : "";
    const zip = make("a", { className: "svw-button", href: "#", download: "" }, t(ticked.size ? "zipChosen" : "zipAll"));
    zip.addEventListener("click", () => (zip.href = `${api.base}/several/zip?format=${format.value}&labels=${app.reader}${app.sure.query("&")}${jobs}`));
    const csv = make("a", { className: "svw-button", href: `${api.base}/several/csv?labels=${app.reader}${jobs}`, download: "" }, "CSV");
    const xlsx = make("a", { className: "svw-button", href: `${api.base}/several/xlsx?labels=${app.reader}${jobs}`, download: "" }, "Excel");
    const none = ticked.size === 0;
    const again = button(t("hearShown"), once(hearAgain), { className: "svw-button", disabled: none });
    const remove = button(t("remove"), () => (app.list.remove([...ticked]), dialog.close(), ticked.clear()), { className: "svw-button svw-danger", disabled: none });
    const count = none ? t("recordingsShown", { n: shown.length, m: rows.length }) : t("chosen", { n: ticked.size });
    actions.replaceChildren(make("span", { className: "svw-quiet", role: "status" }, count), csv, xlsx, format, zip, again, remove);
  }

  // Each as a recording of its own, with the settings that it had.
  async function hearAgain() {
    const ids = [...ticked];
    for (const id of ids) if (!(await app.attempt(() => api.post(`jobs/${id}/again`)))) return dialog.close();
    ticked.clear();
    dialog.close();
    app.toasts.say(t("startedAgain", { n: ids.length }));
    app.list.refresh();
  }

  function draw() {
    const fitting = rows.filter((row) => matches(row, search.value, angry.checked, shownNames(row)));
    const shown = sortedBy ? sorted(fitting, sortedBy, down, app.rules) : fitting;
    const focus = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset?.sort;
    drawActions(shown);
    const all = make("input", { type: "checkbox", checked: shown.length > 0 && shown.every((row) => ticked.has(row.id)), "aria-label": t("selectAll") });
    all.addEventListener("change", () => (shown.forEach((row) => (all.checked ? ticked.add(row.id) : ticked.delete(row.id))), draw()));
    const head = make("tr", {}, make("th", {}, all), ...shownColumns().map(heading));
    const nothing = make("p", { className: "svw-quiet" }, t(rows.length ? "noMatchJobs" : "noJobs"));
    body.replaceChildren(shown.length ? make("table", {}, make("thead", {}, head), make("tbody", {}, ...shown.map(line))) : nothing);
    if (focus) body.querySelector(`[data-sort="${CSS.escape(focus)}"]`)?.focus();
    apart.replaceChildren(...(failed.length ? [make("h3", {}, t("failedApart")), make("ul", { className: "svw-list" }, ...failed.map(failure))] : []));
  }

  /** @param {any} row */
  const failure = (row) => make("li", {}, make("strong", {}, row.source), make("span", { className: "svw-bad" }, app.told(row.error)));

  async function refresh() {
    const data = await app.attempt(() => api.get("several/table"));
    if (!data) return;
    rows = data.rows.filter((/** @type {any} */ row) => !row.error);
    failed = data.rows.filter((/** @type {any} */ row) => row.error);
    const there = new Set(rows.map((row) => row.id));
    for (const id of ticked) if (!there.has(id)) ticked.delete(id);
    draw();
  }

  app.on("finished", () => dialog.open && refresh());
  return { element };
}
