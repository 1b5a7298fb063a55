// What stands beside the rows: highlights, shares of time, coverage and diagnostics, exports.
import { button, clock, make, remember, rememberTicked } from "./dom.js";
import { colorOf } from "./colors.js";
import { courseCharts } from "./timeline_charts.js";

const list = (items) => make("ul", { className: "svw-list" }, ...items);

export function highlights(app) {
  const { t, reader } = app;
  const element = make("div");
  app.on("details", (details) => {
    const items = details.highlights.map((item) =>
      make(
        "li",
        {},
        button(clock(item.start_ms), () => app.play(item.start_ms), { className: "svw-time" }),
        make("strong", {}, item[reader]),
        make("span", {}, item.text),
      ),
    );
    const exports = ["highlights_csv", "highlights_labels", "edl"].map((name) => app.download(name));
    element.replaceChildren(
      items.length ? list(items) : make("p", { className: "svw-quiet" }, t("noMoments")),
      items.length ? make("div", { className: "svw-row" }, ...exports) : "",
    );
  });
  return { element };
}

export function charts(app) {
  const element = make("div", { className: "svw-charts" });

  function bars(kind) {
    const shares = new Map();
    let total = 0;
    for (const row of app.rows) {
      const length = row.end_ms - row.start_ms;
      if (row.kind === "speech") total += length;
      const names = kind === "events" ? row.events.map((event) => event.name) : [row[kind]];
      for (const name of names) if (app.label(name)) shares.set(name, (shares.get(name) ?? 0) + length);
    }
    const sorted = [...shares].sort((a, b) => b[1] - a[1]);
    const lines = sorted.map(([name, ms]) => {
      const percent = Math.min(100, (100 * ms) / Math.max(1, total));
      const bar = make("span", { className: "svw-share" });
      bar.style.width = `${percent}%`;
      bar.style.background = colorOf(name);
      return make(
        "div",
        { className: "svw-barline" },
        make("span", {}, app.label(name)),
        make("span", { className: "svw-bar" }, bar),
        make("span", {}, `${percent.toFixed(percent < 10 ? 1 : 0)} %`),
      );
    });
    return make("section", {}, make("h3", {}, `${app.t(kind)} · ${app.t("share")}`), ...lines);
  }

  const courses = make("div", { className: "svw-wide" });
  app.on("rows", () => element.replaceChildren(bars("emotion"), bars("language"), bars("events"), courses));
  app.on("details", ({ courses: data }) => courses.replaceChildren(...courseCharts(app, data)));
  return { element };
}

export function coverage(app) {
  const { t, api, reader } = app;
  const element = make("div");

  function gapLine(gap) {
    const hear = () => app.change(() => api.post(`jobs/${app.job.id}/transcribe`, gap));
    return make(
      "li",
      {},
      make("span", {}, `${clock(gap.start_ms)} – ${clock(gap.end_ms)}`),
      button(t("play"), () => app.play(gap.start_ms)),
      button(t("hearThis"), hear),
    );
  }

  app.on("details", (details) => {
    const { speech_ms, sound_ms, total_ms, gaps } = details.coverage;
    const percent = (ms) => Math.round((100 * ms) / Math.max(1, total_ms));
    const found = details.diagnostics.map((item) => make("li", {}, make("span", {}, item[reader])));
    element.replaceChildren(
      make("p", {}, t("speechShare", { n: percent(speech_ms), m: percent(sound_ms) })),
      make("h3", {}, t("gaps")),
      gaps.length ? list(gaps.map(gapLine)) : make("p", { className: "svw-quiet" }, t("noGaps")),
      make("h3", {}, t("diagnostics")),
      found.length ? list(found) : make("p", { className: "svw-quiet" }, t("noDiagnostics")),
    );
  });
  return { element };
}

export function exporter(app, filterActive) {
  const { t, reader } = app;
  const labels = make("select", { className: "svw-select", "aria-label": t("labels") });
  labels.append(make("option", { value: "zh", selected: reader === "zh" }, "中文"));
  labels.append(make("option", { value: "en", selected: reader === "en" }, "English"));
  const only = make("input", { type: "checkbox" });
  const view = make("select", { className: "svw-select", "aria-label": t("copy") });
  for (const name of app.views) view.append(make("option", { value: name }, t(`view_${name}`)));
  const captions = make("input", { type: "checkbox" });
  const traditional = make("input", { type: "checkbox" });
  const names = make("input", { type: "checkbox" });
  names.defaultChecked = true;
  remember(view, "sv-copy-view");
  remember(labels, "sv-labels");
  rememberTicked(captions, "sv-captions");
  rememberTicked(traditional, "sv-traditional");
  rememberTicked(names, "sv-names");
  app.exportQuery = () => {
    const query = new URLSearchParams({ labels: labels.value });
    if (captions.checked) query.set("captions", "1");
    query.set("names", names.checked ? "name" : "none");
    if (app.traditional && traditional.checked) query.set("traditional", "1");
    if (only.checked && filterActive()) query.set("rows", app.shown.map((row) => row.index).join(","));
    return query;
  };
  const copy = button(t("copy"), async () => {
    const query = app.exportQuery();
    query.set("format", "txt");
    query.set("view", view.value);
    const response = await app.attempt(() => fetch(`${app.api.base}/jobs/${app.job.id}/export?${query}`));
    if (response) copyText(await response.text());
    copy.textContent = t("copied");
    setTimeout(() => (copy.textContent = t("copy")), 1500);
  });
  const files = app.formats.map((format) => app.download(format.name, format[reader]));
  const finetune = make("a", { className: "svw-button", href: "#" }, t("finetune"));
  finetune.addEventListener("click", () => (finetune.href = `${app.api.base}/jobs/${app.job.id}/finetune`));
  const showFinetune = () => (finetune.hidden = !app.rows.some((row) => row.edited));
  app.on("rows", showFinetune);
  showFinetune();
  files.push(finetune);
  const element = make(
    "div",
    {},
    make("div", { className: "svw-row" }, view, labels, copy),
    make(
      "div",
      { className: "svw-row svw-ticks" },
      make("label", { className: "svw-check" }, only, t("onlyShown")),
      make("label", { className: "svw-check", title: t("captionsHelp") }, captions, t("captions")),
      make("label", { className: "svw-check", title: t("srtNamesHelp") }, names, t("srtNames")),
      // Without the package that converts, there is nothing to switch.
      app.traditional ? make("label", { className: "svw-check", title: t("traditionalHelp") }, traditional, t("traditional")) : null,
    ),
    make("div", { className: "svw-files" }, ...files),
  );
  return { element };
}

// Works over plain http and without permission, which navigator.clipboard does not.
function copyText(text) {
  const area = make("textarea", { value: text, className: "svw-hidden", "aria-hidden": "true" });
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}
