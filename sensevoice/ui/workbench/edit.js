// Correcting one row: its text and tags, or hearing it again in another language.
import { button, clock, make } from "./dom.js";

export function editor(bench) {
  const { t, api } = bench;
  const element = make("form", { className: "svw-edit", hidden: true });
  element.addEventListener("submit", (event) => event.preventDefault());

  function choice(kind, chosen, label) {
    const select = make("select", { className: "svw-select", "aria-label": label });
    select.append(make("option", { value: "" }, t("none")));
    for (const name of bench.kinds[kind]) {
      select.append(make("option", { value: name, selected: name === chosen }, bench.label(name)));
    }
    return select;
  }

  function open(row) {
    const text = make("textarea", { className: "svw-input", rows: 2, value: row.text, "aria-label": t("text") });
    const language = choice("language", row.language, t("language"));
    const emotion = choice("emotion", row.emotion, t("emotion"));
    const events = make("fieldset", { className: "svw-row" }, make("legend", {}, t("events")));
    const own = new Set(row.events.map((event) => event.name));
    for (const name of bench.kinds.event) {
      const box = make("input", { type: "checkbox", value: name, checked: own.has(name) });
      events.append(make("label", { className: "svw-check" }, box, bench.label(name)));
    }
    const again = choice("language", row.language, t("hearAgain"));
    const proposal = make("div", { className: "svw-row svw-quiet" });
    const save = () =>
      bench.change(() =>
        api.patch(`jobs/${bench.job.id}/segments/${row.index}`, {
          version: bench.version,
          text: text.value,
          language: language.value,
          emotion: emotion.value,
          events: [...events.querySelectorAll("input:checked")].map((box) => box.value),
        }),
      );
    const hear = async () => {
      const body = { rows: [row.index], language: again.value || "auto" };
      const told = await bench.attempt(() => api.post(`jobs/${bench.job.id}/redo`, body));
      if (!told) return;
      const [found] = told.proposals[0].new;
      const accept = () => bench.change(() => api.post(`jobs/${bench.job.id}/accept`, { id: told.id, chosen: [0] }));
      proposal.replaceChildren(
        make("span", {}, `${t("heard")}: ${found.text || found.error || "—"}`),
        button(t("useIt"), () => accept().then(close)),
      );
    };
    element.replaceChildren(
      make("strong", {}, clock(row.start_ms)),
      text,
      make("div", { className: "svw-row" }, language, emotion),
      events,
      make("div", { className: "svw-row" }, button(t("hearAgain"), hear), again),
      proposal,
      make(
        "div",
        { className: "svw-row" },
        button(t("save"), () => save().then(close), { className: "svw-button svw-primary" }),
        button(t("cancel"), close),
      ),
    );
    element.hidden = false;
    text.focus();
  }

  function close() {
    element.hidden = true;
  }

  bench.on("edit", open);
  bench.on("job", close);
  return { element };
}
