// Live: what to hear, how loud it is, where it stands, and the way to stop. Loaded when it is first wanted.
import LANGUAGE_NAMES from "../../../web/tables/languages.json" with { type: "json" };
import TEXTS from "../../../web/tables/live.json" with { type: "json" };
import { button, clock, make, remember, rememberTicked } from "../dom.js";
import { Link } from "./link.js";
import { canShare, listen, microphones, obstacle, SoundError } from "./sound.js";
import { liveView } from "./view.js";

const KEPT = "sv-live"; // the recording of this tab, over a reload
const LANGUAGES = ["auto", "zh", "en", "yue", "ja", "ko"];
const METER_DB = 60;

/** @param {any} app @param {HTMLElement} place */
export function livePanel(app, place) {
  const t = app.words({ ...LANGUAGE_NAMES, ...TEXTS });
  const root = app.api.base.replace(/\/sv$/, "");
  const view = liveView(app, t, (message) => talk?.link.ask(message) || tell(t("notSent")));
  document.querySelector("#sv-right")?.append(view.element);

  const source = make("select", { className: "svw-input", id: "svl-source" }, ...["microphone", ...(canShare() ? ["shared", "both"] : [])].map((kind) => make("option", { value: kind }, t(kind))));
  const device = make("select", { className: "svw-input", id: "svl-device" }, make("option", { value: "" }, t("usual")));
  const language = make("select", { className: "svw-input", id: "svl-language" }, ...LANGUAGES.map((code) => make("option", { value: code }, t(`language_${code}`))));
  const speakers = make("input", { type: "checkbox", checked: true });
  remember(source, "sv-live-source");
  remember(language, "sv-live-language");
  rememberTicked(speakers, "sv-live-speakers");
  const bar = make("span", { className: "svl-level" });
  const meter = make("div", { className: "svl-meter", role: "meter", "aria-label": t("level"), "aria-valuemin": "0", "aria-valuemax": "100" }, bar);
  const start = button(t("start"), () => begin(), { className: "svw-button svw-primary svl-go", id: "svl-start" });
  const stop = button(t("stop"), () => end(), { className: "svw-button svl-go svl-stop", id: "svl-stop", hidden: true });
  const state = make("p", { className: "svl-state", role: "status" });
  const problem = make("p", { className: "svl-problem", role: "alert", hidden: true });
  const left = make("div", { className: "svl-left", hidden: true });
  const back = button(t("show"), () => show(), { hidden: true });
  const link = make("input", { className: "svw-input", readOnly: true, "aria-label": t("captions") });
  const room = make("div", { className: "svl-room", hidden: true }, link, button(t("open"), () => window.open(link.value, "_blank", "noopener")), button(t("copy"), copyLink), button(t("revoke"), () => talk?.link.ask({ type: "captions", on: false })));
  const captions = button(t("captions"), () => talk?.link.ask({ type: "captions", on: true }), { title: t("captionsHelp"), hidden: true });
  const row = (label, field) => make("label", { className: "svl-row" }, make("span", {}, label), field);
  const deviceRow = row(t("device"), device);
  const form = make("div", { className: "svl-form" }, row(t("source"), source), deviceRow, row(t("language"), language), make("label", { className: "svw-check" }, speakers, t("speakers")));
  place.classList.add("svw", "svl");
  place.replaceChildren(form, left, start, stop, meter, state, problem, make("div", { className: "svw-row" }, captions, back), room);

  /** @type {any} */
  let talk = null; // the recording under way: { link, sound, ... }
  source.addEventListener("change", choose);
  navigator.mediaDevices?.addEventListener?.("devicechange", () => listDevices());
  choose();
  listDevices();
  hinder();
  offerLast();

  function choose() {
    deviceRow.hidden = source.value === "shared";
  }

  async function listDevices() {
    if (!navigator.mediaDevices) return;
    const chosen = device.value;
    const found = await microphones();
    device.replaceChildren(make("option", { value: "" }, t("usual")), ...found.filter((each) => each.deviceId !== "default").map((each, number) => make("option", { value: each.deviceId }, each.label || `${t("microphone")} ${number + 1}`)));
    device.value = [...device.options].some((option) => option.value === chosen) ? chosen : "";
  }

  function hinder() {
    const reason = obstacle();
    if (!reason) return;
    start.disabled = true;
    tell(t(reason, { port: window.location.port || "6006" }));
  }

  function tell(sentence) {
    problem.textContent = sentence;
    problem.hidden = !sentence;
  }

  // A page that was reloaded in the middle goes on with its recording, or ends it.
  function offerLast() {
    const session = sessionStorage.getItem(KEPT);
    if (!session || start.disabled) return;
    left.hidden = false;
    left.replaceChildren(make("p", {}, t("left")), make("div", { className: "svw-row" }, button(t("goOn"), () => begin({ type: "resume", session })), button(t("endIt"), () => finishLast(session))));
  }

  function finishLast(session) {
    left.hidden = true;
    open({ type: "resume", session });
    talk.isStopping = true;
    talk.link.stop(new Int16Array(0));
    draw();
  }

  const greeting = () => ({ type: "start", name: t("name", { date: new Date().toLocaleString(app.reader === "zh" ? "zh-CN" : "en-GB").replace(/[/:]/g, ".") }), options: { language: language.value, speakers: speakers.checked ? "auto" : "off" } });

  async function begin(hello = greeting()) {
    if (talk) return;
    tell("");
    left.hidden = true;
    start.disabled = true;
    state.textContent = t("starting");
    const frames = [];
    let push = (frame) => frames.push(frame); // what is heard before there is a line
    try {
      const heard = await listen({ kind: source.value, deviceId: device.value, worklet: `${app.api.base}/static/live/worklet.js`, onframe: (frame, peak) => (push(frame), level(peak)), onend: () => talk && (tell(t("gone")), end()) });
      open(hello);
      talk.sound = heard;
      for (const frame of frames) talk.link.push(frame);
      push = (frame) => (talk?.link.push(frame), talk && !talk.isStopping && draw());
      listDevices(); // their names are known now
    } catch (error) {
      state.textContent = "";
      tell(error instanceof SoundError ? t(error.code, { detail: error.message }) : t("noSound", { detail: String(error) }));
    }
    start.disabled = false;
    draw();
  }

  function open(hello) {
    const address = new URL(`${root}/live`);
    address.protocol = address.protocol.replace("http", "ws");
    view.clear();
    const on = { ready, state: hear, lost, line, captions: linked, ended, failed, trouble: (error) => tell(error[app.reader]) };
    talk = { isUp: false, lostFrames: 0, isStopping: false, sound: null };
    talk.link = new Link(address.href, hello, on);
    show();
  }

  function ready(session) {
    sessionStorage.setItem(KEPT, session);
    app.list.refresh();
  }

  function line(isUp) {
    talk.isUp = isUp;
    tell(isUp ? (talk.lostFrames ? t("lost", { n: Math.ceil(talk.lostFrames / 10) }) : "") : t("lineLost"));
    draw();
  }

  function lost(frames) {
    talk.lostFrames += frames;
  }

  function hear(message) {
    view.show(message);
    if (message.stopped) tell(t("stalled"));
    draw();
  }

  function linked(token) {
    room.hidden = !token;
    if (token) link.value = `${root}/captions?captions=${token}`;
  }

  async function copyLink() {
    link.select();
    await navigator.clipboard?.writeText(link.value).catch(() => {});
    app.toasts.say(t("copied"));
  }

  async function end() {
    if (!talk || talk.isStopping) return;
    talk.isStopping = true;
    draw();
    const now = talk;
    const tail = now.sound ? await now.sound.stop() : new Int16Array(0);
    now.link.stop(tail);
  }

  function ended(job) {
    leave();
    app.list.refresh();
    if (job) app.open(job);
    else app.close();
  }

  function failed(error) {
    const sound = talk?.sound;
    leave();
    sound?.stop();
    app.close();
    tell(error[app.reader] ?? t(error.code));
  }

  function leave() {
    talk = null;
    sessionStorage.removeItem(KEPT);
    room.hidden = true;
    level(0);
    draw();
  }

  // Shows the live text in the place of the recording that is open.
  function show() {
    if (app.job) app.close();
    document.body.dataset.sv = "live";
  }

  function level(peak) {
    const share = peak > 0 ? Math.max(0, Math.min(1, 1 + (20 * Math.log10(peak)) / METER_DB)) : 0;
    bar.style.width = `${Math.round(share * 100)}%`;
    meter.setAttribute("aria-valuenow", String(Math.round(share * 100)));
  }

  function draw() {
    start.hidden = form.inert = Boolean(talk);
    stop.hidden = captions.hidden = !talk;
    stop.disabled = Boolean(talk?.isStopping);
    back.hidden = !talk || document.body.dataset.sv === "live";
    if (!talk) return void (state.textContent = "");
    const time = clock(talk.link.count * 100);
    const behind = talk.link.behind >= 3 ? ` · ${t("behind", { n: Math.round(talk.link.behind) })}` : "";
    state.textContent = (talk.isStopping ? t("stopping") : t("recording", { time })) + behind;
  }

  app.on("job", draw);
  app.on("closed", () => talk && (document.body.dataset.sv = "live"));
  window.addEventListener("beforeunload", (event) => talk && event.preventDefault());
}
