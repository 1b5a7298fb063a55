// The people of a recording: how many there are, their names, and who are one.
import { button, make } from "./dom.js";

const MOST = 12;

export function speakers(app) {
  const { t, api } = app;
  const element = make("div");

  // Names are in every view and export, so the rows and the page's text are read anew.
  const say = (body) => app.change(() => api.patch(`jobs/${app.job.id}/people`, body));

  function counter(count) {
    const number = make("input", { type: "range", min: 1, max: MOST, value: Math.min(MOST, Math.max(1, count)), "aria-label": t("howMany") });
    const shown = make("output", {}, String(count));
    number.addEventListener("input", () => (shown.textContent = number.value));
    number.addEventListener("change", () => say({ count: number.value }));
    const auto = button(t("countAuto"), () => say({ count: "auto" }));
    return make("div", { className: "svw-row" }, make("span", {}, t("howMany")), number, shown, auto);
  }

  function line(person, people) {
    const name = make("input", {
      className: "svw-input",
      value: person.name,
      placeholder: app.speakerName(person.id),
      maxLength: 60,
      "aria-label": t("personName"),
    });
    name.addEventListener("change", () => say({ speaker: person.id, name: name.value }));
    const into = make("select", { className: "svw-select", "aria-label": t("sameAs") }, make("option", { value: "" }, t("sameAs")));
    for (const other of people) {
      if (other.id !== person.id) into.append(make("option", { value: other.id }, app.speakerName(other.id)));
    }
    into.addEventListener("change", () => into.value && say({ speaker: person.id, into: into.value }));
    return make("li", {}, name, people.length > 1 ? into : "");
  }

  app.on("details", (details) => {
    app.people = details.speakers;
    const parts = details.countable ? [counter(details.speakers.length)] : [];
    const lines = details.speakers.map((person) => line(person, details.speakers));
    parts.push(
      lines.length ? make("ul", { className: "svw-list" }, ...lines) : make("p", { className: "svw-quiet" }, t("noPeople")),
      make("p", { className: "svw-quiet" }, t("voicePrints")),
    );
    element.replaceChildren(...parts);
    app.emit("shown");
  });
  return { element };
}
