// What is said of an upload, here and in the title: how far it is, and, before anything is sent, that a file is
// too large. Several files are one upload.
import { make } from "./dom.js";
import { words } from "./i18n.js";

const MB = 1024 * 1024;

export function watchUploads(reader, maxBytes) {
  const t = words(reader);
  const place = document.querySelector("#sv-file");
  if (!place) return;
  let totalBytes = 0;
  let count = 0;
  let sentBytes = 0;
  let titled = ""; // what stands in the title, and is to go again
  let wanted = false; // Start was pressed before all of it had come; gradio begins by itself then
  document.addEventListener("click", (event) => {
    if (!place.querySelector(".uploading") || !event.target.closest("#sv-start")) return;
    wanted = true;
    tell();
  });

  function refuse(files) {
    const large = files.filter((file) => file.size > (maxBytes ?? Infinity));
    document.querySelector("#sv-too-large")?.remove();
    if (!large.length) {
      totalBytes = files.reduce((sum, file) => sum + file.size, 0);
      count = files.length;
      sentBytes = 0;
      return false;
    }
    const values = { names: large.map((file) => file.name).join(", "), mb: (Math.ceil((10 * Math.max(...large.map((file) => file.size))) / MB) / 10).toFixed(1), max: Math.floor(maxBytes / MB) };
    place.after(make("div", { id: "sv-too-large", className: "sv-message sv-error", role: "alert" }, t("tooLarge", values)));
    return true;
  }

  // Before gradio, which would say it in English only, in a note that vanishes.
  const stop = (event) => {
    event.preventDefault();
    event.stopImmediatePropagation();
  };
  place.addEventListener(
    "change",
    (event) => {
      if (event.target.type !== "file" || !refuse([...event.target.files])) return;
      stop(event);
      event.target.value = "";
    },
    true,
  );
  place.addEventListener(
    "drop",
    (event) => {
      if (!refuse([...(event.dataTransfer?.files ?? [])])) return;
      stop(event);
      event.target.dispatchEvent(new DragEvent("dragleave", { bubbles: true })); // or gradio waits for the drop
    },
    true,
  );

  watchSending((bytes) => {
    sentBytes += bytes;
    tell();
  });

  function tell() {
    const busy = place.querySelector(".uploading") !== null;
    place.setAttribute("aria-busy", String(busy));
    if (!busy) {
      wanted = false;
      inTitle("");
      return place.removeAttribute("data-upload");
    }
    const done = Math.min(100, (100 * sentBytes) / (totalBytes || 1));
    const values = { n: Math.floor(done), mb: ((totalBytes * done) / 100 / MB).toFixed(1), max: (totalBytes / MB).toFixed(1) };
    const parts = [t("uploading", values), count > 1 ? t("uploadingFiles", { n: count }) : "", wanted ? t("thenStarts") : ""];
    place.setAttribute("data-upload", parts.filter(Boolean).join(" · "));
    inTitle(`${t("uploadingTitle", values)} · `);
  }

  function inTitle(words) {
    const rest = document.title.startsWith(titled) ? document.title.slice(titled.length) : document.title;
    titled = words;
    if (document.title !== words + rest) document.title = words + rest;
  }
  new MutationObserver(tell).observe(place, { childList: true, subtree: true });
}

// Give `tell` the bytes that gradio has sent, as they leave. gradio itself asks the server what has arrived,
// which never answers if nothing comes for three seconds, and says nothing true behind a proxy that collects a
// request before it passes it on. Of what the browser offers only XMLHttpRequest knows how far it is.
function watchSending(tell) {
  const { fetch } = window;
  window.fetch = (resource, options) => {
    const url = new URL(resource.url ?? resource, location.href);
    const isUpload = url.pathname.endsWith("/gradio_api/upload") && options?.body instanceof FormData;
    return isUpload ? send(url, options, tell) : fetch.call(window, resource, options);
  };
}

function send(url, { method, headers, body }, tell) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    let sent = 0;
    request.upload.onprogress = ({ loaded }) => {
      tell(loaded - sent);
      sent = loaded;
    };
    request.onload = () => resolve(new Response(request.response, { status: request.status, statusText: request.statusText }));
    request.onerror = () => reject(new TypeError("Failed to fetch"));
    request.open(method, url);
    new Headers(headers).forEach((value, name) => request.setRequestHeader(name, value));
    request.send(body);
  });
}
