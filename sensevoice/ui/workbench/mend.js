// What gradio leaves undone for those who hear the page: its picker of files has boxes without a name.

export function nameBoxes() {
  const picker = document.querySelector("#sv-server");
  if (!picker) return;
  const name = () => {
    for (const box of picker.querySelectorAll("li input[type=checkbox]:not([aria-label])")) {
      const text = box.closest("li").textContent.trim();
      if (text) box.setAttribute("aria-label", text);
    }
  };
  new MutationObserver(name).observe(picker, { childList: true, subtree: true });
  name();
}
