// @ts-check
// The text, which the server draws, is kept on what the page shows: a recording, the version of its rows, and
// whether unsure tags are in it. The server writes into #sv-job of what the text is (markup.text_mark); as long as
// that is something else, it is asked. What is asked may be lost, as gradio drops what comes before it listens, and
// an answer that was under way can be the older one.

const AGAIN_MS = 1500;
const MOST_MS = 12000;

/** @typedef {{ job: string, version: number, sure: boolean }} TextOf no job: an empty text */

/** @param {TextOf} shown @param {TextOf} wanted @returns {boolean} whether the text is the one that is wanted */
export function isWanted(shown, wanted) {
  if (!wanted.job) return !shown.job;
  return shown.job === wanted.job && shown.sure === wanted.sure && shown.version >= wanted.version;
}

/** @param {Element | null} place @returns {TextOf & { begun: string }} what the server says of the text */
function readMark(place) {
  const { job = "", version = "0", sure = "", begun = "" } = /** @type {HTMLElement | null} */ (place?.querySelector("[data-job]"))?.dataset ?? {};
  return { job, version: Number(version), sure: sure === "yes", begun };
}

/**
 * @param {() => TextOf} wanted
 * @param {(id: string) => void} onBegun is told of each job that the button of the page has begun
 */
export function textAbove(wanted, onBegun) {
  const place = document.querySelector("#sv-job");
  let begun = "";
  let asked = 0;
  let timer = 0;
  let pause = AGAIN_MS;

  function ask() {
    const box = /** @type {HTMLInputElement | null} */ (document.querySelector("#sv-opened textarea, #sv-opened input"));
    const { job, version, sure } = wanted();
    asked += 1; // or gradio would see no change in what is asked again
    if (box) {
      box.value = `${job} ${version} ${sure ? "sure" : "all"} ${asked}`;
      box.dispatchEvent(new Event("input", { bubbles: true }));
    }
    later();
  }

  // Leaves the server the time to answer, or to say what it was about to say anyway.
  function later() {
    clearTimeout(timer);
    timer = window.setTimeout(() => {
      timer = 0;
      check();
    }, pause);
    pause = Math.min(MOST_MS, 2 * pause);
  }

  // Asks, unless the text is what is wanted or an answer is waited for.
  function check() {
    if (isWanted(readMark(place), wanted())) {
      clearTimeout(timer);
      timer = 0;
      pause = AGAIN_MS;
    } else if (!timer) ask();
  }

  // Something else is wanted than what was asked for before.
  function change() {
    clearTimeout(timer);
    timer = 0;
    pause = AGAIN_MS;
    check();
  }

  function read() {
    const mark = readMark(place);
    if (mark.begun && mark.begun !== begun) {
      begun = mark.begun;
      onBegun(begun);
    }
    check();
  }
  if (place) new MutationObserver(read).observe(place, { childList: true, subtree: true });
  read();
  return { change, later };
}
