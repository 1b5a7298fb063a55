// @ts-check
// One colour a label, white text on it at 4.5:1 or more, but on NEUTRAL, and never the only sign: labels stand
// beside it. Moods from warm to cold; everything else in greys, told apart by its word. One meaning a colour.
import COLORS from "../../web/palette.json" with { type: "json" };

export const EMOTIONS = ["ANGRY", "HAPPY", "SURPRISED", "DISGUSTED", "FEARFUL", "SAD"]; // in every chart, from the bottom

/** @param {string} [name] none for what is not a label @returns {string} */
export const colorOf = (name = "") => (/** @type {Record<string, string>} */ (COLORS))[name] ?? COLORS[""];
