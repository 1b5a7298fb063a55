// @ts-check
// The program's own sentences in traditional characters: sensevoice/ui/traditional.py in the browser. The table is
// fetched by those alone who read it.

const PLACEHOLDER = /\{[^{}]*\}/;
const MIN_WORDS = 4; // Chinese characters by which a text with placeholders is known

let convert = (/** @type {string} */ sentence) => sentence;

/**
 * @param {Record<string, string>} table simplified → traditional
 * @returns {(sentence: string) => string}
 */
export function converter(table) {
  const templates = Object.entries(table)
    .map(([simplified, text]) => ({ parts: simplified.split(PLACEHOLDER), into: text.split(PLACEHOLDER) }))
    .filter(({ parts, into }) => parts.length > 1 && parts.length === into.length)
    .map(({ parts, into }) => ({ parts, into, known: parts.join("").replace(/[^\u4e00-\u9fff]/g, "").length }))
    .filter(({ known }) => known >= MIN_WORDS)
    .sort((a, b) => b.known - a.known)
    .map(({ parts, into }) => ({ into, shape: new RegExp(`^${parts.map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("(.*?)")}$`, "s") }));
  return (sentence) => {
    if (Object.hasOwn(table, sentence)) return table[sentence];
    for (const { into, shape } of templates) {
      const match = shape.exec(sentence);
      if (match) return into.map((part, at) => part + (at < into.length - 1 ? (table[match[at + 1]] ?? match[at + 1]) : "")).join("");
    }
    return sentence;
  };
}

/** Returns how a reader of this page is told a Chinese sentence of ours. @param {string} sentence */
export const traditional = (sentence) => convert(sentence);

/** To be called before any text is shown. @param {string} root @param {string} locale as gradio's page knows it */
export async function readTraditional(root, locale) {
  if (locale !== "zh-TW") return;
  const response = await fetch(`${root}/sv/static/traditional.json`).catch(() => null);
  if (response?.ok) convert = converter(await response.json());
}
