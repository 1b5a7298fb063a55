// The rows, each an element that stays: selection, focus and find-in-page work, and what is out of sight is
// neither laid out nor painted (`content-visibility` in workbench.css).
import { button, clock, make } from "./dom.js";
import { colorOf } from "./colors.js";

const TRENDS = { rising: " ↗", falling: " ↘" };
const SKIP_MS = 5000;

export function table(app, editor) {
  const { t } = app;
  const body = make("div", { className: "svw-rows", role: "rowgroup" });
  const empty = make("p", { className: "svw-quiet svw-empty" });
  const scroller = make("div", { className: "svw-scroller", role: "presentation" }, body);
  const titles = ["time", "language", "emotion", "events", "text", "edit"].map((key) => make("span", { role: "columnheader" }, t(key)));
  const head = make("div", { role: "rowgroup" }, make("div", { className: "svw-head svw-line", role: "row" }, ...titles));
  const grid = make("div", { role: "grid", "aria-label": t("segments"), "aria-describedby": "svw-keys" }, head, scroller);
  const back = button(t("backToPlaying"), () => follow(true), { className: "svw-button svw-back", hidden: true });
  const keys = make("p", { className: "svw-quiet svw-keys", id: "svw-keys" }, t("keys"));
  const element = make("div", { className: "svw-table" }, grid, back, empty);

  const elements = new Map(); // row number → its element
  let following = true;
  let place = -1; // number of the row that Tab reaches

  function tag(row, name, extra = "") {
    const text = app.label(name);
    if (!text) return make("span", { className: "svw-dash" }, "—");
    const shown = make("span", { className: "svw-tag", data: { name } }, text + extra);
    shown.style.setProperty("--svw-chip", colorOf(name));
    shown.title = app.scoreLine(row, name);
    shown.classList.toggle("svw-unsure", app.isUnsure(row, name));
    return shown;
  }

  // What an element was made from: a row's own values, and the name of its speaker, which is another's.
  const state = (row) => JSON.stringify([row, app.who(row)]);

  function picker(row) {
    const name = `${t("select")} ${clock(row.start_ms)}`;
    const box = make("input", { type: "checkbox", checked: app.selected.has(row.index), tabIndex: -1, "aria-label": name, title: t("select") });
    box.addEventListener("change", () => app.select(app.rows[row.index], box.checked));
    return box;
  }

  function line(row) {
    const events = row.events.filter((event) => app.label(event.name));
    const sounds = events.map((event) => tag(row, event.name, event.trend ? TRENDS[event.trend] : ""));
    const text = row.error ? `${t("failed")}: ${row.error}` : row.text;
    const change = `${t("edit")} ${clock(row.start_ms)}`;
    const voice = app.who(row);
    const cells = [
      button(clock(row.start_ms), () => app.playRow(row), { className: "svw-time", tabIndex: -1 }),
      tag(row, row.language),
      tag(row, row.emotion),
      make("span", {}, ...(sounds.length ? sounds : [make("span", { className: "svw-dash" }, "—")])),
      make(
        "span",
        { className: row.error ? "svw-text svw-bad" : "svw-text" },
        row.edited ? make("em", {}, `${t("edited")} `) : null,
        voice ? make("span", { className: "svw-channel" }, voice) : null,
        text,
      ),
      make("span", { className: "svw-tools" }, picker(row), button("✎", () => app.emit("edit", app.rows[row.index]), { tabIndex: -1, "aria-label": change, title: t("edit") })),
    ];
    const made = make(
      "div",
      { className: "svw-line", role: "row", tabIndex: -1, data: { row: row.index } },
      ...cells.map((cell) => make("span", { role: "gridcell" }, cell)),
    );
    made.drawn = state(row);
    return made;
  }

  // Makes what is new or changed; everything else stays the element that it was.
  function draw() {
    const shown = new Set(app.shown.map((row) => row.index));
    let before = null;
    for (const row of app.rows) {
      let own = elements.get(row.index);
      if (!own || own.drawn !== state(row)) own = replace(row, own);
      own.hidden = !shown.has(row.index);
      if (!own.isConnected) before ? before.after(own) : body.prepend(own);
      before = own;
    }
    for (const [index, own] of elements) {
      if (index < app.rows.length) continue;
      own.remove();
      elements.delete(index);
    }
    app.shown.forEach((row, number) => elements.get(row.index).setAttribute("aria-rowindex", String(number + 2)));
    grid.setAttribute("aria-rowcount", String(app.shown.length + 1));
    empty.hidden = app.shown.length > 0;
    empty.textContent = t(app.rows.length ? "noMatch" : "noRows");
    reach(shown.has(place) ? place : (app.shown[0]?.index ?? -1));
    mark();
  }

  function replace(row, old) {
    const made = line(row);
    const focused = old?.contains(document.activeElement);
    if (old?.contains(editor.element)) made.append(editor.element);
    old?.replaceWith(made);
    elements.set(row.index, made);
    if (focused && !made.contains(document.activeElement)) made.focus({ preventScroll: true });
    return made;
  }

  function mark() {
    for (const own of body.querySelectorAll(".svw-now")) own.classList.remove("svw-now");
    for (const row of app.playing) elements.get(row.index)?.classList.add("svw-now");
  }

  function unsure() {
    for (const row of app.rows) {
      for (const shown of elements.get(row.index)?.querySelectorAll(".svw-tag") ?? []) {
        shown.classList.toggle("svw-unsure", app.isUnsure(row, shown.dataset.name));
      }
    }
  }

  // One row at a time is reached by Tab; arrows go on from there.
  function reach(index, focus = false) {
    const old = elements.get(place);
    if (old) old.tabIndex = -1;
    place = index;
    const own = elements.get(index);
    if (!own) return;
    own.tabIndex = 0;
    if (focus) own.focus();
  }

  function step(by) {
    const at = app.shown.findIndex((row) => row.index === place);
    const next = app.shown[Math.min(app.shown.length - 1, Math.max(0, at + by))];
    if (next) reach(next.index, true);
  }

  function tick(row) {
    const box = elements.get(row.index).querySelector("input[type=checkbox]");
    box.checked = !box.checked;
    app.select(row, box.checked);
  }

  const ACTIONS = {
    ArrowDown: () => step(1),
    ArrowUp: () => step(-1),
    PageDown: () => step(10),
    PageUp: () => step(-10),
    Home: () => step(-app.shown.length),
    End: () => step(app.shown.length),
    Enter: (row) => app.playRow(row),
    " ": () => app.player.toggle(),
    ArrowLeft: () => app.player.skip(-SKIP_MS),
    ArrowRight: () => app.player.skip(SKIP_MS),
    e: (row) => app.emit("edit", row),
    x: (row) => tick(row),
  };

  body.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || editor.element.contains(event.target)) return;
    const own = event.target.closest(".svw-line");
    if (event.target !== own && event.target.closest("button, input") && (event.key === " " || event.key === "Enter")) return;
    const action = own && ACTIONS[event.key];
    if (!action) return;
    event.preventDefault();
    event.stopPropagation();
    action(app.rows[Number(own.dataset.row)]);
  });
  body.addEventListener("focusin", (event) => {
    const own = event.target.closest(".svw-line");
    if (own) reach(Number(own.dataset.row));
  });
  body.addEventListener("click", (event) => {
    const own = event.target.closest(".svw-line");
    if (!own || event.target.closest("button, input, .svw-edit") || !window.getSelection().isCollapsed) return;
    reach(Number(own.dataset.row));
    app.playRow(app.rows[Number(own.dataset.row)]);
  });
  body.addEventListener("dblclick", (event) => {
    const own = event.target.closest(".svw-line");
    if (own && !event.target.closest("button, input, .svw-edit")) app.emit("edit", app.rows[Number(own.dataset.row)]);
  });

  // The list follows what is played until somebody scrolls it, and again when told to.
  function follow(again = false) {
    mark();
    if (again) following = true;
    const own = elements.get(app.current);
    if (following && own && !own.hidden && !editor.isOpen()) {
      const [top, bottom] = [own.offsetTop, own.offsetTop + own.offsetHeight];
      if (again || top < scroller.scrollTop || bottom > scroller.scrollTop + scroller.clientHeight) {
        scroller.scrollTop = Math.max(0, top - 56);
      }
    }
    back.hidden = following || !own || own.hidden;
  }

  const stop = () => {
    following = false;
    back.hidden = !elements.has(app.current);
  };
  for (const event of ["wheel", "touchmove"]) scroller.addEventListener(event, stop, { passive: true });
  scroller.addEventListener("keydown", (event) => ["ArrowUp", "ArrowDown", "PageUp", "PageDown", "Home", "End"].includes(event.key) && stop());

  app.on("job", () => {
    elements.clear();
    body.replaceChildren();
    following = true;
    place = -1;
  });
  app.on("shown", draw);
  app.on("threshold", unsure);
  app.on("playing", () => follow());
  app.on("edit", (row) => elements.get(row.index).append(editor.element));
  app.on("edited", (index) => reach(index, true));
  return { element: make("div", {}, element, keys) };
}
