// Making elements; text is only ever set as text.

export function make(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "data") Object.assign(node.dataset, value);
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name.includes("-") || name === "role") node.setAttribute(name, value);
    else if (value !== undefined) node[name] = value;
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

export const button = (label, onclick, more = {}) =>
  make("button", { type: "button", className: "svw-button", onclick, ...more }, label);

export function clock(ms) {
  const seconds = Math.floor(ms / 1000);
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const text = parts.map((part) => String(part).padStart(2, "0")).join(":");
  return (parts[0] ? text : text.slice(3)) + "." + Math.floor((ms % 1000) / 100);
}

// Keeps what was chosen in this browser.
export function remember(field, key, event = "change") {
  try {
    field.value = localStorage.getItem(key) ?? field.value;
    if (field.selectedIndex === -1) field.selectedIndex = 0;
    field.addEventListener(event, () => localStorage.setItem(key, field.value));
  } catch {
    // a browser without storage forgets
  }
}

export function rememberTicked(box, key) {
  try {
    const kept = localStorage.getItem(key);
    if (kept) box.checked = kept === "yes";
    box.addEventListener("change", () => localStorage.setItem(key, box.checked ? "yes" : "no"));
  } catch {
    // as above
  }
}
