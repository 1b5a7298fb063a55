// navigator.clipboard exists only over https and on localhost; elsewhere the old command must do.
async (text) => {
  const button = document.querySelector("#sv-copy");
  const zh = document.documentElement.lang.startsWith("zh");
  let copied = true;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    area.style.position = "fixed";
    area.style.opacity = "0";
    document.body.append(area);
    area.select();
    copied = document.execCommand("copy");
    area.remove();
  }
  const label = button.textContent;
  if (!button.dataset.data) {
    button.dataset.data = "yes";
    button.textContent = copied ? (zh ? "已复制" : "Copied") : zh ? "请手动复制" : "Copy by hand";
    setTimeout(() => { button.textContent = label; delete button.dataset.data; }, 1500);
  }
}
