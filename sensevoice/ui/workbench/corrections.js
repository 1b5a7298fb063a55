// @ts-check
// Changes of rows: each is addressed to a row as it was seen, told in a toast, and can be taken back.
import { clock } from "./dom.js";

/** @param {any} app */
export function corrections(app) {
  const { t, api } = app;
  const at = (/** @type {string} */ path) => `jobs/${app.job.id}/${path}`;
  let gone = () => {}; // takes away what was said last: its way back is one of the recording, and of the last change

  /** @param {string} sentence @param {{ label: string, act: () => void }} way */
  function say(sentence, way) {
    gone();
    gone = app.toasts.say(sentence, way);
  }
  for (const event of ["job", "closed"]) app.on(event, () => gone());

  /**
   * Sends a change and shows the rows as they are then; null, with the reason told, when it was refused.
   * @param {(version: number) => Promise<any>} action
   * @param {(data: any) => string} said what to say of the answer when it is done
   */
  async function change(action, said) {
    const id = app.job.id;
    let data;
    try {
      data = await action(app.version);
    } catch (error) {
      if (/** @type {any} */ (error).status === 409) await app.poll(); // show what has changed meanwhile
      app.tell(/** @type {Error} */ (error).message);
      return null;
    }
    app.tell("");
    await app.poll();
    app.above.change();
    if (app.job?.id === id) say(said(data), { label: t("undoShort"), act: undo });
    return data;
  }

  /** @param {string} way @param {string} key */
  async function turn(way, key) {
    if (!app.job || app.goesOn(app.job)) return;
    const id = app.job.id;
    try {
      const data = await api.post(at(way), { version: app.version });
      await app.poll();
      app.above.change();
      if (app.job?.id === id) say(t(key, { what: describe(data.step) }), way === "undo" ? { label: t("redo"), act: redo } : { label: t("undoShort"), act: undo });
    } catch (error) {
      const { status, code, message } = /** @type {any} */ (error);
      if (code === "nothing_to_undo" || code === "nothing_to_redo") return void app.toasts.say(t(way === "undo" ? "nothingToUndo" : "nothingToRedo"));
      if (status === 409) await app.poll();
      app.tell(message);
    }
  }

  /** @param {{ what: string, rows: number, start_ms: number | null }} step */
  function describe({ what, rows, start_ms }) {
    const place = start_ms === null ? "" : ` ${clock(start_ms)}`;
    return rows > 1 ? t("stepOfRows", { what: t(`step_${what}`), n: rows }) : `${t(`step_${what}`)}${place}`;
  }

  const undo = () => turn("undo", "undone");
  const redo = () => turn("restore", "redone");

  return {
    change,
    undo,
    redo,
    /** @param {any} row @param {Record<string, any>} values @param {number} version at which the row was seen */
    edit: (row, values, version) => change(() => api.patch(at(`segments/${row.index}`), { ...values, version, start_ms: row.start_ms }), () => t("changed", { time: clock(row.start_ms) })),
    /** @param {any} row @param {number} offset characters */
    split: (row, offset) => change((version) => api.post(at(`segments/${row.index}/split`), { at: offset, version }), () => t("splitDone", { time: clock(row.start_ms) })),
    /** @param {any} row */
    join: (row) => change((version) => api.post(at(`segments/${row.index}/join`), { version }), () => t("joinDone", { time: clock(row.start_ms) })),
    /** @param {{ row: number, text: string }[]} rows */
    replace: (rows) => change((version) => api.patch(at("segments"), { rows, version, what: "replace" }), () => t("replaced", { n: rows.length })),
  };
}
