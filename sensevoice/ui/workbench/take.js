// @ts-check
// Taking the recording away: to the clipboard as text and as rich text, or as a file.
import { cutter } from "./cut.js";
import { button, clock, make, menu, rememberTicked } from "./dom.js";
import { momentChoice } from "./moments.js";

const GROUPS = ["documents", "subtitles", "tables", "editing", "data"];

/** @param {any} app @param {() => URLSearchParams} query */
export function copyMenu(app, query) {
  const { t } = app;
  const ways = ["plain", "tagged", "table", "selected"].map((way) => button(t(`copy_${way}`), () => copy(way), { data: { way } }));
  const opened = menu(`${t("copy")} ▾`, ...ways);
  opened.element.classList.add("svw-copy");

  /** @param {string} way */
  async function copy(way) {
    const rows = chosen(way);
    const asked = query();
    asked.set("format", way === "table" ? "tsv" : "txt");
    asked.set("view", way === "plain" ? "plain" : "tagged");
    if (way === "selected") asked.set("rows", rows.map((/** @type {any} */ row) => row.index).join(","));
    const response = await app.attempt(async () => {
      const found = await fetch(`${app.api.base}/jobs/${app.job.id}/export?${asked}`);
      if (!found.ok) throw new Error(`HTTP ${found.status}`);
      return found.text();
    });
    if (response === null) return;
    const text = response.replace(/^\ufeff/, "");
    const copied = await toClipboard(text, way === "table" ? tableOf(app, rows) : pageOf(app, rows, way !== "plain"));
    app.toasts.say(copied ? t("copiedRows", { n: rows.length }) : t("notCopied"));
  }

  /** @param {string} way */
  function chosen(way) {
    if (way === "selected") return app.rows.filter((/** @type {any} */ row) => app.selected.has(row.index));
    const only = query().get("rows");
    return only === null ? app.rows : app.shown;
  }

  const count = () => (ways[3].disabled = app.selected.size === 0);
  for (const event of ["selected", "rows", "job"]) app.on(event, count);
  count();
  return opened.element;
}

/** @param {any} app @param {any} row @returns {string[]} who, when, what was heard, what was said */
function cells(app, row) {
  const { language, emotion, events } = app.sure.seen(row);
  const tags = [language, emotion, ...events.map((/** @type {any} */ event) => event.name)].map((name) => app.label(name)).filter(Boolean);
  return [app.who(row), clock(row.start_ms), tags.join(" · "), row.text];
}

/** @param {any} app @param {any[]} rows */
function tableOf(app, rows) {
  const titles = ["who", "time", "tags", "text"].map((key) => make("th", {}, app.t(key)));
  const lines = rows.map((row) => make("tr", {}, ...cells(app, row).map((cell) => make("td", {}, cell))));
  return make("table", {}, make("thead", {}, make("tr", {}, ...titles)), make("tbody", {}, ...lines)).outerHTML;
}

/** @param {any} app @param {any[]} rows @param {boolean} withTags */
function pageOf(app, rows, withTags) {
  const lines = rows.map((row) => {
    const [who, , tags, text] = cells(app, row);
    return make("p", {}, who ? make("strong", {}, `${who}: `) : null, withTags && tags ? make("em", {}, `[${tags}] `) : null, text);
  });
  return make("div", {}, make("h2", {}, app.job.name), ...lines).outerHTML;
}

// Both forms at once, so that Word and Excel get headings and tables and an editor gets the text.
/** @param {string} text @param {string} html @returns {Promise<boolean>} whether the browser let it */
async function toClipboard(text, html) {
  try {
    const item = new ClipboardItem({ "text/plain": new Blob([text], { type: "text/plain" }), "text/html": new Blob([html], { type: "text/html" }) });
    await navigator.clipboard.write([item]);
    return true;
  } catch {
    return copyByEvent(text, html); // plain http, or no permission
  }
}

/** @param {string} text @param {string} html */
function copyByEvent(text, html) {
  const fill = (/** @type {ClipboardEvent} */ event) => {
    event.preventDefault();
    event.clipboardData?.setData("text/plain", text);
    event.clipboardData?.setData("text/html", html);
  };
  const area = make("textarea", { value: text, className: "svw-hidden", "aria-hidden": "true" });
  document.body.append(area);
  area.select();
  document.addEventListener("copy", fill, { capture: true, once: true });
  const copied = document.execCommand("copy");
  document.removeEventListener("copy", fill, { capture: true });
  area.remove();
  return copied;
}

/** @param {any} app @param {{ active: () => boolean }} filter */
export function exportMenu(app, filter) {
  const { t, reader } = app;
  const only = make("input", { type: "checkbox" });
  const labels = make("select", { className: "svw-select", "aria-label": t("labels") });
  labels.append(make("option", { value: "zh", selected: reader === "zh" }, "中文"), make("option", { value: "en", selected: reader === "en" }, "English"));
  const captions = make("input", { type: "checkbox" });
  const traditional = make("input", { type: "checkbox" });
  const names = make("input", { type: "checkbox" });
  names.defaultChecked = true;
  const withTags = make("input", { type: "checkbox" });
  withTags.defaultChecked = true;
  const asTable = make("input", { type: "checkbox" });
  const what = make("p", { className: "svw-what", role: "status" });
  const readLabels = followText(labels);
  rememberTicked(captions, "sv-captions");
  rememberTicked(traditional, "sv-traditional");
  rememberTicked(names, "sv-names");
  rememberTicked(withTags, "sv-doc-tags");
  rememberTicked(asTable, "sv-doc-table");

  function query() {
    readLabels();
    const asked = new URLSearchParams({ labels: labels.value });
    if (captions.checked) asked.set("captions", "1");
    asked.set("names", names.checked ? "name" : "none");
    if (!withTags.checked) asked.set("tags", "0");
    if (asTable.checked) asked.set("table", "1");
    if (app.traditional && traditional.checked) asked.set("traditional", "1");
    if (app.sure.hidden()) asked.set("sure", "1");
    if (narrowed()) asked.set("rows", app.shown.map((/** @type {any} */ row) => row.index).join(","));
    return asked;
  }

  const narrowed = () => only.checked && filter.active();

  // With `download`, as all links to files: without it a browser loses what is asked while the page still loads.
  /** @param {any} format */
  function link(format) {
    const made = make("a", { className: "svw-button", href: "#", download: "", title: format.extension, data: { format: format.name } }, app.told(format));
    made.addEventListener("click", () => {
      const asked = query();
      if (format.group === "editing") {
        asked.delete("rows"); // key moments are those of the recording
        moments.ask(asked);
      }
      asked.set("format", format.name);
      made.href = `${app.api.base}/jobs/${app.job.id}/export?${asked}`;
    });
    return made;
  }

  const finetune = make("a", { className: "svw-button", href: "#", download: "", data: { format: "finetune" } }, t("finetune"));
  finetune.addEventListener("click", () => (finetune.href = `${app.api.base}/jobs/${app.job.id}/finetune`));
  const moments = momentChoice(app, () => {
    for (const each of opened?.sheet.querySelectorAll("[data-group=editing] a") ?? []) each.hidden = moments.chosen().length === 0;
    cut?.draw();
  });
  const groups = GROUPS.map((group) => {
    const links = app.formats.filter((/** @type {any} */ format) => format.group === group).map(link);
    if (group === "data") links.push(finetune);
    const before = group === "editing" ? [moments.element] : [];
    return make("section", { className: "svw-files", data: { group } }, make("h3", {}, t(`group_${group}`)), ...before, ...links);
  });
  const cut = cutter(app, filter, moments);
  const check = (/** @type {any} */ box, /** @type {string} */ key, title = "") => make("label", { className: "svw-check", title }, box, t(key));
  const narrow = check(only, "onlyShown");
  const opened = menu(
    "",
    what,
    make(
      "div",
      { className: "svw-row svw-ticks" },
      narrow,
      check(captions, "captions", t("captionsHelp")),
      check(names, "srtNames", t("srtNamesHelp")),
      check(withTags, "docTags", t("docTagsHelp")),
      check(asTable, "docTable", t("docTableHelp")),
      // Without the package that converts, there is nothing to switch.
      app.traditional ? check(traditional, "traditional", t("traditionalHelp")) : null,
      make("label", { className: "svw-check" }, t("labels"), labels),
    ),
    ...groups,
    cut.element,
  );
  opened.element.classList.add("svw-export");
  opened.element.addEventListener("toggle", readLabels);

  // What a switch leaves out stands on the button, wherever the switch is.
  function tell() {
    narrow.hidden = !filter.active();
    const left = [narrowed() ? t("onlyRows", { n: app.shown.length }) : "", app.sure.hidden() ? t("unsureHidden") : ""].filter(Boolean);
    opened.summary.textContent = `${t("exports")}${left.length ? ` (${left.join(" · ")})` : ""} ▾`;
    what.textContent = [narrowed() ? t("onlyRows", { n: app.shown.length }) : t("allRows", { n: app.rows.length }), ...left.slice(narrowed() ? 1 : 0)].join(" · ");
    finetune.hidden = !app.rows.some((/** @type {any} */ row) => row.edited);
  }
  only.addEventListener("change", tell);
  for (const event of ["rows", "shown", "sure", "job"]) app.on(event, tell);
  tell();
  return { element: opened.element, query };
}

// The choice beside the text and the one here are the same, whichever is changed.
/** @param {HTMLSelectElement} labels */
function followText(labels) {
  const beside = document.querySelector("#sv-labels");
  const chosen = () => /** @type {HTMLInputElement | null} */ (beside?.querySelector("input:checked"));
  const read = () => (labels.value = chosen()?.value ?? labels.value);
  labels.addEventListener("change", () => /** @type {HTMLElement | null} */ (beside?.querySelector(`input[value="${labels.value}"]`))?.click());
  beside?.addEventListener("change", read);
  return read; // what the server chose as the page came, no event told
}
