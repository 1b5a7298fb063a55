// @ts-check
// Which rows are shown: chips with counts, words to look for and to replace, and a step from match to match.
import { button, hasFocus, make, once, rememberTicked } from "./dom.js";
import { colorOf } from "./colors.js";
import { textNode } from "./words.js";

const MOST_MARKS = 2000;

/**
 * Rows within a kind any of the chosen tags will do, across kinds all must: angry or sad, and English.
 * @param {Map<string, Set<string>>} chosen kind → names @param {(kind: string) => string[]} own names of a row
 */
export function fits(chosen, own) {
  return [...chosen].every(([kind, names]) => names.size === 0 || own(kind).some((name) => names.has(name)));
}

/** @param {string} text @param {string} words @returns {number[]} places where the words begin, upper or lower case */
export function placesOf(text, words) {
  const places = [];
  const [where, what] = [text.toLowerCase(), words.toLowerCase()];
  if (!what || where.length !== text.length) return [];
  for (let at = where.indexOf(what); at >= 0; at = where.indexOf(what, at + what.length)) places.push(at);
  return places;
}

/** @param {string} text @param {string} words @param {string} by */
export function replaced(text, words, by) {
  let made = "";
  let last = 0;
  for (const at of placesOf(text, words)) {
    made += text.slice(last, at) + by;
    last = at + words.length;
  }
  return made + text.slice(last);
}

/**
 * The rows at these numbers and the one before and after each.
 * @template T @param {T[]} rows @param {number[]} numbers rising @returns {T[]}
 */
export function withNeighbours(rows, numbers) {
  const wanted = new Set(numbers.flatMap((number) => [number - 1, number, number + 1]));
  return rows.filter((_, number) => wanted.has(number));
}

/** @param {any} app */
export function filter(app) {
  const { t } = app;
  /** @type {Map<string, Set<string>>} */
  const chosen = new Map(["who", "emotion", "event", "language"].map((kind) => [kind, new Set()]));
  const chips = make("div", { className: "svw-chips", role: "group", "aria-label": t("filter") });
  const query = make("input", { type: "search", className: "svw-input", placeholder: t("search"), "aria-label": t("search") });
  const by = make("input", { type: "text", className: "svw-input", placeholder: t("replaceBy"), "aria-label": t("replaceBy") });
  const all = button("", once(replaceAll));
  const replacing = make("div", { className: "svw-row svw-replace", hidden: true }, by, all);
  const opening = button(t("replace"), () => openReplace(replacing.hidden), { "aria-expanded": "false" });
  const count = make("span", { className: "svw-quiet svw-count", role: "status" });
  const clearing = button(t("clear"), clear);
  const sure = make("input", { type: "checkbox", checked: app.sure.hidden() });
  sure.addEventListener("change", () => app.sure.set(sure.checked));
  const beside = make("input", { type: "checkbox" });
  rememberTicked(beside, "sv-beside");
  beside.addEventListener("change", apply);
  const besides = make("label", { className: "svw-check" }, beside, t("beside"));
  const tools = make(
    "div",
    { className: "svw-row" },
    query,
    button("↑", () => app.step(-1), { "aria-label": t("previous"), title: t("previous") }),
    button("↓", () => app.step(1), { "aria-label": t("next"), title: t("next") }),
    opening,
    clearing,
    besides,
    make("label", { className: "svw-check", title: t("hideUnsureHelp") }, sure, t("hideUnsure")),
    count,
  );
  const element = make("div", { className: "svw-filter" }, chips, tools, replacing);
  query.addEventListener("input", apply);
  by.addEventListener("input", tellReplace);

  /** @param {any} row @returns {(kind: string) => string[]} */
  const namesOf = (row) => {
    const { language, emotion, events } = app.sure.seen(row);
    return (kind) =>
      kind === "who" ? [app.who(row)] : kind === "emotion" ? [emotion] : kind === "language" ? [language] : events.map((/** @type {any} */ event) => event.name);
  };

  const words = () => query.value.trim();

  function drawChips() {
    const counts = new Map([...chosen.keys()].map((kind) => [kind, new Map()]));
    for (const row of app.rows) {
      const own = namesOf(row);
      for (const [kind, counted] of counts) {
        for (const name of new Set(own(kind))) if (kind === "who" ? name : app.label(name)) counted.set(name, (counted.get(name) ?? 0) + 1);
      }
    }
    const groups = [...counts].filter(([kind, counted]) => counted.size > (kind === "language" || kind === "who" ? 1 : 0));
    chips.replaceChildren(
      ...groups.map(([kind, counted]) =>
        make(
          "span",
          { className: "svw-row", role: "group", "aria-label": t(kind === "event" ? "events" : kind) },
          ...[...counted].sort((a, b) => b[1] - a[1]).map(([name, n]) => chipOf(kind, name, n)),
        ),
      ),
    );
  }

  /** @param {string} kind @param {string} name @param {number} n */
  function chipOf(kind, name, n) {
    const pressed = chosen.get(kind)?.has(name) ?? false;
    const chip = button(`${kind === "who" ? name : app.label(name)} ${n}`, () => toggle(kind, name), {
      className: "svw-chip",
      "aria-pressed": String(pressed),
      data: { tag: name },
    });
    chip.style.setProperty("--svw-chip", colorOf(kind === "who" ? "" : name));
    return chip;
  }

  /** @param {string} kind @param {string} name */
  function toggle(kind, name) {
    const names = /** @type {Set<string>} */ (chosen.get(kind));
    if (!names.delete(name)) names.add(name);
    apply();
    /** @type {HTMLElement | null} */ (chips.querySelector(`[data-tag="${CSS.escape(name)}"]`))?.focus();
  }

  function clear() {
    for (const names of chosen.values()) names.clear();
    query.value = "";
    apply();
  }

  const active = () => words() !== "" || [...chosen.values()].some((names) => names.size > 0);

  function apply() {
    app.shown = app.rows.filter((/** @type {any} */ row) => (!words() || placesOf(row.text, words()).length) && fits(chosen, namesOf(row)));
    const numbers = app.shown.map((/** @type {any} */ row) => row.index);
    app.visible = beside.checked && active() ? withNeighbours(app.rows, numbers) : app.shown;
    count.textContent = active() ? [t("shown", { n: app.shown.length, m: app.rows.length }), spelled()].filter(Boolean).join(" · ") : "";
    clearing.hidden = besides.hidden = !active();
    drawChips();
    app.emit("shown");
    markHits();
    tellReplace();
  }

  // What several chips mean together, which their looks do not tell: "angry or sad, and English".
  function spelled() {
    const groups = [...chosen].filter(([, names]) => names.size).map(([kind, names]) => [...names].map((name) => (kind === "who" ? name : app.label(name))));
    if (groups.flat().length < 2) return "";
    return groups.map((names) => names.join(t("or"))).join(t("and"));
  }

  // What was looked for is marked in the rows, without an element of its own.
  function markHits() {
    if (!("highlights" in CSS)) return;
    const ranges = [];
    for (const row of words() ? app.shown : []) {
      const node = textNode(document.querySelector(`#svw-rows [data-row="${row.index}"] .svw-text`), row.text);
      for (const at of node ? placesOf(row.text, words()) : []) {
        const range = new Range();
        range.setStart(/** @type {Node} */ (node), at);
        range.setEnd(/** @type {Node} */ (node), at + words().length);
        ranges.push(range);
      }
      if (ranges.length > MOST_MARKS) break;
    }
    CSS.highlights.set("sv-hit", new Highlight(...ranges));
  }

  const hits = () => (words() ? app.shown.filter((/** @type {any} */ row) => placesOf(row.text, words()).length) : []);

  function tellReplace() {
    const n = hits().reduce((/** @type {number} */ sum, /** @type {any} */ row) => sum + placesOf(row.text, words()).length, 0);
    all.textContent = t("replaceAll", { n });
    all.disabled = n === 0 || !app.job || app.goesOn(app.job);
  }

  /** @param {boolean} open */
  function openReplace(open) {
    replacing.hidden = !open;
    opening.setAttribute("aria-expanded", String(open));
    (open && words() ? by : query).focus();
  }

  async function replaceAll() {
    const rows = hits().map((/** @type {any} */ row) => ({ row: row.index, text: replaced(row.text, words(), by.value) }));
    if (!(await app.corrections.replace(rows))) return;
    query.value = "";
    apply();
    if (hasFocus(element)) query.focus();
  }

  app.on("rows", apply);
  app.on("job", clear);
  return { element, active };
}
