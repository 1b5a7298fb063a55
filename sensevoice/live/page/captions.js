// Follows a recording and shows its last lines. Nothing is sent from here.

import LANGUAGES from "../../web/tables/languages.json" with { type: "json" };
import COLORS from "../../web/palette.json" with { type: "json" };
import OWN from "../../web/tables/captions.json" with { type: "json" };

const TEXTS = { ...LANGUAGES, ...OWN };
const MOODS = ["ANGRY", "HAPPY", "SURPRISED", "DISGUSTED", "FEARFUL", "SAD"];
const MUSIC = ["BGM", "Sing"];
const KEPT_ROWS = 12;
const AGAIN_MS = 1000;

const locale = (document.cookie.match(/(?:^|; )sv-locale=([\w-]+)/)?.[1] ?? navigator.language ?? "zh").toLowerCase().startsWith("zh") ? "zh" : "en";
document.documentElement.lang = locale === "zh" ? "zh-CN" : "en";
const t = (key, values = {}) => TEXTS[key][locale === "zh" ? 0 : 1].replace(/\{(\w+)\}/g, (_, name) => values[name]);
const lines = document.querySelector("#lines");
const note = document.querySelector("#note");
let labels = {};
let rows = []; // the last ones
let first = 0; // the number of rows[0]
let growing = null;
let names = {}; // of speakers, by their ids

function make(tag, className, text) {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
}

function kept(key, fallback) {
  try {
    return localStorage.getItem(`sv-captions-${key}`) ?? fallback;
  } catch {
    return fallback;
  }
}

function keep(key, value) {
  try {
    localStorage.setItem(`sv-captions-${key}`, value);
  } catch {
    // a browser without storage forgets
  }
}

// (笑声) for what is heard, ♪ around what is sung or played.
function soundsOf(row) {
  const named = row.events.filter((name) => !MUSIC.includes(name)).map((name) => labels[name]).filter(Boolean);
  return named.map((name) => `${t("open")}${name}${t("close")}`).join("") + (row.events.some((name) => MUSIC.includes(name)) ? "♪" : "");
}

function line(row, before) {
  const element = make("p", "", "");
  if (row.speaker && row.speaker !== before?.speaker) element.append(make("span", "who", names[row.speaker] ? t("named", { name: names[row.speaker] }) : t("person", { n: row.speaker.slice(1) })));
  element.append(row.text);
  const sounds = soundsOf(row);
  if (sounds) element.append(make("span", "sound", ` ${sounds}`));
  if (MOODS.includes(row.emotion)) {
    element.style.setProperty("--mood", COLORS[row.emotion]);
    element.append(make("span", "mood", labels[row.emotion] ?? row.emotion));
  }
  return element;
}

function nowLine() {
  const element = make("p", "", growing.committed);
  const space = /[\w,.!?]$/.test(growing.committed) ? " " : "";
  element.append(make("span", "tail", space + growing.tail));
  return element;
}

function draw() {
  const wanted = settings.language.value;
  const isShown = (row) => wanted === "all" || row.kind === "sound" || row.language === wanted;
  const shown = rows.filter((row) => (row.text || soundsOf(row)) && isShown(row)).slice(-Number(settings.lines.value));
  const all = shown.map((row, number) => line(row, shown[number - 1]));
  if (growing && isShown(growing) && (growing.committed || growing.tail)) all.push(nowLine());
  lines.replaceChildren(...all);
  if (note.dataset.kind !== "trouble") note.textContent = all.length ? "" : t("waiting");
}

function trouble(sentence) {
  note.dataset.kind = sentence ? "trouble" : "";
  note.textContent = sentence;
}

function connect() {
  const address = new URL(`captions/live${window.location.search}`, window.location.href);
  address.protocol = address.protocol.replace("http", "ws");
  const socket = new WebSocket(address);
  let isOver = false;
  socket.onmessage = ({ data }) => {
    const message = JSON.parse(data);
    if (message.type === "labels") [labels, rows, first, names] = [message.labels[locale], [], 0, {}];
    else if (message.type === "error") {
      isOver = true;
      trouble(message[locale]);
    } else if (message.type === "state") {
      trouble("");
      if ("rows" in message) take(message);
      growing = message.growing;
      names = message.names ?? names;
    }
    draw();
  };
  socket.onclose = () => {
    if (isOver) return;
    trouble(t("lost"));
    setTimeout(connect, AGAIN_MS);
  };
}

function take(message) {
  first = rows.length ? Math.min(first, message.from) : message.from;
  rows = [...rows.slice(0, Math.max(0, message.from - first)), ...message.rows];
  const surplus = Math.max(0, rows.length - KEPT_ROWS);
  rows = rows.slice(surplus);
  first += surplus;
}

function choice(key, values, fallback, name) {
  const select = document.createElement("select");
  select.setAttribute("aria-label", name);
  for (const [value, text] of values) select.append(new Option(text, value));
  select.value = kept(key, fallback);
  if (select.selectedIndex < 0) select.value = fallback;
  select.addEventListener("change", () => {
    keep(key, select.value);
    apply();
  });
  return select;
}

const settings = {
  size: Number(kept("size", "7")) || 7,
  lines: choice("lines", [2, 3, 4].map((n) => [String(n), t("lines", { n })]), "3", t("lines", { n: "" })),
  look: choice("look", ["dark", "light", "yellow"].map((name) => [name, t(name)]), "dark", t("look")),
  language: choice("language", ["all", "zh", "en", "yue", "ja", "ko"].map((name) => [name, t(name === "all" ? name : `language_${name}`)]), "all", t("all")),
};

function apply() {
  const root = document.documentElement;
  root.style.setProperty("--size", `${settings.size}vmin`);
  root.style.setProperty("--lines", settings.lines.value);
  root.dataset.look = settings.look.value;
  draw();
}

function resize(by) {
  settings.size = Math.min(16, Math.max(3, settings.size + by));
  keep("size", String(settings.size));
  apply();
}

function button(text, act, name = text) {
  const element = make("button", "", text);
  element.type = "button";
  element.setAttribute("aria-label", name);
  element.addEventListener("click", act);
  return element;
}

const toggleFull = () => (document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen?.());
document.querySelector("#tools").append(button("A−", () => resize(-1), t("smaller")), button("A+", () => resize(1), t("larger")), settings.lines, settings.look, settings.language, button(t("full"), toggleFull));
document.addEventListener("keydown", ({ key }) => {
  if (key === "f") toggleFull();
  if (key === "+") resize(1);
  if (key === "-") resize(-1);
});
const stayAwake = () => document.visibilityState === "visible" && navigator.wakeLock?.request("screen").catch(() => {});
document.addEventListener("visibilitychange", stayAwake);
stayAwake();
apply();
connect();
