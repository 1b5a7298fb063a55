// @ts-check
// Tags of which the model itself is unsure, and the one switch that hides them everywhere.

export const UNSURE_BELOW = 0.5; // the same as UNSURE_BELOW in sensevoice/analysis/certainty.py
const KEY = "sv-hide-unsure";

/** @typedef {{ kind: string, name: string, score: number }} Score */
/** @typedef {{ language: string, emotion: string, events: { name: string, trend: string | null }[], scores: Score[] }} Tagged */

/** @param {any} app */
export function certainty(app) {
  let hide = read();
  /** @type {WeakMap<object, any>} */
  let kept = new WeakMap();

  /** @param {Tagged} row @param {string} name */
  const scoreOf = (row, name) => row.scores.find((score) => score.name === name);

  /** @param {Tagged} row @param {string} name */
  function isUnsure(row, name) {
    const own = scoreOf(row, name);
    return own !== undefined && own.score < UNSURE_BELOW;
  }

  // The row as it is to be shown and counted.
  /** @param {any} row */
  function seen(row) {
    if (!hide || !row.scores.length) return row;
    if (!kept.has(row)) {
      const sure = (/** @type {string} */ name) => (isUnsure(row, name) ? "" : name);
      const events = row.events.filter((/** @type {any} */ event) => sure(event.name));
      kept.set(row, { ...row, language: sure(row.language), emotion: sure(row.emotion), events });
    }
    return kept.get(row);
  }

  // What the score of a tag is, and which tag came second.
  /** @param {Tagged} row @param {string} name */
  function line(row, name) {
    const own = scoreOf(row, name);
    if (!own) return app.label(name);
    const other = row.scores.find((score) => score.kind === own.kind && score.name !== name);
    const second = other ? app.t("second", { name: app.label(other.name) || other.name, n: other.score.toFixed(2) }) : "";
    return `${app.label(name)} · ${app.t("score", { n: own.score.toFixed(2) })}${second}`;
  }

  /** @param {boolean} wanted */
  async function set(wanted) {
    hide = wanted;
    kept = new WeakMap();
    try {
      localStorage.setItem(KEY, hide ? "yes" : "no");
    } catch {
      // a browser without storage forgets
    }
    app.emit("sure");
    app.emit("rows");
    if (!app.job) return;
    app.above.change();
    if (!app.goesOn(app.job)) await app.finish();
  }

  return { isUnsure, seen, line, set, hidden: () => hide, query: (/** @type {string} */ first = "?") => (hide ? `${first}sure=1` : "") };
}

function read() {
  try {
    return localStorage.getItem(KEY) === "yes";
  } catch {
    return false;
  }
}
