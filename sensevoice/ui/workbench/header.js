// @ts-check
// What the page looks like and speaks: dark or light, Chinese or English. Both are kept in this browser.
import { button, make } from "./dom.js";

const THEME = "sv-theme";
const LOCALE = "sv-locale"; // the cookie that page_head.py reads

/** @param {any} app */
export function header(app) {
  const { t, reader } = app;
  const place = document.querySelector("#sv-header");
  if (!place) return;
  const dark = button("◐", () => setTheme(!isDark()), { className: "svw-plain", "aria-label": t("theme"), title: t("theme") });
  const language = button(reader === "zh" ? "EN" : "中文", () => choose(reader === "zh" ? "en" : chinese()), {
    className: "svw-plain",
    "aria-label": t("otherLanguage"),
    title: t("otherLanguage"),
    lang: reader === "zh" ? "en" : "zh",
  });
  place.append(make("div", { id: "sv-looks" }, language, dark));
  try {
    const kept = localStorage.getItem(THEME);
    if (kept) setTheme(kept === "dark");
  } catch {
    // a browser without storage forgets
  }
}

// Which Chinese: that of the browser, which page_head.py keeps there.
const chinese = () => (/^zh-(hant|tw|hk|mo)/i.test(document.documentElement.dataset.own ?? "") ? "zh-Hant" : "zh");

const isDark = () => document.body.classList.contains("dark");

/** @param {boolean} dark */
function setTheme(dark) {
  document.body.classList.toggle("dark", dark);
  try {
    localStorage.setItem(THEME, dark ? "dark" : "light");
  } catch {
    // as above
  }
}

/** @param {string} locale */
function choose(locale) {
  document.cookie = `${LOCALE}=${locale}; path=/; max-age=31536000; SameSite=Lax`;
  window.location.reload();
}
