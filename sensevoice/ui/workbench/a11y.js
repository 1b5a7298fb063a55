// What gradio leaves undone for those who hear the page: its picker of files has boxes without a name.

export function nameBoxes() {
  const tabs = document.querySelector("#sv-source"); // the picker itself comes when its tab is opened
  if (!tabs) return;
  const name = () => {
    for (const box of tabs.querySelectorAll("#sv-server li input[type=checkbox]:not([aria-label])")) {
      const text = box.parentElement.textContent.trim();
      if (text) box.setAttribute("aria-label", text);
    }
  };
  new MutationObserver(name).observe(tabs, { childList: true, subtree: true });
  name();
}

const SAID_BY_US = /connection (to the server was lost|errored out)|lost connection/i;

// Of a lost connection the page speaks in the reader's language; gradio's own note beside it is in English only.
export function dropTwinNotes() {
  const isTwin = (toast) => SAID_BY_US.test(toast.textContent);
  new MutationObserver((changes) => {
    for (const { addedNodes } of changes) {
      for (const node of addedNodes) {
        const toasts = node instanceof Element ? [node, ...node.querySelectorAll(".toast-body")] : [];
        for (const toast of toasts) if (toast.matches(".toast-body") && isTwin(toast)) toast.style.display = "none";
      }
    }
  }).observe(document.body, { childList: true, subtree: true });
}
