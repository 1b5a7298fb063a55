// One colour a label, data apart by the colour-blind too, and never the only sign: labels stand beside it.

export const COLORS = {
  ANGRY: "#c2410c", HAPPY: "#a16207", SAD: "#1d4ed8", FEARFUL: "#6d28d9", DISGUSTED: "#15803d", SURPRISED: "#be185d",
  zh: "#334155", en: "#0f766e", yue: "#57534e", ja: "#7e22ce", ko: "#0369a1",
  BGM: "#155e75", Laughter: "#0f766e", Applause: "#3f6212", Cry: "#1e40af", Cough: "#57534e",
  left: "#1d4ed8", right: "#b45309",
  S1: "#1d4ed8", S2: "#b45309", S3: "#15803d", S4: "#7e22ce", S5: "#be185d", S6: "#0e7490",
  Sneeze: "#52525b", Breath: "#64748b", Sing: "#0e7490", Speech_Noise: "#71717a",
};

export const colorOf = (name) => COLORS[name] ?? "#475569";
