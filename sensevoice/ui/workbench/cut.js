// @ts-check
// Cutting rows out of the recording: what, as what, and how far it is; at the end a zip to be saved.
import { button, make, once, remember } from "./dom.js";

const POLL_MS = 700;
const SUBTITLES = ["srt", "vtt", "ass"];
const MEDIA = ["mp3", "m4a", "wav", "flac"];

/**
 * @param {any} app @param {{ active: () => boolean }} filter
 * @param {{ chosen: () => any[], seconds: () => number }} moments
 */
export function cutter(app, filter, moments) {
  const { t, api, reader } = app;
  const choice = (/** @type {string} */ key, /** @type {string[][]} */ options) => {
    const made = make("select", { className: "svw-select", "aria-label": t(key), data: { cut: key } });
    made.append(...options.map(([value, label]) => make("option", { value }, label)));
    return made;
  };
  const what = choice("cutWhat", [["selected", ""], ["shown", ""], ["highlights", ""]]);
  const media = choice("cutMedia", [...MEDIA.map((each) => [each, each]), ["mp4", t("cutFilm")]]);
  const form = choice("cutForm", [["reel", t("cutReel")], ["clips", t("cutClips")]]);
  remember(media, "sv-cut-media");
  remember(form, "sv-cut-form");
  const go = button(t("cutGo"), once(start), { className: "svw-button svw-primary", data: { cut: "go" } });
  const element = make(
    "section",
    { className: "svw-files svw-cut" },
    make("h3", {}, t("cut")),
    what,
    media,
    form,
    go,
  );

  /** @returns {any[]} what has a start and an end */
  function chosen() {
    if (what.value === "highlights") return moments.chosen();
    return what.value === "shown" ? app.shown : app.rows.filter((/** @type {any} */ row) => app.selected.has(row.index));
  }

  function start() {
    return begin([{ job: app.job.id, spans: chosen().map(({ start_ms, end_ms }) => ({ start_ms, end_ms })) }]);
  }

  // Also for what was found in several recordings, in the way that was chosen here.
  /** @param {{ job: string, spans: { start_ms: number, end_ms: number }[] }[]} takes */
  async function begin(takes) {
    const wanted = {
      takes,
      media: media.value,
      form: form.value,
      handles_s: moments.seconds(),
      subtitles: SUBTITLES,
      labels: reader,
      sure: app.sure.hidden(),
    };
    const cut = await app.attempt(() => api.post("cuts", wanted));
    if (cut) follow(cut);
  }

  // Stays on the page whatever recording is open, until it is taken away or closed.
  /** @param {any} cut */
  function follow(cut) {
    const said = make("span", {}, t("cutting", { n: 0 }));
    const stop = button(t("cancel"), () => app.attempt(() => api.remove(`cuts/${cut.id}`)));
    const toast = app.toasts.stay(said, stop);
    const end = (/** @type {string} */ sentence, /** @type {Node[]} */ ...more) => {
      said.textContent = sentence;
      stop.replaceWith(...more, button("×", () => toast.remove(), { className: "svw-close", "aria-label": t("close") }));
    };

    async function look() {
      const now = await api.get(`cuts/${cut.id}`).catch((/** @type {any} */ error) => (error.code ? { state: "failed", error: { [reader]: error.message } } : null));
      if (now?.state === "done") {
        const sentence = t("cutDone", { n: now.clips }) + (now.copied ? t("cutCopied", { n: now.copied }) : "");
        return end(sentence, make("a", { href: `${api.base}/cuts/${cut.id}/file`, download: now.name, data: { cut: "file" } }, t("cutSave")));
      }
      if (now?.state === "failed") return end(now.error[reader]);
      if (now?.state === "cancelled") return toast.remove();
      if (now) said.textContent = now.state === "waiting" ? t("queued") : t("cutting", { n: Math.floor(100 * now.fraction) });
      setTimeout(look, POLL_MS);
    }
    look();
  }

  function draw() {
    const [selected, shown, key] = what.options;
    selected.textContent = t("cutSelected", { n: app.selected.size });
    shown.textContent = t(filter.active() ? "cutShown" : "cutAll", { n: app.shown.length });
    key.textContent = t("cutMoments", { n: moments.chosen().length });
    const film = media.options[MEDIA.length];
    film.hidden = film.disabled = !app.job?.film;
    if (film.disabled && media.value === "mp4") media.value = MEDIA[0];
    element.hidden = !app.job || app.goesOn(app.job);
    go.disabled = chosen().length === 0;
  }

  function propose() {
    what.value = app.selected.size ? "selected" : "shown";
    draw();
  }
  app.cut = begin;
  for (const event of ["selected", "job"]) app.on(event, propose);
  for (const event of ["rows", "shown", "details"]) app.on(event, draw);
  what.addEventListener("change", draw);
  propose();
  return { element, draw };
}
