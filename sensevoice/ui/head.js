// Runs in the head of the page, before anything of gradio's.
(() => {
  const chosen = document.cookie.match(/(?:^|; )sv-locale=([\w-]+)/)?.[1];
  document.documentElement.dataset.own = navigator.language ?? "zh";
  const own = (chosen ?? document.documentElement.dataset.own).toLowerCase();
  const traditional = /^zh-(hant|tw|hk|mo)/.test(own);
  const locale = !own.startsWith("zh") ? "en" : traditional ? "zh-TW" : "zh-CN";
  Object.defineProperty(navigator, "language", { get: () => locale });
  Object.defineProperty(navigator, "languages", { get: () => [locale] });
  document.documentElement.lang = locale;
})();

// A recording that is chosen or dropped before the workbench has come waits for it: the workbench says before
// anything is sent that a file is too large, and counts what is sent.
(() => {
  let give = null; // hands over what was given last
  const hold = (event) => {
    const { target } = event;
    const files = event.type === "drop" ? event.dataTransfer?.files : target.type === "file" && target.files;
    if (!files || !target.closest("#sv-file")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const dataTransfer = new DataTransfer(); // the event's own is empty when the event is over
    if (event.type === "drop") for (const file of files) dataTransfer.items.add(file);
    const again = () => new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true });
    give = () => target.dispatchEvent(event.type === "drop" ? again() : new Event("change", { bubbles: true }));
  };
  for (const kind of ["change", "drop"]) document.addEventListener(kind, hold, true);
  const release = () => {
    for (const kind of ["change", "drop"]) document.removeEventListener(kind, hold, true);
    give?.();
  };
  document.addEventListener("sv-ready", release, { once: true });
})();
