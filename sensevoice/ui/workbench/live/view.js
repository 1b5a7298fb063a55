// The rows of a recording while it is made: what is settled, what may still change, and what is being said.
import { colorOf } from "../colors.js";
import { clock, make } from "../dom.js";

/** @param {any} app @param {(key: string, values?: object) => string} t */
export function liveView(app, t) {
  const list = make("ol", { className: "svl-rows", "aria-live": "polite" });
  const growing = make("p", { className: "svl-growing", hidden: true });
  const hint = make("p", { className: "svw-quiet svl-hint" }, t("listening"));
  const element = make("section", { id: "sv-live-view", className: "svw svl-view" }, hint, list, growing);
  let sticks = true; // to the end, unless somebody has scrolled up
  element.addEventListener("scroll", () => (sticks = element.scrollHeight - element.scrollTop - element.clientHeight < 40));

  const person = (speaker) => (speaker ? app.t("person", { n: speaker.slice(1) }) : "");

  function tag(name) {
    const mark = make("span", { className: "svl-tag" }, app.label(name));
    if (app.kindOf(name) === "emotion") mark.style.background = colorOf(name);
    mark.dataset.kind = app.kindOf(name);
    return mark;
  }

  function line(row) {
    const names = [row.emotion, ...row.events].filter((name) => app.label(name) && name !== "Speech");
    return make(
      "li",
      { data: { kind: row.kind } },
      make("span", { className: "svl-time" }, clock(row.start_ms)),
      make("span", { className: "svl-who" }, person(row.speaker)),
      make("span", { className: "svl-text" }, row.error ? `⚠ ${row.error}` : row.text, ...names.map(tag)),
    );
  }

  function show(message) {
    if ("rows" in message) {
      while (list.children.length > message.from) list.lastChild.remove();
      list.append(...message.rows.map(line));
      [...list.children].slice(message.from).forEach((item, number) => item.classList.toggle("svl-open", message.from + number >= message.settled));
    }
    const now = message.growing;
    growing.hidden = !now;
    if (now) growing.replaceChildren(make("span", { className: "svl-committed" }, now.committed), make("span", { className: "svl-tail" }, (/[\w,.!?]$/.test(now.committed) ? " " : "") + now.tail));
    hint.hidden = list.children.length > 0 || Boolean(now);
    if (sticks) element.scrollTop = element.scrollHeight;
  }

  function clear() {
    list.replaceChildren();
    growing.hidden = true;
    hint.hidden = false;
  }

  return { element, show, clear };
}
