// @ts-check
// The overview, which is fetched when somebody opens its tab.
import { make } from "./dom.js";

/** @param {any} app */
export function overview(app) {
  const element = make("div");
  let isLoaded = false;

  async function load() {
    isLoaded = true;
    try {
      const { overviewPanel } = await import(`${app.api.base}/static/overview/panel.js`);
      element.append(app.late(() => overviewPanel(app)));
    } catch (error) {
      isLoaded = false; // the next look at it tries again
      app.tell(app.t("lost"));
    }
  }

  app.on("tab", (/** @type {string} */ tab) => tab === "overview" && !isLoaded && load());
  return { element };
}
