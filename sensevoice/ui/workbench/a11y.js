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
