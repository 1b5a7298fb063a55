// All finished jobs together: which turned angry, when and how often; as CSV, and all of them as one zip.
import { button, clock, make } from "./dom.js";
import { colorOf } from "./colors.js";

export function several(app) {
  const { t, api } = app;
  const body = make("div", { className: "svw-several" });
  const element = make("details", { className: "svw-compare" }, make("summary", {}, t("several")), body);
  element.addEventListener("toggle", () => element.open && refresh());

  // The emotions of one job as one bar, each as long as its share of the segments.
  function bar(row) {
    const parts = row.emotions.map(([name, count]) => {
      const part = make("span", { title: `${app.label(name)} ${count}` });
      part.style.width = `${(100 * count) / Math.max(1, row.segments)}%`;
      part.style.background = colorOf(name);
      return part;
    });
    return make("span", { className: "svw-stack" }, ...parts);
  }

  function line(row) {
    const anger = row.first_anger_ms === null
      ? "—"
      : button(clock(row.first_anger_ms), () => jump(row), { className: "svw-time" });
    const emotions = row.emotions.map(([name, count]) => `${app.label(name)} ${count}`).join(" · ");
    return make(
      "tr",
      {},
      make("td", {}, button(row.source, () => app.open(row.id), { className: "svw-name", title: row.source })),
      make("td", {}, clock(row.duration_ms)),
      make("td", {}, String(row.segments)),
      make("td", {}, anger),
      make("td", {}, String(row.anger_count)),
      make("td", {}, bar(row), make("span", { className: "svw-quiet" }, emotions)),
    );
  }

  async function jump(row) {
    await app.open(row.id);
    app.play(row.first_anger_ms);
  }

  function links() {
    const format = make("select", { className: "svw-select", "aria-label": t("exports") });
    for (const each of app.formats) format.append(make("option", { value: each.name }, each[app.reader]));
    const zip = make("a", { className: "svw-button", href: "#" }, t("zipAll"));
    zip.addEventListener("click", () => {
      zip.href = `${api.base}/several/zip?format=${format.value}&labels=${app.reader}`;
    });
    const csv = make("a", { className: "svw-button", href: `${api.base}/several/csv?labels=${app.reader}` }, "CSV");
    return make("div", { className: "svw-row" }, csv, format, zip);
  }

  async function refresh() {
    const data = await app.attempt(() => api.get("several/table"));
    if (!data) return;
    if (!data.rows.length) return body.replaceChildren(make("p", { className: "svw-quiet" }, t("noJobs")));
    const titles = ["text_name", "length", "segments", "firstAnger", "angerCount", "emotion"];
    const head = make("tr", {}, ...titles.map((key) => make("th", { scope: "col" }, t(key))));
    body.replaceChildren(make("table", {}, make("thead", {}, head), make("tbody", {}, ...data.rows.map(line))), links());
  }

  app.on("finished", () => element.open && refresh());
  return { element };
}
