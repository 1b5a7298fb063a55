// Hearing the shown rows again with other settings: old and new side by side, and either can be kept.
import { button, clock, make } from "./dom.js";

const MOST = 50; // more would keep the page waiting

export function again(bench) {
  const { t, api } = bench;
  const language = make("select", { className: "svw-select", "aria-label": t("language") });
  language.append(make("option", { value: "auto" }, t("detect")));
  for (const name of bench.kinds.language) language.append(make("option", { value: name }, bench.label(name)));
  const itn = make("input", { type: "checkbox", checked: true });
  const proposals = make("ul", { className: "svw-list" });
  const element = make(
    "details",
    { className: "svw-again" },
    make("summary", {}, t("hearShown")),
    make("div", { className: "svw-row" }, language, make("label", { className: "svw-check" }, itn, t("digits")), button(t("start"), hear)),
    proposals,
  );

  async function hear() {
    const rows = bench.shown.filter((row) => row.kind === "speech").slice(0, MOST).map((row) => row.index);
    if (!rows.length) return;
    proposals.replaceChildren(make("li", {}, "…"));
    const told = await bench.attempt(() => api.post(`jobs/${bench.job.id}/redo`, { rows, language: language.value, use_itn: itn.checked }));
    show(told ? told.proposals : []);
  }

  function show(found) {
    const other = found.filter(({ old, new: heard }) => old.text !== heard.text || old.language !== heard.language || old.emotion !== heard.emotion);
    const use = async (chosen) => {
      await bench.change(() => api.post(`jobs/${bench.job.id}/accept`, { proposals: chosen.map((each) => each.new) }));
      show(other.filter((each) => !chosen.includes(each)));
    };
    const said = (row) => [bench.label(row.language), bench.label(row.emotion), row.text || row.error || "—"].filter(Boolean).join(" · ");
    const lines = other.map((each) =>
      make(
        "li",
        {},
        make("span", {}, clock(each.old.start_ms)),
        make("del", { className: "svw-quiet" }, said(each.old)),
        make("ins", {}, said(each.new)),
        button(t("useIt"), () => use([each])),
      ),
    );
    if (other.length > 1) lines.unshift(make("li", {}, button(t("useAll"), () => use(other))));
    proposals.replaceChildren(...(lines.length ? lines : [make("li", { className: "svw-quiet" }, t("nothingNew"))]));
  }

  bench.on("job", () => proposals.replaceChildren());
  return { element };
}
