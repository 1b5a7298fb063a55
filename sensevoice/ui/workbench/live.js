// @ts-check
// Live recording is offered beside upload and microphone; its panel is fetched when it is first wanted.
import { make } from "./dom.js";

/** @param {any} app */
export function live(app) {
  const tabs = document.querySelector("#sv-source");
  if (!tabs) return;
  let isLoaded = false;

  function look() {
    const place = /** @type {HTMLElement | null} */ (document.querySelector("#sv-live"));
    const isShown = Boolean(place?.offsetParent);
    document.body.dataset.svSource = isShown ? "live" : "";
    if (!place || !isShown || isLoaded) return;
    isLoaded = true;
    mounted.disconnect();
    load(place);
  }

  /** @param {HTMLElement} place */
  async function load(place) {
    const files = `${app.api.base}/static/live`;
    document.head.append(make("link", { rel: "stylesheet", href: `${files}/live.css` }));
    try {
      const { livePanel } = await import(`${files}/panel.js`);
      livePanel(app, place);
    } catch (error) {
      isLoaded = false; // the next look at it tries again
      app.tell(app.t("lost"));
    }
  }

  const mounted = new MutationObserver(look);
  mounted.observe(tabs, { childList: true, subtree: true });
  new MutationObserver(() => setTimeout(look)).observe(tabs, { subtree: true, attributeFilter: ["aria-selected"] });
  look();
}
