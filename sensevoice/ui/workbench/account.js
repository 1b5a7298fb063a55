// Who is logged in, and the way out. Nothing where nobody logs in.
import { button, make } from "./dom.js";
import { words } from "./i18n.js";

export function showAccount(reader, root, user) {
  const place = document.querySelector("#sv-header");
  if (!place || !user) return;
  const t = words(reader);
  const leave = async () => {
    await fetch(`${root}/logout`, { method: "POST" });
    window.location.assign(`${root}/`);
  };
  place.append(make("div", { id: "sv-account" }, make("span", {}, user), button(t("logOut"), leave)));
}
