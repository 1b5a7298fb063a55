// The rows, each an element that stays: selection, focus and find-in-page work. They stand in blocks, and a block
// that is out of sight is neither laid out nor painted (`content-visibility` in workbench.css).
import { button, clock, hasFocus, make } from "./dom.js";
import { colorOf } from "./colors.js";
import { spokenWords } from "./words.js";

const TRENDS = { rising: " ↗", falling: " ↘" };
const SCROLLING = ["ArrowUp", "ArrowDown", "PageUp", "PageDown", "Home", "End"];
const BLOCK = 15; // rows; the browser asks of each block in each frame whether it is in sight, which took 40 ms for 3,000
const ONE_LANGUAGE = 0.8; // share of the rows above which only the other languages are worth a tag

// The language of so many rows that it says nothing on each of them, "" if they are in several.
export function usualLanguage(rows) {
  const counts = new Map();
  for (const row of rows) if (row.kind === "speech" && row.language) counts.set(row.language, (counts.get(row.language) ?? 0) + 1);
  const [name, count] = [...counts].sort((a, b) => b[1] - a[1])[0] ?? ["", 0];
  return count >= ONE_LANGUAGE * [...counts.values()].reduce((sum, n) => sum + n, 0) ? name : "";
}

export function table(app, editor) {
  const { t } = app;
  const body = make("div", { className: "svw-rows", role: "rowgroup" });
  const empty = make("p", { className: "svw-quiet svw-empty" });
  const scroller = make("div", { className: "svw-scroller", role: "presentation" }, body);
  const titles = ["who", "time", "text", "tags", "edit"].map((key) => make("span", { role: "columnheader" }, t(key)));
  const head = make("div", { className: "svw-hidden", role: "rowgroup" }, make("div", { role: "row" }, ...titles));
  const grid = make("div", { role: "grid", "aria-label": t("rows"), "aria-describedby": "svw-keys" }, head, scroller);
  const back = button(`↓ ${t("backToPlaying")}`, () => follow(true), { className: "svw-button svw-back", hidden: true });
  const keys = make("p", { className: "svw-hidden", id: "svw-keys" }, t("keys"));
  const element = make("div", { className: "svw-table" }, grid, back, empty);

  const elements = new Map(); // row number → its element
  const blocks = []; // of BLOCK rows each
  const spoken = spokenWords(app, (row) => elements.get(row.index)?.querySelector(".svw-text") ?? null);
  let following = true;
  let place = -1; // number of the row that Tab reaches
  let usual = ""; // the language that most rows are in
  let visible = []; // rows

  function tag(row, name, extra = "") {
    const kind = app.kindOf(name);
    const shown = make("span", { className: `svw-tag svw-${kind}`, data: { name } }, app.label(name) + extra);
    shown.style.setProperty("--svw-chip", colorOf(name));
    shown.title = app.sure.isUnsure(row, name) ? `${app.sure.line(row, name)} · ${t("unsure")}` : app.sure.line(row, name);
    shown.classList.toggle("svw-unsure", app.sure.isUnsure(row, name));
    return shown;
  }

  // Only what says something: not one language on every row, and nothing for what was not heard.
  function tags(row) {
    const { language, emotion, events } = app.sure.seen(row);
    const named = [language === usual ? "" : language, emotion].filter((name) => app.label(name)).map((name) => tag(row, name));
    const sounds = events.filter((event) => app.label(event.name)).map((event) => tag(row, event.name, TRENDS[event.trend] ?? ""));
    return [...named, ...sounds];
  }

  function picker(row) {
    const name = `${t("select")} ${clock(row.start_ms)}`;
    const box = make("input", { type: "checkbox", checked: app.selected.has(row.index), tabIndex: -1, "aria-label": name, title: t("select") });
    box.addEventListener("change", () => app.select(app.rows[row.index], box.checked));
    return box;
  }

  function line(row) {
    const text = row.error ? `${t("failed")}: ${row.error}` : row.text;
    const change = `${t("edit")} ${clock(row.start_ms)}`;
    const said = make("span", { className: row.error ? "svw-text svw-bad" : "svw-text" }, text || null);
    if (row.edited) said.append(make("em", { className: "svw-quiet" }, ` ${t("edited")}`));
    const cells = [
      app.who(row) ? make("span", { className: "svw-channel" }, app.who(row)) : null,
      button(clock(row.start_ms), () => app.playRow(row), { className: "svw-time", tabIndex: -1, "aria-label": `${t("play")} ${clock(row.start_ms)}` }),
      said,
      make("span", { className: "svw-said" }, ...tags(row)),
      make("span", { className: "svw-tools" }, picker(row), button("✎", () => app.emit("edit", app.rows[row.index]), { tabIndex: -1, "aria-label": change, title: `${t("edit")} (E)` })),
    ];
    const made = make(
      "div",
      { className: "svw-line", role: "row", tabIndex: -1, data: { row: row.index, kind: row.kind } },
      ...cells.map((cell) => make("span", { role: "gridcell" }, cell)),
    );
    made.drawn = drawnAs(row);
    return made;
  }

  const drawnAs = (row) => JSON.stringify([app.sure.seen(row), usual, app.who(row)]);

  // Makes what is new or changed; everything else stays the element that it was.
  function draw() {
    visible = app.visible;
    const shown = new Set(visible.map((row) => row.index));
    const matching = new Set(app.shown.map((row) => row.index));
    usual = usualLanguage(app.rows);
    for (const row of app.rows) {
      let own = elements.get(row.index);
      if (!own || own.drawn !== drawnAs(row)) own = replace(row, own);
      own.hidden = !shown.has(row.index);
      own.classList.toggle("svw-beside", !matching.has(row.index));
      if (!own.isConnected) blockOf(row.index).append(own);
    }
    for (const [index, own] of elements) {
      if (index < app.rows.length) continue;
      own.remove();
      elements.delete(index);
    }
    size(shown);
    visible.forEach((row, number) => elements.get(row.index).setAttribute("aria-rowindex", String(number + 2)));
    grid.setAttribute("aria-rowcount", String(visible.length + 1));
    empty.hidden = visible.length > 0;
    empty.textContent = app.rows.length || !app.job || app.goesOn(app.job) ? t(app.rows.length ? "noMatch" : "noRows") : "";
    reach(shown.has(place) ? place : (visible[0]?.index ?? -1));
    mark();
  }

  function blockOf(index) {
    const number = Math.floor(index / BLOCK);
    if (!blocks[number]) body.append((blocks[number] = make("div", { className: "svw-block", role: "presentation" })));
    return blocks[number];
  }

  // Tells how high a block is before it was in sight, and forgets what it was with other rows.
  function size(shown) {
    body.classList.toggle("svw-some", shown.size < app.rows.length);
    blocks.forEach((block, number) => {
      let count = 0;
      for (let index = number * BLOCK; index < (number + 1) * BLOCK; index += 1) if (shown.has(index)) count += 1;
      block.hidden = count === 0;
      block.style.setProperty("--rows", String(count));
    });
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
    const at = visible.findIndex((row) => row.index === place);
    const next = visible[Math.min(visible.length - 1, Math.max(0, at + by))];
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
    Home: () => step(-visible.length),
    End: () => step(visible.length),
    Enter: (row) => app.playRow(row),
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
  body.addEventListener("click", async (event) => {
    const own = event.target.closest(".svw-line");
    if (!own || event.detail > 1 || event.target.closest("button, input, .svw-edit") || !window.getSelection().isCollapsed) return;
    const row = app.rows[Number(own.dataset.row)];
    reach(row.index);
    const at = await spoken.timeUnder(row, event);
    app.play(at ?? row.start_ms);
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
      if (scroller.scrollHeight <= scroller.clientHeight) own.scrollIntoView({ block: "nearest" }); // on a phone the page scrolls
      const top = own.getBoundingClientRect().top - body.getBoundingClientRect().top;
      const bottom = top + own.offsetHeight;
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
  scroller.addEventListener("pointerdown", (event) => event.target === scroller && stop()); // its scrollbar
  scroller.addEventListener("keydown", (event) => SCROLLING.includes(event.key) && stop());

  app.on("job", () => {
    elements.clear();
    blocks.length = 0;
    body.replaceChildren();
    following = true;
    place = -1;
  });
  for (const event of ["shown", "details"]) app.on(event, draw); // people have names with the details
  app.on("playing", () => follow());
  app.on("edit", (row) => {
    if (!editor.isOpen()) return;
    elements.get(row.index).append(editor.element);
    editor.focus(); // only now it is where it can have it
  });
  app.on("edited", (index) => hasFocus(elements.get(index)) && reach(index, true));
  return { element: make("div", { className: "svw-fill" }, element, keys) };
}
