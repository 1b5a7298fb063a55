// @ts-check
// Which key moments are taken along, to an editing program or cut out, and how much is left at either end of each.
import { make, remember } from "./dom.js";

/** @param {any} app @param {() => void} onChange */
export function momentChoice(app, onChange) {
  const { t } = app;
  const kinds = make("span", { className: "svw-row svw-kinds", role: "group", "aria-label": t("highlights") });
  const handles = make("input", { type: "number", className: "svw-input", min: 0, max: 60, step: 0.5, value: 0.5, "aria-label": t("cutHandles") });
  remember(handles, "sv-cut-handles");
  handles.addEventListener("input", onChange);
  const margin = make("label", { className: "svw-check", title: t("cutHandlesHelp") }, t("cutHandles"), handles);
  const why = make("span", { role: "status" }); // there is nothing to take
  const element = make("div", { className: "svw-row" }, kinds, margin, why);
  /** @type {Set<string>} */
  const left = new Set(); // kinds that stay behind

  const all = () => app.job?.highlights ?? [];
  const chosen = () => all().filter((/** @type {any} */ item) => !left.has(item.kind));

  function draw() {
    const counts = new Map();
    for (const item of all()) counts.set(item.kind, { name: app.told(item), n: (counts.get(item.kind)?.n ?? 0) + 1 });
    kinds.replaceChildren(
      ...[...counts].map(([kind, { name, n }]) => {
        const box = make("input", { type: "checkbox", value: kind, checked: !left.has(kind) });
        box.addEventListener("change", () => {
          if (box.checked) left.delete(kind);
          else left.add(kind);
          tell();
        });
        return make("label", { className: "svw-check" }, box, `${name} ${n}`);
      }),
    );
    margin.hidden = !counts.size;
    tell();
  }

  function tell() {
    // Which moments there are comes with the details, when the recording has ended.
    why.textContent = chosen().length || !app.job?.highlights ? "" : t(all().length ? "noKinds" : "noMoments");
    onChange();
  }

  /** @param {URLSearchParams} asked for a list of them */
  function ask(asked) {
    asked.set("handles", String(seconds()));
    if (left.size) asked.set("kinds", [...new Set(chosen().map((/** @type {any} */ item) => item.kind))].join(","));
  }

  const seconds = () => Math.min(60, Math.max(0, Number(handles.value) || 0));

  app.on("details", draw);
  app.on("job", () => {
    left.clear();
    draw();
  });
  return { element, chosen, ask, seconds };
}
