// The people of a recording: how many there are, their names, and who are one.
import { button, make } from "../dom.js";

const MOST = 12;

export function speakers(app) {
  const { t, api } = app;
  const element = make("div");
  let last = Promise.resolve();

  // One at a time, as the last word counts. Names are in every view and export, so all is read anew.
  const say = (body) => {
    const id = app.job.id;
    last = last.then(() => (app.job?.id === id ? app.change(() => api.patch(`jobs/${id}/people`, body)) : null));
  };

  function counter(count) {
    const number = make("input", { type: "range", min: 1, max: MOST, value: Math.min(MOST, Math.max(1, count)), "aria-label": t("howMany"), data: { part: "count" } });
    const shown = make("output", {}, String(count));
    number.addEventListener("input", () => (shown.textContent = number.value));
    number.addEventListener("change", () => say({ count: number.value }));
    const auto = button(t("countAuto"), () => say({ count: "auto" }), { data: { part: "auto" } });
    return make("div", { className: "svw-row" }, make("span", {}, t("howMany")), number, shown, auto);
  }

  function line(person, people) {
    const called = app.speakerName(person.id) || t("person", { n: person.id.slice(1) });
    const name = make("input", {
      className: "svw-input",
      value: person.name,
      placeholder: called,
      maxLength: 60,
      "aria-label": `${t("personName")} ${called}`,
      data: { part: `name ${person.id}` },
    });
    name.addEventListener("change", () => say({ speaker: person.id, name: name.value }));
    if (people.length < 2) return make("li", {}, name);
    const same = `${called}: ${t("sameAs")}`;
    const into = make("select", { className: "svw-select", "aria-label": same, data: { part: `into ${person.id}` } }, make("option", { value: "" }, t("sameAs")));
    for (const other of people) {
      if (other.id !== person.id) into.append(make("option", { value: other.id }, app.speakerName(other.id)));
    }
    const join = button(t("putTogether"), () => into.value && say({ speaker: person.id, into: into.value }), { data: { part: `join ${person.id}` } });
    return make("li", {}, name, into, join);
  }

  function partable([id, into]) {
    const [one, other] = [t("person", { n: id.slice(1) }), app.speakerName(into) || t("person", { n: into.slice(1) })];
    return make("li", {}, make("span", {}, `${one} = ${other}`), button(t("part"), () => say({ speaker: id, into: "" }), { data: { part: `part ${id}` } }));
  }

  // What is drawn anew keeps the focus, for those who go on with the keyboard.
  function redraw(parts) {
    const part = element.contains(document.activeElement) ? document.activeElement.dataset.part : null;
    element.replaceChildren(...parts);
    if (part) element.querySelector(`[data-part="${CSS.escape(part)}"]`)?.focus();
  }

  app.on("details", (details) => {
    const parts = details.countable ? [counter(details.speakers.length)] : [];
    const lines = [...details.speakers.map((person) => line(person, details.speakers)), ...details.merged.map(partable)];
    parts.push(
      lines.length ? make("ul", { className: "svw-list" }, ...lines) : make("p", { className: "svw-quiet" }, t("noPeople")),
      make("p", { className: "svw-quiet" }, t("voicePrints")),
    );
    redraw(parts);
  });
  app.on("job", () => element.replaceChildren());
  return { element };
}
