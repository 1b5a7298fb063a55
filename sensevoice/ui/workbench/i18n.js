// @ts-check
// What the workbench says: web/tables in the language of the reader.
import SHARED from "../../web/tables/shared.json" with { type: "json" };
import OWN from "../../web/tables/workbench.json" with { type: "json" };
import { traditional } from "./traditional.js";

/** @typedef {Record<string, string[]>} Texts key → Chinese, English */
/** @typedef {(key: string, values?: Record<string, any>) => string} Words */

/** A length of time as people say it. @param {Words} t @param {number} ms */
export function spoken(t, ms) {
  const seconds = Math.max(1, Math.round(ms / 1000));
  if (seconds < 60) return t("seconds", { n: seconds });
  if (seconds < 3600) return t("minutes", { m: Math.floor(seconds / 60), n: seconds % 60 });
  return t("hours", { h: Math.floor(seconds / 3600), m: Math.floor(seconds / 60) % 60 });
}

/** @param {string} reader "zh" or "en" @param {Texts} [more] a table that the workbench has not @returns {Words} */
export function words(reader, more = {}) {
  const texts = /** @type {Texts} */ ({ ...SHARED, ...OWN, ...more });
  return (key, values = {}) => {
    const [zh, en] = texts[key];
    return (reader === "zh" ? traditional(zh) : en).replace(/\{(\w+)\}/g, (_, name) => values[name]);
  };
}

/** What the server says in both languages, in the one of the reader. @param {string} reader @param {{ zh: string, en: string }} both */
export const told = (reader, both) => (reader === "zh" ? traditional(both.zh) : both.en);
