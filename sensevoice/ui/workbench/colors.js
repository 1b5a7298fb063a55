// @ts-check
// One colour a label, never the only sign: labels stand beside it. One meaning a colour. Moods are vivid, from warm
// to cold; sounds and languages are muted. White text on each, but on NEUTRAL, at 4.5:1 or more, and each on the
// ground of the map at 3:1 or more, light or dark (tests/ui/test_palette.py).
import COLORS from "../../web/palette.json" with { type: "json" };

export const EMOTIONS = ["ANGRY", "HAPPY", "SURPRISED", "DISGUSTED", "FEARFUL", "SAD"]; // in every chart, from the bottom

/** @param {string} [name] none for what is not a label @returns {string} */
export const colorOf = (name = "") => (/** @type {Record<string, string>} */ (COLORS))[name] ?? COLORS[""];
