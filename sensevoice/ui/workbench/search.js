// @ts-check
// What was said and heard in all recordings: rows that fit a line, grouped by recording; and lines kept as rules.
import { button, clock, make, once } from "./dom.js";
import { placesOf } from "./filter.js";

const PAUSE_MS = 500; // after the last key, as somebody stops to look
const ROWS = 50;

/** @typedef {{ id: string, name: string, query: string, rows: number, recordings: Record<string, number> }} Rule */

/**
 * Rows that follow each other and are of one recording, together.
 * @param {any[]} hits
 */
export function grouped(hits) {
  /** @type {{ key: string, hits: any[] }[]} */
  const groups = [];
  for (const hit of hits) {
    const key = hit.job ?? hit.path;
    if (groups[groups.length - 1]?.key !== key) groups.push({ key, hits: [] });
    groups[groups.length - 1].hits.push(hit);
  }
  return groups;
}

/**
 * What is to be cut of each job: the rows that were found in it. Files that are no jobs have nothing to cut from.
 * @param {any[]} hits
 */
export function takesOf(hits) {
  /** @type {Map<string, { start_ms: number, end_ms: number }[]>} */
  const takes = new Map();
  for (const { job, start_ms, end_ms } of hits) if (job) takes.set(job, [...(takes.get(job) ?? []), { start_ms, end_ms }]);
  return [...takes].map(([job, spans]) => ({ job, spans }));
}

/**
 * A text in pieces, of which every other one is what was looked for.
 * @param {string} text @param {string[]} words in lower case @returns {string[]}
 */
export function pieces(text, words) {
  const places = words.flatMap((word) => placesOf(text, word).map((at) => [at, at + word.length])).sort((a, b) => a[0] - b[0]);
  const made = [];
  let last = 0;
  for (const [from, to] of places) {
    if (from < last) continue;
    made.push(text.slice(last, from), text.slice(from, to));
    last = to;
  }
  return [...made, text.slice(last)];
}

/**
 * @param {any} app
 * @param {HTMLInputElement} box where the line is typed
 * @param {() => void} changed called when there are results, or no longer
 */
export function librarySearch(app, box, changed) {
  const { t, api } = app;
  const status = make("p", { className: "svw-quiet", role: "status" });
  const body = make("div", { className: "svw-results" });
  const more = button(t("searchMore"), () => ask(shown.length), { hidden: true });
  const order = make("select", { className: "svw-select", "aria-label": t("searchOrder"), onchange: () => ask(0) });
  for (const name of ["newest", "score"]) order.append(make("option", { value: name }, t(`order_${name}`)));
  const name = make("input", { className: "svw-input", maxLength: 60, hidden: true, "aria-label": t("ruleName"), placeholder: t("ruleName") });
  const keep = button(t("ruleKeep"), naming, { title: t("ruleHelp") });
  const cut = button("", () => app.cut(takesOf(shown)), { title: t("searchCutHelp"), data: { cut: "found" } });
  const tools = make("div", { className: "svw-row" }, order, cut, name, keep);
  const found = make("div", { className: "svw-found", hidden: true }, status, tools, body, more);
  const chips = make("div", { className: "svw-row svw-rules", role: "group", "aria-label": t("rules"), hidden: true });
  const element = make("div", {}, chips, found);
  /** @type {any[]} */
  let shown = [];
  /** @type {string[]} */
  let words = [];
  let asked = 0;
  let timer = 0;
  let available = false;

  /** @param {number} offset */
  async function ask(offset) {
    clearTimeout(timer);
    const line = box.value.trim();
    const number = ++asked;
    if (!available || !line) return close();
    const wanted = new URLSearchParams({ q: line, order: order.value, offset: String(offset), limit: String(ROWS), labels: app.reader });
    try {
      const data = await api.get(`search?${wanted}`);
      if (number !== asked) return;
      if (data.problem) return fail(data.problem[app.reader]);
      shown = offset ? [...shown, ...data.hits] : data.hits;
      words = data.words;
      tell(data);
      draw();
    } catch (error) {
      if (number === asked) fail(/** @type {Error} */ (error).message);
    }
  }

  /** @param {string} sentence */
  function fail(sentence) {
    shown = [];
    say(sentence, true);
    draw();
  }

  /** @param {string} sentence @param {boolean} bad */
  function say(sentence, bad) {
    status.textContent = sentence;
    status.className = bad ? "svw-bad" : "svw-quiet";
    tools.hidden = bad;
  }

  /** @param {any} data */
  function tell({ rows, recordings, progress }) {
    const making = progress.done < progress.total ? ` · ${t("searchProgress", { n: progress.done, m: progress.total })}` : "";
    say((rows ? t("searchCount", { n: rows, m: recordings }) : t("searchNothing")) + making, false);
    more.hidden = shown.length >= rows || !shown.length;
    if (!rows) status.append(make("br"), t("searchExample"));
  }

  function draw() {
    if (status.className === "svw-bad") more.hidden = true;
    const focus = body.contains(document.activeElement) ? lines().indexOf(/** @type {HTMLElement} */ (document.activeElement)) : -1;
    body.replaceChildren(...grouped(shown).map(group));
    const rows = shown.filter((hit) => hit.job).length;
    cut.textContent = t("searchCut", { n: rows });
    cut.hidden = rows === 0;
    found.hidden = false;
    if (focus >= 0) lines()[focus]?.focus();
    changed();
  }

  function close() {
    asked += 1;
    shown = [];
    found.hidden = true;
    name.hidden = true;
    body.replaceChildren();
    changed();
  }

  /** @param {{ key: string, hits: any[] }} group */
  function group({ hits }) {
    const [first] = hits;
    const title = first.job
      ? button(first.name, () => app.open(first.job), { className: "svw-name", title: first.name })
      : make("span", { className: "svw-path", title: first.path }, first.path);
    return make("section", { "aria-label": first.name }, make("h3", {}, title, make("span", { className: "svw-quiet" }, ` ${new Date(first.created_s * 1000).toLocaleDateString()}`)), ...hits.map(result));
  }

  /** @param {any} hit */
  function result(hit) {
    const tags = [hit.emotion, ...hit.events].map((each) => app.label(each)).filter(Boolean);
    const marked = pieces(hit.text, words).map((piece, at) => (at % 2 ? make("mark", {}, piece) : piece));
    const inside = [
      near(hit.before),
      make("span", { className: "svw-hit" }, make("b", {}, clock(hit.start_ms)), hit.who ? ` ${hit.who}` : "", " ", ...marked, tags.length ? make("span", { className: "svw-quiet" }, ` ${tags.join(" · ")}`) : null),
      near(hit.after),
    ];
    if (!hit.job) return make("div", { className: "svw-result" }, ...inside);
    const made = button("", () => go(hit), { className: "svw-result", "aria-label": `${t("play")} ${clock(hit.start_ms)} ${hit.who} ${hit.text}` });
    made.replaceChildren(...inside.filter(Boolean));
    return made;
  }

  /** @param {any} row */
  const near = (row) => (row?.text ? make("span", { className: "svw-near", "aria-hidden": "true" }, [row.who, row.text].filter(Boolean).join(" ")) : null);

  /** @param {any} hit */
  async function go(hit) {
    await app.open(hit.job);
    if (app.job?.id !== hit.job) return;
    app.tabs.show("rows");
    app.play(hit.start_ms);
  }

  const lines = () => /** @type {HTMLElement[]} */ ([...body.querySelectorAll("button.svw-result")]);

  // ---- rules

  // The first press asks for a name, the second keeps the line under it.
  function naming() {
    if (!name.hidden) return keepRule();
    name.hidden = false;
    name.value = box.value.trim();
    name.focus();
    name.select();
  }

  const keepRule = once(async () => {
    const data = await app.attempt(() => api.post("rules", { query: box.value.trim(), name: name.value }));
    if (!data) return;
    name.hidden = true;
    learn(data);
    app.toasts.say(t("ruleKept"));
  });

  /** @param {Rule} rule */
  async function removeRule(rule) {
    const data = await app.attempt(() => api.remove(`rules/${rule.id}`));
    if (!data) return;
    learn(data);
    const back = async () => {
      const again = await app.attempt(() => api.post("rules", { query: rule.query, name: rule.name }));
      if (again) learn(again);
    };
    app.toasts.say(t("ruleRemoved", { name: rule.name }), { label: t("undoShort"), act: back });
  }

  /** @param {Rule} rule */
  function chip(rule) {
    const use = () => {
      box.value = rule.query;
      ask(0);
    };
    return make(
      "span",
      { className: "svw-rule" },
      button(`${rule.name} ${rule.rows}`, use, { className: "svw-chip", title: rule.query, data: { rule: rule.id } }),
      button("×", () => removeRule(rule), { className: "svw-plain", "aria-label": `${t("remove")} ${rule.name}`, title: t("remove") }),
    );
  }

  // What the server says of the rules: with the list of jobs, and after each change of one.
  /** @param {{ rules?: Rule[] }} data */
  function learn({ rules }) {
    available = rules !== undefined;
    app.rules = rules ?? [];
    chips.hidden = app.rules.length === 0;
    const drawn = JSON.stringify(app.rules.map((/** @type {Rule} */ rule) => [rule.id, rule.name, rule.query, rule.rows]));
    if (chips.dataset.drawn !== drawn) chips.replaceChildren(...app.rules.map(chip));
    chips.dataset.drawn = drawn;
    changed();
  }

  box.addEventListener("input", () => {
    clearTimeout(timer);
    if (!box.value.trim()) return close();
    timer = window.setTimeout(() => ask(0), PAUSE_MS);
  });
  box.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.isComposing) return;
    if (event.key === "Enter") ask(0);
    else if (event.key === "ArrowDown" && lines().length) lines()[0].focus();
    else if (event.key === "Escape" && box.value) {
      box.value = "";
      close();
    } else return;
    event.preventDefault();
  });
  name.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.isComposing || !["Enter", "Escape"].includes(event.key)) return;
    event.preventDefault();
    if (event.key === "Enter") return void keepRule();
    name.hidden = true;
    keep.focus();
  });
  body.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    const at = lines().indexOf(/** @type {HTMLElement} */ (event.target));
    const by = /** @type {Record<string, number>} */ ({ ArrowDown: 1, ArrowUp: -1 })[event.key];
    if (event.key === "Escape" || (by === -1 && at === 0)) box.focus();
    else if (by && at >= 0) lines()[at + by]?.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });

  return { element, learn, active: () => !found.hidden };
}
