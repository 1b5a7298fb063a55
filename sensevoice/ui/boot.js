// Runs once when the page is up: starts the workbench in its places.
async () => {
  const root = (window.gradio_config?.root ?? window.location.origin).replace(/\/$/, "");
  const start = async () => {
    const { mount, nameBoxes, dropTwinNotes, watchUploads, showAccount, readTraditional } = await import(`${root}/sv/static/bundle.js`);
    const reader = navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
    await readTraditional(root, navigator.language);
    mount({ base: `${root}/sv`, reader });
    nameBoxes();
    dropTwinNotes();
    watchUploads(reader, window.gradio_config?.max_file_size);
    showAccount(reader, root, window.gradio_config?.username);
  };
  if (!document.querySelector("#sv-dock")) return;
  // head.js held back what was given meanwhile; without a workbench gradio takes it as it is.
  await start().finally(() => document.dispatchEvent(new Event("sv-ready")));
}
