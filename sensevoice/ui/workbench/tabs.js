// @ts-check
// The views of the recording that is open: 文本 is gradio's textbox, the others are the workbench's own.
import { button, make } from "./dom.js";

const KEY = "sv-tab";
const TEXT = "text";

/**
 * @param {any} app
 * @param {Record<string, HTMLElement>} panels by name; that of the textbox comes first
 */
export function tabs(app, panels) {
  const names = Object.keys(panels);
  const right = /** @type {HTMLElement} */ (document.querySelector("#sv-right"));
  const bar = make("div", { className: "svw-tabs", role: "tablist", "aria-label": app.t("views") });
  const chips = new Map();
  let chosen = TEXT;

  function show(/** @type {string} */ name, keep = true) {
    chosen = names.includes(name) ? name : TEXT;
    right.dataset.tab = chosen;
    for (const each of names) {
      const tab = chips.get(each);
      tab.setAttribute("aria-selected", String(each === chosen));
      tab.tabIndex = each === chosen ? 0 : -1;
      if (each !== TEXT) panels[each].hidden = each !== chosen;
    }
    if (keep) write(chosen);
    app.emit("tab", chosen);
  }

  function step(/** @type {KeyboardEvent} */ event) {
    const by = /** @type {Record<string, number>} */ ({ ArrowRight: 1, ArrowLeft: -1, Home: -names.length, End: names.length })[event.key];
    if (!by) return;
    event.preventDefault();
    const at = names.indexOf(chosen) + by;
    show(names[Math.abs(by) > 1 ? Math.min(names.length - 1, Math.max(0, at)) : (at + names.length) % names.length]);
    chips.get(chosen).focus();
  }

  for (const name of names) {
    const panel = panels[name];
    if (name !== TEXT) Object.assign(panel, { id: `svw-${name}`, className: `${panel.className} svw-panel` });
    panel.setAttribute("role", "tabpanel");
    panel.setAttribute("aria-label", app.t(name));
    const tab = button(app.t(name), () => show(name), { className: "svw-tab", role: "tab", "aria-controls": panel.id, data: { tab: name } });
    chips.set(name, tab);
    bar.append(tab);
  }
  bar.addEventListener("keydown", step);

  // How much there is to see behind a tab, such as the advice on a recording.
  function count(/** @type {string} */ name, /** @type {number} */ n) {
    chips.get(name).textContent = n ? `${app.t(name)} ${n}` : app.t(name);
  }

  return { element: bar, show, count, restore: () => show(read(), false), chosen: () => chosen };
}

function read() {
  try {
    return localStorage.getItem(KEY) ?? TEXT;
  } catch {
    return TEXT; // a browser without storage forgets
  }
}

function write(/** @type {string} */ name) {
  try {
    localStorage.setItem(KEY, name);
  } catch {
    // as above
  }
}
