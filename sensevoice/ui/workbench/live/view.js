// The rows of a recording while it is made: what is settled, what may still change, and what is being said.
import { colorOf } from "../colors.js";
import { button, clock, make } from "../dom.js";

/**
 * `change` sends what somebody changes: a name, or the text of a row that is settled.
 *
 * @param {any} app @param {(key: string, values?: object) => string} t @param {(message: object) => void} change
 */
export function liveView(app, t, change) {
  const list = make("ol", { className: "svl-rows", "aria-live": "polite" });
  const growing = make("p", { className: "svl-growing", hidden: true });
  const hint = make("p", { className: "svw-quiet svl-hint" }, t("listening"));
  const back = button(`↓ ${t("toNewest")}`, toNewest, { hidden: true });
  const element = make("section", { id: "sv-live-view", className: "svw svl-view" }, hint, list, growing, make("div", { className: "svl-back" }, back));
  let sticks = true; // to the end, unless somebody has scrolled up
  element.addEventListener("scroll", () => {
    sticks = element.scrollHeight - element.scrollTop - element.clientHeight < 40;
    back.hidden = sticks;
  });

  function toNewest() {
    element.scrollTop = element.scrollHeight;
  }

  let names = {};
  let settled = 0; // rows
  const person = (speaker) => names[speaker] || app.t("person", { n: speaker.slice(1) });

  // Opens a field in the place of a text; Enter or leaving it sends, Escape does not. Its row stays for so long.
  function edit(target, value, label, send) {
    const field = make("input", { className: "svw-input svl-edit", value, "aria-label": label });
    const item = target.closest("li");
    let isDone = false;
    const done = (isSent) => {
      if (isDone) return;
      isDone = true;
      const focused = document.activeElement === field; // else somebody has gone elsewhere
      field.replaceWith(target);
      if (isSent && field.value.trim() !== value) send(field.value);
      if (focused) target.focus?.();
      catchUp(item);
    };
    field.addEventListener("blur", () => field.isConnected && done(true));
    field.addEventListener("keydown", (event) => {
      if (event.isComposing) return;
      if (event.key === "Enter" || event.key === "Escape") {
        event.preventDefault(); // else the key opens the field again: what has the focus now is a button
        done(event.key === "Enter");
      }
      event.stopPropagation();
    });
    target.replaceWith(field);
    field.focus();
    field.select();
  }

  function who(speaker) {
    if (!speaker) return make("span", { className: "svl-who" });
    const name = make("button", { type: "button", className: "svl-who svl-change", title: t("rename"), data: { speaker } }, person(speaker));
    name.addEventListener("click", () => edit(name, names[speaker] ?? "", t("rename"), (text) => change({ type: "name", speaker, name: text })));
    return name;
  }

  // What is settled can be corrected: what is not may be recognised as something else at any moment.
  function said(row, number) {
    const text = make("span", { className: "svl-said" }, row.error ? `⚠ ${row.error}` : row.text);
    if (row.kind !== "speech" || row.error) return text;
    const open = () => text.closest(".svl-open") === null && edit(text, row.text, t("correct"), (typed) => change({ type: "correct", row: number, start_ms: row.start_ms, text: typed }));
    text.title = t("correct");
    text.tabIndex = 0;
    text.addEventListener("dblclick", open);
    text.addEventListener("keydown", (event) => event.key === "Enter" && (event.preventDefault(), open()));
    return text;
  }

  function tag(name) {
    const mark = make("span", { className: "svl-tag" }, app.label(name));
    if (app.kindOf(name) === "emotion") mark.style.background = colorOf(name);
    mark.dataset.kind = app.kindOf(name);
    return mark;
  }

  function line(row, number) {
    const tags = [row.emotion, ...row.events].filter((name) => app.label(name) && name !== "Speech");
    return make(
      "li",
      { data: { kind: row.kind } },
      make("span", { className: "svl-time" }, clock(row.start_ms)),
      who(row.speaker),
      make("span", { className: "svl-text" }, said(row, number), ...tags.map(tag)),
    );
  }

  // What is as it was stays the element that it was: a click on it, or a field in it, is not lost.
  function place(row, number) {
    const old = list.children[number];
    const drawn = JSON.stringify(row);
    if (old && old.isWanted && (old.next ?? old).drawn === drawn) return;
    const item = Object.assign(line(row, number), { drawn, isWanted: true });
    if (!old) list.append(item);
    else if (isEdited(old)) Object.assign(old, { next: item, isWanted: true });
    else old.replaceWith(item);
  }

  const isEdited = (item) => item.querySelector(".svl-edit") !== null;

  function remove(item) {
    if (isEdited(item)) Object.assign(item, { next: null, isWanted: false });
    else item.remove();
  }

  // Shows what has come of a row while it was edited.
  function catchUp(item) {
    if (!item.isWanted) item.remove();
    else if (item.next) item.replaceWith(item.next);
    nameAll();
    markOpen(0);
  }

  function nameAll() {
    for (const each of list.querySelectorAll("[data-speaker]")) each.textContent = person(each.dataset.speaker);
  }

  function markOpen(from) {
    [...list.children].slice(from).forEach((item, number) => item.classList.toggle("svl-open", from + number >= settled));
  }

  function show(message) {
    if (message.names) {
      names = message.names;
      nameAll();
    }
    if ("rows" in message) {
      settled = message.settled;
      for (const item of [...list.children].slice(message.from + message.rows.length)) remove(item);
      message.rows.forEach((row, number) => place(row, message.from + number));
      markOpen(message.from);
    }
    const now = message.growing;
    growing.hidden = !now;
    if (now) growing.replaceChildren(make("span", { className: "svl-committed" }, now.committed), make("span", { className: "svl-tail" }, (/[\w,.!?]$/.test(now.committed) ? " " : "") + now.tail));
    hint.hidden = list.children.length > 0 || Boolean(now);
    if (sticks) toNewest();
  }

  function clear() {
    names = {};
    settled = 0;
    list.replaceChildren();
    growing.hidden = true;
    hint.hidden = false;
  }

  return { element, show, clear };
}
