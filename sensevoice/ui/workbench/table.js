// The rows. Only those in sight are in the page, so that thousands scroll as smoothly as ten.
import { button, clock, make } from "./dom.js";
import { colorOf } from "./colors.js";

const SPARE = 6;

export function table(app) {
  const { t } = app;
  const body = make("div", { className: "svw-rows", role: "presentation" });
  const empty = make("p", { className: "svw-quiet svw-empty" });
  const scroller = make("div", { className: "svw-scroller", tabIndex: 0, role: "rowgroup" }, body);
  const titles = ["time", "language", "emotion", "events", "text"].map((key) =>
    make("span", { role: "columnheader" }, t(key)),
  );
  titles.push(make("span", { role: "columnheader" }, t("edit")));
  const grid = make(
    "div",
    { role: "table", "aria-label": t("segments") },
    make("div", { role: "rowgroup" }, make("div", { className: "svw-head svw-line", role: "row" }, ...titles)),
    scroller,
  );
  const element = make("div", { className: "svw-table" }, grid, empty);

  const height = () => (scroller.clientWidth < 560 ? 104 : 56);

  function tag(row, name, extra = "") {
    const text = app.label(name);
    if (!text) return make("span", { className: "svw-dash" }, "—");
    const shown = make("span", { className: "svw-tag" }, text + extra);
    shown.style.setProperty("--svw-chip", colorOf(name));
    shown.title = app.scoreLine(row, name);
    shown.classList.toggle("svw-unsure", app.isUnsure(row, name));
    return shown;
  }

  const who = (row) => app.speakerName(row.speaker) || app.channelName(row.channel);

  function picker(row) {
    const box = make("input", { type: "checkbox", checked: app.selected.has(row.index), "aria-label": t("select"), title: t("select") });
    box.addEventListener("change", () => app.select(row, box.checked));
    return box;
  }

  function line(row, place) {
    const events = row.events.filter((event) => app.label(event.name));
    const sounds = events.map((event) => tag(row, event.name, event.trend ? { rising: " ↗", falling: " ↘" }[event.trend] : ""));
    const text = row.error ? `${t("failed")}: ${row.error}` : row.text;
    const cells = [
      make("span", { role: "cell" }, button(clock(row.start_ms), () => app.playRow(row), { className: "svw-time" })),
      make("span", { role: "cell" }, tag(row, row.language)),
      make("span", { role: "cell" }, tag(row, row.emotion)),
      make("span", { role: "cell" }, ...(sounds.length ? sounds : [make("span", { className: "svw-dash" }, "—")])),
      make(
        "span",
        { role: "cell", className: row.error ? "svw-text svw-bad" : "svw-text", title: text },
        row.edited ? make("em", {}, `${t("edited")} `) : null,
        who(row) ? make("span", { className: "svw-channel" }, who(row)) : null,
        text,
      ),
      make("span", { role: "cell", className: "svw-tools" }, picker(row), button("✎", () => app.emit("edit", row), { "aria-label": t("edit"), title: t("edit") })),
    ];
    const element = make(
      "div",
      { className: "svw-line", role: "row", "aria-rowindex": String(place + 2), data: { row: row.index } },
      ...cells,
    );
    element.style.transform = `translateY(${place * height()}px)`;
    element.style.height = `${height()}px`;
    element.classList.toggle("svw-now", row.index === app.current);
    element.addEventListener("click", (event) => event.target.closest("button, input") || app.playRow(row));
    return element;
  }

  function draw() {
    const rows = app.shown;
    const size = height();
    body.style.height = `${rows.length * size}px`;
    const first = Math.max(0, Math.floor(scroller.scrollTop / size) - SPARE);
    const last = Math.min(rows.length, Math.ceil((scroller.scrollTop + scroller.clientHeight) / size) + SPARE);
    body.replaceChildren(...rows.slice(first, last).map((row, number) => line(row, first + number)));
    grid.setAttribute("aria-rowcount", String(rows.length + 1));
    empty.hidden = rows.length > 0;
    empty.textContent = t(app.rows.length ? "noMatch" : "noRows");
  }

  let waiting = false;
  function redraw() {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      draw();
    });
  }

  function follow() {
    const place = app.shown.findIndex((row) => row.index === app.current);
    const size = height();
    if (place >= 0 && !scroller.matches(":hover")) {
      const top = place * size;
      if (top < scroller.scrollTop || top + size > scroller.scrollTop + scroller.clientHeight) {
        scroller.scrollTop = Math.max(0, top - size);
      }
    }
    redraw();
  }

  scroller.addEventListener("scroll", redraw, { passive: true });
  new ResizeObserver(redraw).observe(scroller);
  app.on("shown", redraw);
  app.on("threshold", redraw);
  app.on("playing", follow);
  return { element };
}
