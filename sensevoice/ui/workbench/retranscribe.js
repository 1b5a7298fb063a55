// Hearing rows again with other settings: old and new side by side, and either can be kept.
import { button, clock, make, named, once } from "./dom.js";

const MOST = 50; // the server hears no more at a time

const NORMALISATION = {
  use_itn: { use_itn: true, keep_numbers: false },
  spokenForm: { use_itn: false, keep_numbers: false },
  keptNumbers: { use_itn: true, keep_numbers: true },
};
const JOINING_S = [0, 3, 5, 8, 15, 30];
const GAPS_S = [0.5, 1, 2, 3, 5];

export function again(app) {
  const { t, api } = app;
  const choice = (label, choices) => {
    const select = make("select", { className: "svw-select", "aria-label": label });
    for (const [value, text] of choices) select.append(make("option", { value }, text));
    return select;
  };
  const language = choice(t("language"), [["auto", t("language_auto")], ...app.kinds.language.map((name) => [name, app.label(name)])]);
  const writing = choice(t("use_itn"), Object.keys(NORMALISATION).map((name) => [name, t(name)]));
  const joining = choice(t("joining"), [["", t("joinKeep")], ...JOINING_S.map((n) => [n, n ? t("joinUpTo", { n }) : t("joinNone")])]);
  const gap = choice(t("gap"), [["", t("gapKeep")], ...GAPS_S.map((n) => [n, t("gapUpTo", { n })])]);
  const pause = named(t("gap"), gap);
  const showGap = () => (pause.hidden = !Number(joining.value)); // what joins nothing knows no pause
  joining.addEventListener("change", showGap);
  showGap();
  const go = button(t("start"), () => start());
  const which = make("span", { className: "svw-quiet", role: "status" });
  const proposals = make("ul", { className: "svw-list", "aria-live": "polite" });
  const element = make(
    "details",
    { className: "svw-again" },
    make("summary", {}, t("hearShown")),
    make("div", { className: "svw-row" }, named(t("language"), language), named(t("use_itn"), writing), named(t("joining"), joining), pause, go, which),
    proposals,
  );

  let start = once(hear);

  function wanted() {
    const chosen = app.selected.size ? app.rows.filter((row) => app.selected.has(row.index)) : app.shown;
    return chosen.filter((row) => row.kind === "speech");
  }

  function tellWhich() {
    const n = wanted().length;
    go.disabled = n === 0 || n > MOST; // which of them somebody meant is not for us to guess
    const most = n > MOST ? ` · ${t("hearMost", { n: MOST })}` : "";
    which.textContent = t(app.selected.size ? "hearWhich" : "hearFiltered", { n }) + most;
  }

  async function hear() {
    const rows = wanted().map((row) => row.index);
    const ended = tellTime(rows.length);
    const body = { rows, language: language.value, ...NORMALISATION[writing.value] };
    if (joining.value !== "") body.merge_length_s = Number(joining.value);
    if (!pause.hidden && gap.value) body.merge_gap_s = Number(gap.value);
    const job = app.job.id;
    const data = await app.attempt(() => api.post(`jobs/${job}/redo`, body)).finally(ended);
    if (app.job?.id !== job) return; // they would stand below the rows of another recording
    if (!data) return proposals.replaceChildren();
    show(data.id, data.proposals.map((each, number) => ({ ...each, number })).filter(isOther));
  }

  // Says what is being done and for how long already; returns what ends that.
  function tellTime(n) {
    const line = make("li", { className: "svw-quiet" });
    const began = performance.now();
    const tell = () => (line.textContent = t("hearing", { n, time: clock(performance.now() - began) }));
    tell();
    proposals.replaceChildren(line);
    const timer = setInterval(tell, 1000);
    return () => clearInterval(timer);
  }

  // Rows of another place, or of another content.
  function isOther({ old, new: heard }) {
    const what = (row) => JSON.stringify([row.start_ms, row.end_ms, row.text, row.language, row.emotion, row.events]);
    return old.map(what).join() !== heard.map(what).join();
  }

  function show(id, open) {
    const leave = (done) => show(id, open.filter((each) => !done.includes(each)));
    const use = once(async (chosen) => {
      const done = await app.corrections.change(() => api.post(`jobs/${app.job.id}/accept`, { id, chosen: chosen.map((each) => each.number) }), () => t("accepted", { n: chosen.length }));
      if (done) leave(chosen);
    });
    const lines = open.map((each) =>
      make(
        "li",
        {},
        make(
          "div",
          { className: "svw-pair" },
          side(t("before"), each.old, "svw-quiet"),
          side(t("after"), each.new, ""),
          make("div", { className: "svw-row" }, button(t("useIt"), () => use([each])), button(t("keepOld"), () => leave([each]))),
        ),
      ),
    );
    if (open.length > 1) lines.unshift(make("li", {}, button(t("useAll"), () => use(open))));
    proposals.replaceChildren(...(lines.length ? lines : [make("li", { className: "svw-quiet" }, t("nothingNew"))]));
  }

  function side(title, rows, className) {
    const said = (row) => [app.label(row.language), app.label(row.emotion), row.text || row.error || "—"].filter(Boolean).join(" · ");
    const lines = rows.map((row) =>
      make("p", {}, button(clock(row.start_ms), () => app.play(row.start_ms), { className: "svw-time" }), ` ${said(row)}`),
    );
    return make("div", { className }, make("strong", {}, title), ...lines);
  }

  app.on("job", () => {
    proposals.replaceChildren();
    start = once(hear); // whatever is still asked of the recording before
  });
  for (const event of ["shown", "selected", "rows"]) app.on(event, tellWhich);
  tellWhich();
  return { element };
}
