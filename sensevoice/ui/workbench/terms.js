// @ts-check
// The terms of the vocabulary in the rows: what the model had written, and one click to have that back.
import { button, clock, make, once } from "./dom.js";

/** @typedef {{ heard: string, written: string, score: number, by: string, applied: boolean }} Term */

/** @param {any} app */
export function terms(app) {
  const { t, api } = app;
  const element = make("section", { className: "svw-terms", hidden: true });

  const turn = once((rows, said) => app.corrections.change((/** @type {number} */ version) => api.patch(`jobs/${app.job.id}/segments`, { rows, version, what: "term" }), () => said));

  // Rows can be changed when the job has ended, and this is drawn anew then.
  /** @param {string} label @param {() => void} onclick @param {Record<string, any>} [more] */
  function act(label, onclick, more = {}) {
    const later = app.goesOn(app.job);
    return button(label, onclick, { ...more, disabled: later, title: later ? t("editLater") : "" });
  }

  /** @param {any} row @param {Term} term @param {number} number */
  function line(row, term, number) {
    const { heard, written, score, by, applied } = term;
    const label = t(applied ? "undoShort" : "apply");
    const said = t(applied ? "termTakenBack" : "termApplied", applied ? { a: written, b: heard } : { a: heard, b: written });
    return make(
      "li",
      {},
      button(clock(row.start_ms), () => app.play(row.start_ms), { className: "svw-time", "aria-label": `${t("play")} ${clock(row.start_ms)}` }),
      make("span", {}, applied ? make("del", {}, heard) : heard, " → ", applied ? make("strong", {}, written) : written),
      make("span", { className: "svw-quiet" }, t(`term_${by}`, { n: score.toFixed(2) })),
      act(label, () => turn([{ row: row.index, terms: [number] }], said), { "aria-label": `${label} ${heard} → ${written}`, data: { term: `${row.index} ${number}` } }),
    );
  }

  function draw() {
    const rows = app.rows.filter((/** @type {any} */ row) => row.terms);
    element.hidden = !rows.length;
    if (element.hidden) return element.replaceChildren();
    const items = rows.flatMap((/** @type {any} */ row) => row.terms.map((/** @type {Term} */ term, /** @type {number} */ number) => ({ row, term, number })));
    const applied = items.filter((/** @type {any} */ item) => item.term.applied);
    const near = items.filter((/** @type {any} */ item) => !item.term.applied);
    const lines = (/** @type {any[]} */ some) => make("ul", { className: "svw-list" }, ...some.map((item) => line(item.row, item.term, item.number)));
    const all = () => {
      const wanted = rows
        .map((/** @type {any} */ row) => ({ row: row.index, terms: row.terms.flatMap((/** @type {Term} */ term, /** @type {number} */ number) => (term.applied ? [number] : [])) }))
        .filter((/** @type {any} */ item) => item.terms.length);
      return turn(wanted, t("termsTakenBack", { n: applied.length }));
    };
    const focused = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset?.term;
    element.replaceChildren(
      make("h3", {}, t("replacedTerms", { n: applied.length })),
      applied.length ? lines(applied) : make("p", { className: "svw-quiet" }, t("noReplacedTerms")),
      applied.length > 1 ? act(t("undoAllTerms"), all) : "",
      near.length ? make("h3", {}, t("nearTerms")) : "",
      near.length ? lines(near) : "",
    );
    if (focused) /** @type {HTMLElement | null} */ (element.querySelector(`[data-term="${focused}"]`))?.focus(); // for those who go on with the keyboard
  }

  for (const event of ["rows", "job", "finished"]) app.on(event, draw);
  return { element };
}
