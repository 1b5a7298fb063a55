// The text as it stands in the box, line by line for Word as well. navigator.clipboard exists only over https and on
// localhost; elsewhere the old command must do.
async (text) => {
  const button = document.querySelector("#sv-copy");
  const zh = document.documentElement.lang.startsWith("zh");
  const page = document.createElement("div");
  for (const line of text.split("\n")) page.append(Object.assign(document.createElement("p"), { textContent: line }));
  const forms = { "text/plain": text, "text/html": page.innerHTML };
  let copied = true;
  try {
    const blobs = Object.entries(forms).map(([type, form]) => [type, new Blob([form], { type })]);
    await navigator.clipboard.write([new ClipboardItem(Object.fromEntries(blobs))]);
  } catch {
    const fill = (event) => {
      event.preventDefault();
      for (const [type, form] of Object.entries(forms)) event.clipboardData.setData(type, form);
    };
    const area = document.createElement("textarea");
    area.value = text;
    area.style.position = "fixed";
    area.style.opacity = "0";
    document.body.append(area);
    area.select();
    document.addEventListener("copy", fill, { once: true, capture: true });
    copied = document.execCommand("copy");
    document.removeEventListener("copy", fill, { capture: true });
    area.remove();
  }
  const label = button.textContent;
  if (!button.dataset.data) {
    button.dataset.data = "yes";
    button.textContent = copied ? (zh ? "已复制" : "Copied") : zh ? "请手动复制" : "Copy by hand";
    setTimeout(() => { button.textContent = label; delete button.dataset.data; }, 1500);
  }
}
