// @ts-check
// One colour a label, white text on it at 4.5:1 or more, and never the only sign: labels stand beside it.
// Moods from warm to cold; everything else in greys, told apart by its word. One meaning a colour.

export const EMOTIONS = ["ANGRY", "HAPPY", "SURPRISED", "DISGUSTED", "FEARFUL", "SAD"]; // in every chart, from the bottom

/** @type {Record<string, string>} */
const COLORS = {
  ANGRY: "#c2410c",
  HAPPY: "#a16207",
  SURPRISED: "#be185d",
  DISGUSTED: "#15803d",
  FEARFUL: "#6d28d9",
  SAD: "#1d4ed8",
  NEUTRAL: "#94a3b8", // no text stands on it
  BGM: "#52525b",
  Laughter: "#3f3f46",
  Applause: "#57534e",
  Cry: "#44403c",
};

/** @param {string} name @returns {string} */
export const colorOf = (name) => COLORS[name] ?? "#525f70";
