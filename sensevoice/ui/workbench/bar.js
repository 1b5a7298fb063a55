// @ts-check
// The head of the recording that is open: its name, its facts, and all that can be done with it.
import { button, clock, make } from "./dom.js";
import { BUSY, keeper, lifetime, stateOf } from "./jobs.js";
import { copyMenu, exportMenu } from "./take.js";

/** @param {any} app @param {{ active: () => boolean }} filter */
export function bar(app, filter) {
  const { t, api } = app;
  const title = make("h2", { className: "svw-title" }, t("transcript"));
  const facts = make("span", { className: "svw-quiet svw-facts" });
  const state = make("span", { className: "svw-state" });
  const spoken = make("span", { className: "svw-hidden", role: "status", "aria-live": "polite" }); // a quarter at a time
  const cancel = button(t("cancel"), () => app.attempt(() => api.post(`jobs/${app.job.id}/cancel`)), { hidden: true });
  const back = button(`‹ ${t("library")}`, () => app.close(), { className: "svw-button svw-home" });
  const rename = button("✎", edit, { className: "svw-plain", "aria-label": t("rename"), title: t("rename") });
  const name = make("input", { className: "svw-input svw-naming", maxLength: 200, hidden: true, "aria-label": t("newName") });
  const undo = button("↶", () => app.corrections.undo(), { className: "svw-plain", "aria-label": t("undo"), title: `${t("undo")} (Ctrl+Z)` });
  const redo = button("↷", () => app.corrections.redo(), { className: "svw-plain", "aria-label": t("redo"), title: `${t("redo")} (Ctrl+Shift+Z)` });
  const help = button("?", () => app.keys.open(), { className: "svw-plain", "aria-label": t("keyboard"), title: t("keyboard") });
  const exporting = exportMenu(app, filter);
  const actions = make("div", { className: "svw-row svw-actions" }, undo, redo, copyMenu(app, exporting.query), exporting.element, help);
  const keep = make("span", {});
  const element = make("div", { className: "svw-bar" }, back, make("div", { className: "svw-named" }, title, name, rename, facts, keep), state, spoken, cancel, actions);

  let naming = ""; // the recording whose name is typed, also when another has been opened meanwhile

  function edit() {
    naming = app.job.id;
    name.value = name.defaultValue = app.job.name;
    name.hidden = false;
    title.hidden = rename.hidden = true;
    name.focus();
    name.select();
  }

  /** @param {boolean} keep */
  async function named(keep) {
    if (name.hidden) return;
    const focused = document.activeElement === name; // else somebody is elsewhere by now
    name.hidden = true;
    title.hidden = rename.hidden = false;
    if (focused) rename.focus();
    if (keep && name.value.trim() && name.value !== name.defaultValue) await app.alter(naming, { name: name.value });
  }
  name.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.isComposing || !["Enter", "Escape"].includes(event.key)) return;
    event.preventDefault(); // or the button that gets the focus is pressed with the same key
    named(event.key === "Enter");
  });
  name.addEventListener("blur", () => named(true));
  for (const event of ["job", "closed"]) app.on(event, () => named(true)); // as whoever clicks elsewhere

  /** @param {string} sentence */
  function announce(sentence) {
    if (spoken.textContent !== sentence) spoken.textContent = sentence;
  }

  function draw() {
    const job = app.job;
    title.textContent = job ? job.name : t("transcript");
    facts.textContent = job ? factsOf(job).join(" · ") : "";
    drawKeep(job);
    for (const each of [undo, redo]) each.disabled = !job || BUSY.includes(job.state);
  }

  // The button stays the same one, with the focus that it may have, unless it says something else.
  /** @param {any} job */
  function drawKeep(job) {
    const drawn = job ? `${job.id} ${job.keep} ${job.name}` : "";
    if (keep.dataset.drawn === drawn) return;
    const focused = keep.contains(document.activeElement);
    keep.dataset.drawn = drawn;
    keep.replaceChildren(...(job ? [keeper(app, job, "svw-button svw-keep", t("keep"))] : []));
    if (focused) keep.firstChild?.focus();
  }

  /** @param {any} job */
  function factsOf(job) {
    const busy = BUSY.includes(job.state);
    return [
      job.duration_ms && !busy ? clock(job.duration_ms) : "",
      !busy && app.rows.length ? t("segmentCount", { n: app.rows.length }) : "",
      job.state === "done" && job.partial ? app.partial(job) : "",
      app.sure.hidden() ? t("unsureHidden") : "",
      lifetime(t, job),
    ].filter(Boolean);
  }

  // Why there is nothing of a recording, and what to do.
  /** @param {any} job */
  function reason(job) {
    const sentence = job.error ? app.told(job.error) : t(job.state === "cancelled" ? "cancelledEmpty" : "nobodySpoke");
    const again = job.error || job.state === "cancelled" ? "whatToDo" : "whatToDoSilent";
    return [make("h3", {}, sentence), make("p", { className: "svw-quiet" }, t(again))];
  }

  app.on("listed", (/** @type {any[]} */ jobs) => {
    const job = app.job && jobs.find((each) => each.id === app.job.id);
    if (!job) return;
    const { keep: kept, kept_hours } = job; // time goes on, and another page may have changed it
    app.job = { ...app.job, keep: kept, kept_hours, duration_ms: job.duration_ms ?? app.job.duration_ms };
    draw();
    const busy = BUSY.includes(job.state);
    state.textContent = busy ? stateOf(app, job) : "";
    if (busy) announce(`${t(job.state)} ${25 * Math.floor(4 * (job.fraction ?? 0))} %`);
    cancel.hidden = !busy;
    app.progress(busy ? stateOf(app, job).split(" · ")[0] : null);
  });
  app.on("finished", (/** @type {any} */ job) => {
    state.textContent = "";
    cancel.hidden = true;
    announce(`${job.name}: ${t(job.state)}`);
  });
  for (const event of ["job", "rows", "details", "closed", "sure"]) app.on(event, draw);
  draw();
  return { element, reason };
}
