// The recording that is open, and all that shows it: tabs beside the text, the player below, the library.
import { again } from "./retranscribe.js";
import { client } from "./api.js";
import { axis } from "./axis.js";
import { bar } from "./bar.js";
import { certainty } from "./certainty.js";
import { corrections } from "./corrections.js";
import { editor } from "./edit.js";
import { clock, make } from "./dom.js";
import { filter } from "./filter.js";
import { header } from "./header.js";
import { keyboard } from "./keyboard.js";
import { BUSY, jobs } from "./jobs.js";
import { coverage } from "./quality.js";
import { live } from "./live.js";
import { overview } from "./overview.js";
import { player } from "./player.js";
import { timeline } from "./timeline.js";
import { several } from "./compare.js";
import { table } from "./table.js";
import { tabs } from "./tabs.js";
import { terms } from "./terms.js";
import { textAbove } from "./text_above.js";
import { toasts } from "./toasts.js";
import { told, words } from "./i18n.js";

const POLL_MS = 1000;
const MAX_POLL_MS = 10000;
const LOST_MS = 60000; // what is not answered by then never will be: the connection broke without a word
const OVERLAPPING = 100; // rows that began last, among which those lie that have not ended
const TITLE = "SenseVoice";

// Everything that the parts tell each other.
const EVENTS = ["job", "rows", "details", "finished", "closed", "shown", "selected", "sure", "time", "hover", "playing", "axis", "edit", "edited", "tab", "listed", "peaks"];

/** Fills the places that page.py leaves. @param {{ base: string, reader: "zh" | "en" }} where */
export async function mount({ base, reader }) {
  const app = new App(client(base, reader), reader);
  const data = await app.api.get("labels").catch(() => null);
  if (!data) return;
  app.learn(data);
  app.build();
  window.addEventListener("popstate", () => app.openAddress());
  app.list.refresh();
  app.openAddress();
  app.above = textAbove(() => app.textWanted(), (id) => app.open(id));
}

const addressed = () => new URL(window.location.href).searchParams.get("job");

class App {
  constructor(api, reader) {
    Object.assign(this, { api, reader, t: words(reader), job: null, rows: [], people: [], rules: [], shown: [], visible: [], playing: [], version: 0, current: -1, selected: new Set() });
    this.listeners = new Map(EVENTS.map((event) => [event, []]));
    this.timer = 0;
    this.pause = POLL_MS;
    this.polling = Promise.resolve();
    this.finishing = 0;
  }

  learn({ labels, kinds, formats, views, traditional, minutes: writes }) {
    const names = Object.entries(labels[this.reader]).map(([name, label]) => [name, this.told({ zh: label, en: label })]);
    Object.assign(this, { names: Object.fromEntries(names), kinds, formats, views, traditional, writes });
    this.kind = new Map(Object.entries(kinds).flatMap(([kind, names]) => names.map((name) => [name, kind])));
  }

  // A sentence of the server's, for this reader.
  told(both) {
    return told(this.reader, both);
  }

  // Texts of a table beside the workbench's own.
  words(table) {
    return words(this.reader, table);
  }

  label(name) {
    return this.names[name] ?? "";
  }

  // "left" and "right", or numbers from "1", when each channel was recognised on its own, nothing otherwise.
  channelName(channel) {
    if (!channel) return "";
    return /^\d+$/.test(channel) ? `${this.t("channel")} ${channel}` : this.t(`channel_${channel}`);
  }

  // What a person is called; nothing where one nameless person is all that there is.
  speakerName(id) {
    const person = this.people.find((each) => each.id === id);
    if (!person || (this.people.length === 1 && !person.name)) return "";
    return this.voiceName(person);
  }

  voiceName({ id, name, channel }) {
    return name || this.channelName(channel) || (id ? this.t("person", { n: id.slice(1) }) : "");
  }

  who(row) {
    return this.speakerName(row.speaker) || this.channelName(row.channel);
  }

  // While a job runs its people are those of the rows so far; at the end they come with the details.
  findPeople() {
    const channels = new Map(this.rows.filter((row) => row.speaker).map((row) => [row.speaker, row.channel]));
    this.people = [...channels].map(([id, channel]) => ({ id, name: "", channel })).sort((a, b) => a.id.slice(1) - b.id.slice(1));
  }

  kindOf(name) {
    return this.kind.get(name) ?? "language";
  }

  on(event, listener) {
    this.listeners.get(event).push(listener);
  }

  emit(event, value) {
    for (const listener of this.listeners.get(event)) listener(value);
  }

  // Tells what is built while a recording is open of it, as if it had been there from the start.
  late(build) {
    const known = new Map([...this.listeners].map(([event, all]) => [event, all.length]));
    const made = build();
    const told = this.job ? ["job", "rows", ...(this.goesOn(this.job) ? [] : ["details", "finished"])] : [];
    for (const event of told) this.listeners.get(event).slice(known.get(event)).forEach((listener) => listener(this.job));
    return made;
  }

  build() {
    const place = (name, ...children) => {
      const element = document.querySelector(`#${name}`);
      element.classList.add("svw");
      element.replaceChildren(...children);
      return element;
    };
    this.problem = make("p", { className: "svw-problem", role: "alert", hidden: true });
    this.message = make("div", { className: "svw-message", role: "status", hidden: true });
    this.toasts = toasts(this.t("close"));
    this.sure = certainty(this);
    this.corrections = corrections(this);
    this.axis = axis(this);
    this.player = player(this);
    const chips = filter(this);
    const rows = make("div", {}, chips.element, table(this, editor(this)).element, again(this).element);
    const panels = { rows, overview: overview(this).element, quality: make("div", {}, coverage(this).element, terms(this).element) };
    this.tabs = tabs(this, { text: document.querySelector("#sv-text-panel"), ...panels });
    this.list = jobs(this);
    this.bar = bar(this, chips);
    place("sv-bar", this.problem, this.bar.element, this.tabs.element);
    place("sv-panels", this.message, ...Object.values(panels));
    this.dock = place("sv-dock", this.player.element, timeline(this).element, make("p", { className: "svw-quiet svw-idle" }, this.t("dockEmpty")));
    place("sv-library", this.list.element, several(this).element);
    this.keys = keyboard(this);
    header(this);
    live(this);
    this.tabs.restore();
    this.on("time", (ms) => this.mark(ms));
    this.stand();
  }

  // What the page shows: no recording, one, or why there is nothing of it.
  stand() {
    const state = !this.job ? "none" : this.nothingIn(this.job) ? "nothing" : "open";
    document.body.dataset.sv = state;
    this.message.hidden = state !== "nothing";
    if (state === "nothing") this.message.replaceChildren(...this.bar.reason(this.job));
    this.progress(null);
  }

  nothingIn({ state }) {
    return !BUSY.includes(state) && this.rows.length === 0;
  }

  // How far the recording is that is open.
  progress(sentence) {
    this.how = sentence;
    this.title();
  }

  // How far several are together.
  batch(sentence) {
    this.together = sentence;
    this.title();
  }

  title() {
    document.title = [this.together, this.how, this.job?.name, TITLE].filter(Boolean).join(" · ");
  }

  // Ends when the recording is shown, or another one is wanted.
  open(id) {
    if (this.wanted !== id) this.opening = this.fetch(id); // the page and its address both name the job
    return this.opening;
  }

  async fetch(id) {
    this.wanted = id;
    clearTimeout(this.timer);
    const found = await this.attempt(() => Promise.all([this.api.get(`jobs/${id}${this.sure.query()}`), this.api.get(`jobs/${id}/segments?from=0`)]));
    if (this.wanted !== id) return;
    if (!found) {
      this.wanted = this.job?.id;
      return this.above.change();
    }
    const [job, data] = found;
    this.leaving?.abort();
    this.leaving = new AbortController(); // ends the requests that only this recording needed
    const goesOn = this.goesOn(data); // then it does, also where the other answer, which came later, says that it has ended
    const now = goesOn ? { ...job, state: data.state } : job;
    Object.assign(this, { job: now, rows: data.segments, people: job.speakers, shown: [], visible: [], playing: [], version: data.version, current: -1 });
    this.selected.clear();
    this.setAddress(id);
    this.above.change();
    this.stand();
    this.emit("job", now);
    this.emit("rows");
    if (goesOn) this.timer = setTimeout(() => this.poll(), this.goesOn(job) ? this.pause : 0);
    else await this.finish(!this.goesOn(job) && job.version === data.version ? job : undefined); // it may have ended meanwhile
  }

  close() {
    clearTimeout(this.timer);
    this.leaving?.abort();
    this.job = this.wanted = null;
    this.rows = [];
    this.player.stop();
    this.setAddress(null);
    this.above.change();
    this.stand();
    this.emit("closed");
  }

  openAddress() {
    const id = addressed();
    if (id) this.open(id);
    else if (this.job) this.close();
  }

  // Each recording has a place in the browser's history, so that Back leads to the one before.
  setAddress(id) {
    if (addressed() === id) return;
    const address = new URL(window.location.href);
    if (id) address.searchParams.set("job", id);
    else address.searchParams.delete("job");
    history.pushState(null, "", address);
  }

  // The text, the copy and the downloads are of the same recording as the rows, corrections included.
  textWanted() {
    const job = this.wanted ?? "";
    return { job, version: job === this.job?.id ? (this.version ?? 0) : 0, sure: this.sure.hidden() };
  }

  // Fetches the rows that are missing; again and again while the job goes on. One after another: an answer that
  // comes late would bring back the rows of an earlier version.
  poll() {
    clearTimeout(this.timer);
    this.polling = this.polling.then(() => this.pollOnce());
    return this.polling;
  }

  async pollOnce() {
    const id = this.job?.id;
    if (!id) return;
    clearTimeout(this.timer);
    try {
      const known = this.version === undefined ? "" : `&version=${this.version}`;
      const data = await this.api.get(`jobs/${id}/segments?from=${this.rows.length}${known}`, { signal: AbortSignal.timeout(LOST_MS) });
      if (this.job?.id !== id) return;
      this.tell("");
      this.pause = POLL_MS;
      const changed = data.segments.length > 0 || data.from < this.rows.length;
      if (data.from < this.rows.length) this.selected.clear(); // rows have other numbers now
      this.rows = [...this.rows.slice(0, data.from), ...data.segments];
      this.version = data.version;
      if (this.goesOn(data)) this.findPeople();
      if (changed) this.emit("rows");
      if (!this.goesOn(data)) return await this.finish();
    } catch (error) {
      if (this.job?.id !== id) return;
      if (error.status === 404) {
        this.close();
        return this.tell(this.t("deleted"));
      }
      this.tell(this.t("lost"));
      this.pause = Math.min(MAX_POLL_MS, this.pause * 2);
    }
    this.timer = setTimeout(() => this.poll(), this.pause);
  }

  goesOn({ state }) {
    return BUSY.includes(state);
  }

  // Shows what is known only at the end, with details that belong to the rows as they are.
  async finish(known) {
    const { id } = this.job;
    const mine = (this.finishing += 1);
    const details = known ?? (await this.attempt(() => this.api.get(`jobs/${id}${this.sure.query()}`)));
    if (!details || this.job?.id !== id || mine !== this.finishing) return;
    this.above.later();
    this.job = details;
    this.people = details.speakers; // before anybody draws: the last poll may have brought some
    this.stand();
    this.emit("details", details);
    this.emit("finished", details);
  }

  // Another name, or whether a recording is kept.
  async alter(id, values) {
    const altered = await this.attempt(() => this.api.patch(`jobs/${id}`, values));
    if (altered && this.job?.id === id) {
      this.job = { ...this.job, name: altered.name, keep: altered.keep, kept_hours: altered.kept_hours };
      this.stand();
      this.emit("rows");
    }
    this.list.refresh();
  }

  partial({ complete_until_ms: until }) {
    return until ? this.t("partialUntil", { time: clock(until) }) : this.t("partial");
  }

  // Changes something on the server, then shows the rows as they are now.
  async change(action) {
    const data = await this.attempt(action);
    if (!data) return null;
    await this.poll();
    this.above.change();
    return data;
  }

  async attempt(action) {
    try {
      const data = await action();
      this.tell("");
      return data;
    } catch (error) {
      if (error.status !== 409) this.tell(error.message);
      return null;
    }
  }

  tell(sentence) {
    this.problem.textContent = sentence;
    this.problem.hidden = !sentence;
  }

  audio() {
    return `${this.api.base}/jobs/${this.job.id}/audio`;
  }

  durationMs() {
    const last = this.rows[this.rows.length - 1];
    return Math.max(this.job?.duration_ms ?? 0, last ? last.end_ms : 0, 1);
  }

  // All rows that are being said: two people can speak at once, and one can go on after the other has ended.
  rowsAt(ms) {
    let low = 0;
    let high = this.rows.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.rows[middle].start_ms <= ms) low = middle + 1;
      else high = middle;
    }
    return this.rows.slice(Math.max(0, low - OVERLAPPING), low).filter((row) => ms < row.end_ms);
  }

  rowAt(ms) {
    return this.rowsAt(ms).at(-1) ?? null;
  }

  mark(ms) {
    const playing = this.rowsAt(ms);
    if (playing.length === this.playing.length && playing.every((row, number) => row.index === this.playing[number].index)) return;
    this.playing = playing;
    const row = playing.at(-1) ?? null;
    this.current = row ? row.index : -1;
    this.emit("playing", row);
  }

  play(ms) {
    this.player.seek(ms, true);
  }

  playRow(row) {
    this.play(row.start_ms);
  }

  select(row, chosen) {
    if (chosen) this.selected.add(row.index);
    else this.selected.delete(row.index);
    this.emit("selected");
  }

  step(by) {
    const from = this.current < 0 && by < 0 ? this.rows.length : this.current;
    const next = by > 0 ? this.shown.find((row) => row.index > from) : this.shown.findLast((row) => row.index < from);
    if (next) this.player.seek(next.start_ms, false);
  }

  describe(row) {
    const { language, emotion, events } = this.sure.seen(row);
    const tags = [language, emotion, ...events.map((event) => event.name)].filter((name) => this.label(name)).map((name) => this.label(name));
    return [clock(row.start_ms), this.who(row), ...tags, row.text.slice(0, 40)].filter(Boolean).join(" · ");
  }
}
