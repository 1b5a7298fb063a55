// @ts-check
// The words of a row with their times: a click on one plays it, and the one that is being said is marked.

/** @typedef {[number, number, number, number]} Place start and end in ms, offset and length in the text */

/** @param {any} app @param {(row: any) => HTMLElement | null} textOf where a row's text stands */
export function spokenWords(app, textOf) {
  /** @type {Place[][] | null} */
  let words = null;
  let version = -1;
  let asking = false;
  const marks = "highlights" in CSS;

  async function fetchOnce() {
    if (asking || version === app.version || !app.job || app.goesOn(app.job)) return;
    asking = true;
    const id = app.job.id;
    const found = await app.api.get(`jobs/${id}/words`).catch(() => null);
    asking = false;
    if (!found || app.job?.id !== id) return;
    words = found.words;
    version = found.version;
  }

  /** @param {any} row @returns {Place[]} */
  const of = (row) => (version === app.version ? (words?.[row.index] ?? []) : []);

  /** @param {number} ms */
  function mark(ms) {
    if (!marks) return;
    const ranges = [];
    for (const row of app.playing) {
      const word = of(row).find(([start, end]) => start <= ms && ms < end);
      const node = word && textNode(textOf(row), row.text);
      if (!word || !node) continue;
      const range = new Range();
      range.setStart(node, word[2]);
      range.setEnd(node, word[2] + word[3]);
      ranges.push(range);
    }
    CSS.highlights.set("sv-word", new Highlight(...ranges));
  }

  // The time of the word under the mouse; null where none is known.
  /** @param {any} row @param {MouseEvent} event */
  async function timeUnder(row, event) {
    const caret = caretAt(event.clientX, event.clientY);
    const node = textNode(textOf(row), row.text);
    if (!caret || caret.node !== node) return null;
    await fetchOnce();
    const word = of(row).find(([, , offset, length]) => offset <= caret.offset && caret.offset <= offset + length);
    return word ? word[0] : null;
  }

  app.on("playing", (/** @type {any} */ row) => row && fetchOnce());
  app.on("time", mark);
  app.on("job", () => {
    words = null;
    version = -1;
    if (marks) CSS.highlights.delete("sv-word");
  });
  return { timeUnder };
}

/** @param {HTMLElement | null} element @param {string} text */
export function textNode(element, text) {
  for (const node of element?.childNodes ?? []) if (node.nodeType === Node.TEXT_NODE && node.nodeValue === text) return node;
  return null;
}

/** @param {number} x @param {number} y */
function caretAt(x, y) {
  const found = /** @type {any} */ (document).caretPositionFromPoint?.(x, y);
  if (found) return { node: found.offsetNode, offset: found.offset };
  const range = document.caretRangeFromPoint?.(x, y);
  return range ? { node: range.startContainer, offset: range.startOffset } : null;
}
