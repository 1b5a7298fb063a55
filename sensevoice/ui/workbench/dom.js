// @ts-check
// Making elements; text is only ever set as text.

/**
 * @param {string} tag
 * @param {Record<string, any>} [properties] attributes where the name has a dash or is "role", else properties
 * @param {...(Node | string | null | undefined)} children
 * @returns {any}
 */
export function make(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "data") Object.assign(node.dataset, value);
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name.includes("-") || name === "role") node.setAttribute(name, value);
    else if (value !== undefined) /** @type {any} */ (node)[name] = value;
  }
  node.append(...children.filter((child) => child !== null && child !== undefined).map((child) => /** @type {Node | string} */ (child)));
  return node;
}

/** @param {string | Node} label @param {(event: Event) => void} onclick @param {Record<string, any>} [more] */
export const button = (label, onclick, more = {}) =>
  make("button", { type: "button", className: "svw-button", onclick, ...more }, label);

/** A field with its name before it. @param {string} name @param {HTMLElement} field */
export const named = (name, field) => make("label", { className: "svw-check" }, name, field);

/**
 * Whether nobody has gone elsewhere: the focus is in an element, or nowhere.
 * @param {Element | null | undefined} element
 */
export const hasFocus = (element) => document.activeElement === document.body || Boolean(element?.contains(document.activeElement));

/**
 * An action that does not begin again before it has ended: whoever clicks twice means it once.
 * @template T @param {(...given: any[]) => Promise<T>} act @returns {(...given: any[]) => Promise<T>}
 */
export function once(act) {
  /** @type {Promise<T> | null} */
  let running = null;
  return (...given) => (running ??= act(...given).finally(() => (running = null)));
}

/** @param {number} ms @returns {string} "0:07", "12:30", "1:02:03": the shape of times on the whole page */
export function clock(ms) {
  const seconds = Math.floor(ms / 1000);
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const two = (/** @type {number} */ part) => String(part).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/**
 * A button that opens what it is given; a click elsewhere, Esc, and a choice close it.
 * @param {string} label
 * @param {...Node} content
 */
export function menu(label, ...content) {
  const summary = make("summary", { className: "svw-button" }, label);
  const sheet = make("div", { className: "svw-sheet" }, ...content);
  const element = make("details", { className: "svw-menu" }, summary, sheet);
  const close = (/** @type {boolean} */ back) => {
    if (!element.open) return;
    element.open = false;
    if (back) summary.focus();
  };
  document.addEventListener("click", (event) => element.contains(/** @type {Node} */ (event.target)) || close(false));
  element.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    close(true);
  });
  sheet.addEventListener("click", (/** @type {any} */ event) => event.target.closest("button, a") && close(true)); // at once: the next key may be for the summary
  return { element, summary, sheet };
}

/** Keeps what was chosen in this browser. @param {any} field @param {string} key @param {string} [event] */
export function remember(field, key, event = "change") {
  try {
    field.value = localStorage.getItem(key) ?? field.value;
    if (field.selectedIndex === -1) field.selectedIndex = 0;
    field.addEventListener(event, () => localStorage.setItem(key, field.value));
  } catch {
    // a browser without storage forgets
  }
}

/** @param {any} box @param {string} key */
export function rememberTicked(box, key) {
  try {
    const kept = localStorage.getItem(key);
    if (kept) box.checked = kept === "yes";
    box.addEventListener("change", () => localStorage.setItem(key, box.checked ? "yes" : "no"));
  } catch {
    // as above
  }
}
