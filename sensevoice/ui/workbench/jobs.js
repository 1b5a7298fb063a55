// @ts-check
// The library: every recording, what waits and runs among them, and what can be done with several at once.
import { button, clock, make } from "./dom.js";
import { spoken } from "./i18n.js";
import { librarySearch } from "./search.js";

export const BUSY = ["live", "running", "waiting", "queued"]; // the states of a job that goes on
const BUSY_MS = 1500;
const IDLE_MS = 15000;
const UNDO_MS = 30000;

/** @param {any} app @param {any} job @returns {string} */
export function stateOf(app, job) {
  const { t } = app;
  if (job.state === "queued") return job.ahead ? `${t("queued")} · ${t("ahead", { n: job.ahead })}` : t("queued");
  if (job.state === "done" && job.partial) return app.partial(job);
  if (job.state !== "running") return t(job.state);
  const percent = job.fraction === null ? "" : ` ${Math.floor(job.fraction * 100)} %`;
  const left = job.left_s === null ? "" : ` · ${t("left", { time: spoken(t, job.left_s * 1000) })}`;
  return t("running") + percent + left;
}

/** @param {any} t @param {any} job @returns {string} for how long a recording is still kept; of one that goes on, nothing */
export function lifetime(t, job) {
  if (job.keep) return t("keptForGood");
  return job.kept_hours === null ? "" : t("keptFor", { n: job.kept_hours });
}

/** @param {any} app @param {any} job @param {string} className @param {string} label */
export function keeper(app, job, className, label) {
  const { t } = app;
  const keep = () => app.alter(job.id, { keep: !job.keep });
  return button(label, keep, { className, "aria-pressed": String(job.keep), "aria-label": `${t("keep")} ${job.name}`, title: t("keepHelp") });
}

/**
 * @param {Set<string>} before ids @param {any[]} listed
 * @returns {Set<string>} the jobs that have been under way since the last time that none was
 */
export function batchOf(before, listed) {
  const there = new Set(listed.map((job) => job.id));
  const busy = listed.filter((job) => BUSY.includes(job.state)).map((job) => job.id);
  return busy.length ? new Set([...[...before].filter((id) => there.has(id)), ...busy]) : new Set();
}

/** @param {Set<string>} batch @param {any[]} listed @returns {{ n: number, m: number, fraction: number }} done, all, and how far */
export function progressOf(batch, listed) {
  const own = listed.filter((job) => batch.has(job.id));
  const done = own.filter((job) => !BUSY.includes(job.state)).length;
  const begun = own.reduce((sum, job) => sum + (BUSY.includes(job.state) ? (job.fraction ?? 0) : 0), 0);
  return { n: done, m: own.length, fraction: own.length ? (done + begun) / own.length : 0 };
}

/** @param {any} app */
export function jobs(app) {
  const { t, api } = app;
  /** @type {Set<string>} */
  const ticked = new Set();
  /** @type {Set<string>} */
  const leaving = new Set(); // deleted here, on the server when it can no longer be taken back
  /** @type {any[]} */
  let known = [];
  const search = make("input", { type: "search", className: "svw-input", placeholder: t("librarySearch"), "aria-label": t("librarySearch"), oninput: draw });
  const body = make("div", { className: "svw-jobs", role: "list", "aria-label": t("library") });
  const lost = make("p", { className: "svw-lost", role: "status", hidden: true }, t("lost"));
  const title = make("h2", {}, t("library"));
  const chosen = make("span", { className: "svw-quiet" });
  const remove = button(t("remove"), () => removeAll([...ticked]), { className: "svw-button svw-danger" });
  const zip = make("a", { className: "svw-button", href: "#", download: "" }, t("exportZip"));
  zip.addEventListener("click", () => (zip.href = `${api.base}/several/zip?format=txt&labels=${app.reader}${app.sure.query("&")}&jobs=${[...ticked].join(",")}`));
  const bulk = make("div", { className: "svw-row svw-bulk", hidden: true }, chosen, zip, remove);
  const everywhere = librarySearch(app, search, () => draw());
  const batchText = make("p", { className: "svw-quiet svw-batch-text", role: "status" });
  const batchBar = make("span", { className: "svw-progress" }, make("span", {}));
  const together = make("div", { className: "svw-batch", hidden: true }, batchText, batchBar);
  const element = make("section", { className: "svw-library" }, title, together, search, everywhere.element, bulk, lost, body);
  let fewest = 2; // recordings for which there is something to look for
  let timer = 0;
  /** @type {Set<string>} */
  let batch = new Set(); // what has been under way since the last time that nothing was

  /** @param {any} job */
  function line(job) {
    const busy = BUSY.includes(job.state);
    const pick = make("input", { type: "checkbox", checked: ticked.has(job.id), "aria-label": `${t("select")} ${job.name}` });
    pick.addEventListener("change", () => (pick.checked ? ticked.add(job.id) : ticked.delete(job.id), drawBulk()));
    const tags = job.tags.filter((/** @type {any} */ tag) => app.label(tag.name)).slice(0, 3);
    const facts = [job.state === "done" && !job.partial ? "" : stateOf(app, job), job.duration_ms ? clock(job.duration_ms) : "", lifetime(t, job), ...tags.map((/** @type {any} */ tag) => `${app.label(tag.name)} ${tag.count}`), ...ruled(job)];
    const under = make("span", { className: job.state === "failed" ? "svw-bad svw-facts" : "svw-quiet svw-facts" }, facts.filter(Boolean).join(" · "));
    under.title = [job.error && app.told(job.error), new Date(job.created_s * 1000).toLocaleString()].filter(Boolean).join("\n");
    const bar = busy && job.fraction !== null ? make("span", { className: "svw-progress" }, make("span", {})) : null;
    if (bar) bar.firstChild.style.width = `${Math.floor(job.fraction * 100)}%`;
    return make(
      "div",
      { className: job.id === app.job?.id ? "svw-job svw-now" : "svw-job", role: "listitem", data: { job: job.id } },
      pick,
      make("span", { className: "svw-jobtext" }, button(job.name, () => app.open(job.id), { className: "svw-name", title: job.name, "aria-current": String(job.id === app.job?.id) }), under, bar),
      keeper(app, job, "svw-plain svw-keep", job.keep ? "★" : "☆"),
      busy
        ? button("■", () => app.attempt(() => api.post(`jobs/${job.id}/cancel`)).then(refresh), { className: "svw-plain", "aria-label": `${t("cancel")} ${job.name}`, title: t("cancel") })
        : button("×", () => removeAll([job.id]), { className: "svw-plain", "aria-label": `${t("remove")} ${job.name}`, title: t("remove") }),
    );
  }

  // How many of its rows each rule finds.
  /** @param {any} job */
  const ruled = (job) => app.rules.filter((/** @type {any} */ rule) => rule.recordings[job.id]).map((/** @type {any} */ rule) => `${rule.name} ${rule.recordings[job.id]}`);

  // Gone from the page at once, and from the server when nobody has taken it back.
  /** @param {string[]} ids */
  function removeAll(ids) {
    for (const id of ids) {
      leaving.add(id);
      ticked.delete(id);
    }
    if (app.job && ids.includes(app.job.id)) app.close(); // before its sound is gone
    draw();
    const timer = setTimeout(() => send(ids), UNDO_MS);
    const back = () => {
      clearTimeout(timer);
      for (const id of ids) leaving.delete(id);
      draw();
    };
    app.toasts.say(t("removed", { n: ids.length }), { label: t("undoShort"), act: back }, UNDO_MS);
  }

  /** @param {string[]} ids @param {boolean} [parting] */
  async function send(ids, parting = false) {
    for (const id of ids.filter((each) => leaving.has(each))) {
      const asked = fetch(`${api.base}/jobs/${id}`, { method: "DELETE", keepalive: parting, headers: { "Content-Type": "application/json" }, body: "{}" }).catch(() => null);
      if (!parting) await asked;
      leaving.delete(id);
      known = known.filter((job) => job.id !== id);
    }
    if (!parting) refresh();
  }
  window.addEventListener("pagehide", () => send([...leaving], true));

  // Several that are under way have one progress together, here and in the title.
  function drawBatch() {
    batch = batchOf(batch, known);
    const { n, m, fraction } = progressOf(batch, known);
    together.hidden = m < 2;
    app.batch(m < 2 ? "" : `${n}/${m}`);
    if (m < 2) return;
    const sentence = t("batchDone", { n, m });
    if (batchText.textContent !== sentence) batchText.textContent = sentence;
    batchBar.firstChild.style.width = `${Math.floor(100 * fraction)}%`;
  }

  function drawBulk() {
    bulk.hidden = ticked.size === 0;
    chosen.textContent = t("chosen", { n: ticked.size });
  }

  function draw() {
    const words = search.value.trim().toLowerCase();
    const listed = known.filter((job) => !leaving.has(job.id));
    const named = (/** @type {any} */ job) => [job.name, t(job.state), ...job.tags.map((/** @type {any} */ tag) => app.label(tag.name))].join(" ").toLowerCase();
    const shown = listed.filter((job) => named(job).includes(words));
    title.textContent = `${t("library")} ${listed.length || ""}`;
    search.hidden = listed.length < fewest;
    const lines = shown.map(line);
    const focus = document.activeElement?.closest?.(".svw-job")?.getAttribute("data-job");
    const at = focus ? [...body.querySelectorAll(`[data-job="${focus}"] :is(button, input)`)].indexOf(document.activeElement) : -1;
    body.replaceChildren(...(lines.length ? lines : everywhere.active() ? [] : [make("p", { className: "svw-quiet" }, t(listed.length ? "noMatchJobs" : "noJobs"))]));
    if (at >= 0) /** @type {HTMLElement} */ (body.querySelectorAll(`[data-job="${focus}"] :is(button, input)`)[at])?.focus();
    drawBulk();
  }

  async function refresh() {
    clearTimeout(timer);
    let pause = IDLE_MS;
    try {
      const data = await api.get("jobs");
      known = data.jobs;
      lost.hidden = true;
      if (data.rules) fewest = data.shared ? 0 : 1;
      everywhere.learn(data); // draws
      drawBatch();
      app.emit("listed", known);
      if (known.some((job) => BUSY.includes(job.state))) pause = BUSY_MS;
    } catch {
      lost.hidden = false;
      pause = 5000;
    }
    timer = window.setTimeout(refresh, pause);
  }

  for (const event of ["job", "finished", "closed"]) app.on(event, refresh);
  return { element, refresh, remove: removeAll };
}
