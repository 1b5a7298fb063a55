// Correcting one row: its text and tags, or hearing it again in another language.
import { button, clock, make } from "./dom.js";

export function editor(app) {
  const { t, api } = app;
  const element = make("form", { className: "svw-edit", hidden: true });
  element.addEventListener("submit", (event) => event.preventDefault());

  function choice(kind, chosen, label) {
    const select = make("select", { className: "svw-select", "aria-label": label });
    select.append(make("option", { value: "" }, t("none")));
    for (const name of app.kinds[kind]) {
      select.append(make("option", { value: name, selected: name === chosen }, app.label(name)));
    }
    return select;
  }

  function open(row) {
    const text = make("textarea", { className: "svw-input", rows: 2, value: row.text, "aria-label": t("text") });
    const language = choice("language", row.language, t("language"));
    const emotion = choice("emotion", row.emotion, t("emotion"));
    const events = make("fieldset", { className: "svw-row" }, make("legend", {}, t("events")));
    const own = new Set(row.events.map((event) => event.name));
    for (const name of app.kinds.event) {
      const box = make("input", { type: "checkbox", value: name, checked: own.has(name) });
      events.append(make("label", { className: "svw-check" }, box, app.label(name)));
    }
    const people = app.people ?? [];
    const speaker = make("select", { className: "svw-select", "aria-label": t("speakers"), hidden: people.length < 2 });
    for (const { id } of people) speaker.append(make("option", { value: id, selected: id === row.speaker }, app.speakerName(id)));
    const again = choice("language", row.language, t("hearAgain"));
    const proposal = make("div", { className: "svw-row svw-quiet" });
    const save = () =>
      app.change(() =>
        api.patch(`jobs/${app.job.id}/segments/${row.index}`, {
          text: text.value,
          language: language.value,
          emotion: emotion.value,
          ...(people.length > 1 && speaker.value !== row.speaker ? { speaker: speaker.value } : {}),
          events: [...events.querySelectorAll("input:checked")].map((box) => box.value),
        }),
      );
    const hear = async () => {
      const body = { rows: [row.index], language: again.value || "auto" };
      const data = await app.attempt(() => api.post(`jobs/${app.job.id}/redo`, body));
      if (!data) return;
      const [found] = data.proposals[0].new;
      const accept = () => app.change(() => api.post(`jobs/${app.job.id}/accept`, { id: data.id, chosen: [0] }));
      proposal.replaceChildren(
        make("span", {}, `${t("heard")}: ${found.text || found.error || "—"}`),
        button(t("useIt"), () => accept().then(close)),
      );
    };
    element.replaceChildren(
      make("strong", {}, clock(row.start_ms)),
      text,
      make("div", { className: "svw-row" }, speaker, language, emotion),
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

  app.on("edit", open);
  app.on("job", close);
  return { element };
}
