// navigator.clipboard exists only over https and on localhost; elsewhere the old command must do.
async (text) => {
  const button = document.querySelector("#sv-copy");
  const zh = document.documentElement.lang.startsWith("zh");
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    area.style.position = "fixed";
    area.style.opacity = "0";
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  const label = button.textContent;
  if (!button.dataset.data) {
    button.dataset.data = "yes";
    button.textContent = zh ? "已复制" : "Copied";
    setTimeout(() => { button.textContent = label; delete button.dataset.data; }, 1500);
  }
}
