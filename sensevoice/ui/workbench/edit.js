// Correcting one row where it stands: its text and tags, or having it transcribed again in another language.
// What is typed is kept in the browser until it is saved, whatever happens to the page or the connection.
import { button, make, named, once } from "./dom.js";

export function editor(app) {
  const { t, api } = app;
  const element = make("form", { className: "svw-edit", hidden: true });
  let save = async () => false;
  let whenSaved = async () => {};
  let at = -1;
  let forget = () => {}; // what was typed into the row that is open
  let opening = 0; // counts what was opened: an answer may come when another row, or another recording, is

  element.addEventListener("submit", (event) => event.preventDefault());
  element.addEventListener("keydown", (event) => {
    if (event.isComposing) return; // Enter chooses what an input method proposes
    if (event.key === "Escape") {
      event.preventDefault();
      discard();
    } else if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.matches("textarea")) {
      event.preventDefault();
      splitAt(event.target.selectionStart);
    } else if (event.key === "Enter" && !event.shiftKey && event.target.matches("textarea")) {
      event.preventDefault();
      ifStillOpen(save(), next);
    }
  });

  // Goes on when something has succeeded, unless another row was opened, or this one left, meanwhile.
  async function ifStillOpen(asked, act) {
    const mine = opening;
    if ((await asked) && mine === opening) act();
  }

  function choice(kind, chosen, label) {
    const select = make("select", { className: "svw-select", "aria-label": label });
    select.append(make("option", { value: "" }, t("none")));
    for (const name of app.kinds[kind]) {
      select.append(make("option", { value: name, selected: name === chosen }, app.label(name)));
    }
    return select;
  }

  function draft(key) {
    try {
      return sessionStorage.getItem(key);
    } catch {
      return null; // a browser without storage forgets
    }
  }

  function keep(key, text) {
    try {
      if (text === null) sessionStorage.removeItem(key);
      else sessionStorage.setItem(key, text);
    } catch {
      // as above
    }
  }

  function open(row) {
    if (app.goesOn(app.job)) return void app.toasts.say(t("editLater"));
    at = row.index;
    opening += 1;
    const key = `sv-draft-${app.job.id}-${row.start_ms}`;
    forget = () => keep(key, null);
    const unsaved = draft(key);
    const text = make("textarea", { className: "svw-input", rows: 2, value: unsaved ?? row.text, "aria-label": t("text") });
    text.addEventListener("input", () => keep(key, text.value === row.text ? null : text.value));
    const language = choice("language", row.language, t("language"));
    const emotion = choice("emotion", row.emotion, t("emotion"));
    const events = make("fieldset", { className: "svw-row" }, make("legend", {}, t("events")));
    const own = new Set(row.events.map((event) => event.name));
    for (const name of app.kinds.event) {
      const box = make("input", { type: "checkbox", value: name, checked: own.has(name) });
      events.append(make("label", { className: "svw-check" }, box, app.label(name)));
    }
    const { people } = app;
    const speaker = make("select", { className: "svw-select", "aria-label": t("who") });
    for (const { id } of people) speaker.append(make("option", { value: id, selected: id === row.speaker }, app.speakerName(id)));
    const again = choice("language", row.language, t("hearAgain"));
    const proposal = make("div", { className: "svw-row svw-quiet" });
    // Only what was changed is sent, for the row as it was when it was opened; after a refusal, as it is now.
    let seen = app.version;
    const send = async () => {
      const ticked = [...events.querySelectorAll("input:checked")].map((box) => box.value);
      const body = {
        ...(text.value.trim() === row.text ? {} : { text: text.value }),
        ...(language.value === shownAs(language, row.language) ? {} : { language: language.value }),
        ...(emotion.value === shownAs(emotion, row.emotion) ? {} : { emotion: emotion.value }),
        ...(people.length < 2 || speaker.value === shownAs(speaker, row.speaker) ? {} : { speaker: speaker.value }),
        ...(ticked.length === own.size && ticked.every((name) => own.has(name)) ? {} : { events: ticked }),
      };
      if (!Object.keys(body).length) return true;
      const saved = await app.corrections.edit(row, body, seen);
      if (saved) keep(key, null);
      else seen = app.version;
      return Boolean(saved);
    };
    save = once(() => {
      text.readOnly = true; // what was typed now would be lost
      return send().finally(() => (text.readOnly = false));
    });
    whenSaved = once(async (change) => {
      const [job, mine] = [app.job.id, opening];
      if (!(await save()) || app.job?.id !== job) return;
      const now = app.rows[row.index];
      if (now && (await change(now)) && mine === opening) close();
    });
    const hear = once(async () => {
      const body = { rows: [row.index], language: again.value || "auto" };
      const data = await app.attempt(() => api.post(`jobs/${app.job.id}/redo`, body));
      if (!data) return;
      const [result] = data.proposals[0].new;
      const accept = once(() => app.corrections.change(() => api.post(`jobs/${app.job.id}/accept`, { id: data.id, chosen: [0] }), () => t("accepted", { n: 1 })));
      proposal.replaceChildren(
        make("span", {}, `${t("heard")}: ${result.text || result.error || "—"}`),
        button(t("useIt"), () => ifStillOpen(accept(), discard)),
      );
    });
    element.replaceChildren(
      text,
      unsaved === null ? "" : make("p", { className: "svw-quiet", role: "status" }, t("unsaved")),
      make("div", { className: "svw-row" }, people.length < 2 ? null : named(t("who"), speaker), named(t("language"), language), named(t("emotion"), emotion)),
      events,
      make("div", { className: "svw-row" }, button(t("hearAgain"), hear), again),
      proposal,
      make(
        "div",
        { className: "svw-row" },
        button(t("save"), () => ifStillOpen(save(), close), { className: "svw-button svw-primary", title: "Enter" }),
        button(t("cancel"), discard, { title: "Esc" }),
        button(t("play"), () => app.playRow(row)),
        button(t("split"), () => splitAt(text.selectionStart), { title: `${t("splitHelp")} (Ctrl+Enter)` }),
        app.rows[row.index + 1] ? button(t("joinNext"), joinNext) : null,
      ),
    );
    element.hidden = false;
  }

  // What a choice showed for a value at first: nothing for one that is not offered, such as a calm mood.
  const shownAs = (select, value) => ([...select.options].some((option) => option.value === value) ? value : select.options[0].value);

  // Text that was typed is saved first: the place is one in the text as it stands in the field.
  const splitAt = (offset) => whenSaved((row) => app.corrections.split(row, offset));
  const joinNext = () => whenSaved((row) => app.corrections.join(row));

  function next() {
    const place = app.visible.findIndex((row) => row.index === at);
    const row = place < 0 ? null : app.visible[place + 1];
    if (row) app.emit("edit", row);
    else close();
  }

  function discard() {
    forget();
    close();
  }

  function close() {
    opening += 1;
    element.hidden = true;
    element.replaceChildren();
    if (at >= 0) app.emit("edited", at);
    at = -1;
  }

  app.on("edit", open);
  for (const event of ["job", "closed"]) {
    app.on(event, () => {
      at = -1;
      opening += 1;
      element.hidden = true;
    });
  }
  return { element, isOpen: () => !element.hidden, focus: () => element.querySelector("textarea")?.focus() };
}
