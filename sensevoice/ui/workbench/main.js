// The workbench below the page: one job to work through, and the list of all of them.
import { again } from "./retranscribe.js";
import { client } from "./api.js";
import { editor } from "./edit.js";
import { button, clock, make } from "./dom.js";
import { filter } from "./filter.js";
import { BUSY, jobs } from "./jobs.js";
import { charts, coverage, exporter, highlights } from "./panels.js";
import { player } from "./player.js";
import { ribbon } from "./timeline.js";
import { speakers } from "./speakers.js";
import { several } from "./compare.js";
import { table } from "./table.js";
import { words } from "./i18n.js";

const POLL_MS = 1000;
const MAX_POLL_MS = 10000;
const OVERLAPPING = 100; // rows that began last, among which those lie that have not ended

export async function mount(element, { base, reader }) {
  document.head.append(make("link", { rel: "stylesheet", href: `${base}/static/workbench.css` }));
  const app = new Bench(client(base, reader), reader);
  const data = await app.api.get("labels").catch(() => null);
  if (!data) return;
  app.learn(data);
  app.build(element);
  window.svWorkbench = { open: (id) => app.open(id), refresh: () => app.list.refresh() };
  window.addEventListener("sv-open", ({ detail }) => app.open(detail.id));
  window.addEventListener("popstate", () => app.openAddress());
  app.list.refresh();
  app.openAddress();
}

const addressed = () => new URL(window.location.href).searchParams.get("job");

class Bench {
  constructor(api, reader) {
    Object.assign(this, { api, reader, t: words(reader), job: null, rows: [], people: [], shown: [], playing: [], version: 0, current: -1, threshold: 0.5, selected: new Set() });
    this.listeners = new Map();
    this.timer = 0;
    this.pause = POLL_MS;
  }

  learn({ labels, kinds, formats, views, traditional }) {
    Object.assign(this, { names: labels[this.reader], kinds, formats, views, traditional });
    this.kind = new Map(Object.entries(kinds).flatMap(([kind, names]) => names.map((name) => [name, kind])));
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
    return person.name || this.channelName(person.channel) || this.t("person", { n: id.slice(1) });
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
    this.listeners.set(event, [...(this.listeners.get(event) ?? []), listener]);
  }

  emit(event, value) {
    for (const listener of this.listeners.get(event) ?? []) listener(value);
  }

  build(element) {
    this.problem = make("p", { className: "svw-problem", role: "alert", hidden: true });
    this.title = make("h2", { className: "svw-title" });
    this.player = player(this);
    const chips = filter(this);
    const undo = button(this.t("undo"), () => this.change(() => this.api.post(`jobs/${this.job.id}/undo`)));
    const rows = make("div", {}, chips.element, table(this, editor(this)).element, make("div", { className: "svw-row" }, undo), again(this).element);
    const tabs = this.tabs({
      segments: rows,
      highlights: highlights(this).element,
      charts: charts(this).element,
      speakers: speakers(this).element,
      coverage: coverage(this).element,
      exports: exporter(this, chips.active).element,
    });
    this.desk = make("section", { className: "svw-desk", hidden: true }, this.title, this.player.element, ribbon(this).element, tabs);
    this.list = jobs(this);
    element.classList.add("svw");
    element.replaceChildren(this.problem, this.desk, this.list.element, several(this).element);
    this.on("time", (ms) => this.mark(ms));
    this.desk.addEventListener("keydown", (event) => this.key(event));
  }

  tabs(panels) {
    const names = Object.keys(panels);
    const bar = make("div", { className: "svw-tabs", role: "tablist" });
    const choose = (chosen) => {
      names.forEach((name, number) => {
        panels[name].hidden = name !== chosen;
        bar.children[number].setAttribute("aria-selected", String(name === chosen));
      });
    };
    for (const name of names) {
      Object.assign(panels[name], { id: `svw-${name}`, className: `${panels[name].className} svw-panel` });
      panels[name].setAttribute("role", "tabpanel");
      panels[name].setAttribute("aria-label", this.t(name));
      bar.append(button(this.t(name), () => choose(name), { className: "svw-tab", role: "tab", "aria-controls": `svw-${name}` }));
    }
    choose(names[0]);
    return make("div", {}, bar, ...Object.values(panels));
  }

  async open(id) {
    if (this.wanted === id) return; // the page and its address both name the job
    this.wanted = id;
    clearTimeout(this.timer);
    const found = await this.attempt(() => Promise.all([this.api.get(`jobs/${id}`), this.api.get(`jobs/${id}/segments?from=0`)]));
    if (this.wanted !== id) return;
    if (!found) return void (this.wanted = this.job?.id);
    const [job, data] = found;
    this.leaving?.abort();
    this.leaving = new AbortController(); // ends the requests that only this recording needed
    Object.assign(this, { job, rows: data.segments, people: job.speakers, shown: [], playing: [], version: data.version, current: -1 });
    this.selected.clear();
    this.setAddress(id);
    this.announce();
    this.title.textContent = job.name;
    this.desk.hidden = false;
    this.emit("job", job);
    this.emit("rows");
    if (this.goesOn(data)) this.timer = setTimeout(() => this.poll(), this.pause);
    else await this.finish(job.version === data.version ? job : undefined);
  }

  close() {
    clearTimeout(this.timer);
    this.leaving?.abort();
    this.job = this.wanted = null;
    this.desk.hidden = true;
    this.player.stop();
    this.setAddress(null);
    this.announce();
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

  // The text, the copy and the downloads above are of the same recording, corrections included.
  announce(version = "") {
    const box = document.querySelector("#sv-opened textarea, #sv-opened input");
    const id = this.job?.id ?? "";
    const above = document.querySelector("#sv-job [data-job]")?.dataset.job ?? "";
    if (!box || (above === id && version === "")) return;
    box.value = `${id} ${version}`;
    box.dispatchEvent(new Event("input", { bubbles: true }));
  }

  // Fetches the rows that are missing; again and again while the job goes on.
  async poll() {
    const id = this.job?.id;
    if (!id) return;
    try {
      const known = this.version === undefined ? "" : `&version=${this.version}`;
      const data = await this.api.get(`jobs/${id}/segments?from=${this.rows.length}${known}`);
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
    const details = known ?? (await this.attempt(() => this.api.get(`jobs/${this.job.id}`)));
    if (!details) return;
    this.job = details;
    this.title.textContent = details.name + (details.partial ? ` (${this.partial(details)})` : "");
    this.emit("details", details);
    this.emit("finished", details);
  }

  partial({ complete_until_ms: until }) {
    return until ? this.t("partialUntil", { time: clock(until) }) : this.t("partial");
  }

  // Changes something on the server, then shows the rows as they are now.
  async change(action) {
    const data = await this.attempt(action);
    if (!data) return null;
    await this.poll();
    this.announce(this.version);
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

  download(name, title = name) {
    const format = this.formats.find((each) => each.name === name);
    const link = make("a", { className: "svw-button", href: "#", title }, format ? format.extension.slice(1) : name);
    link.addEventListener("click", () => {
      const query = this.exportQuery();
      query.set("format", name);
      link.href = `${this.api.base}/jobs/${this.job.id}/export?${query}`;
    });
    return link;
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
    const place = this.shown.findIndex((row) => row.index === this.current);
    const next = this.shown[place < 0 ? (by > 0 ? 0 : this.shown.length - 1) : place + by];
    if (next) this.playRow(next);
  }

  // The model's own score of a tag: what it is, and which tag came second.
  scoreOf(row, name) {
    return row.scores.find((score) => score.name === name);
  }

  scoreLine(row, name) {
    const own = this.scoreOf(row, name);
    if (!own) return this.label(name);
    const other = row.scores.find((score) => score.kind === own.kind && score.name !== name);
    const second = other ? this.t("second", { name: this.label(other.name) || other.name, n: other.score.toFixed(2) }) : "";
    return `${this.label(name)} · ${this.t("score", { n: own.score.toFixed(2) })}${second}`;
  }

  isUnsure(row, name) {
    const own = this.scoreOf(row, name);
    return own !== undefined && own.score < this.threshold;
  }

  describe(row) {
    const tags = [row.language, row.emotion, ...row.events.map((event) => event.name)]
      .filter((name) => this.label(name))
      .map((name) => this.label(name) + (this.scoreOf(row, name) ? ` ${this.scoreOf(row, name).score.toFixed(2)}` : ""));
    return [clock(row.start_ms), this.who(row), ...tags, row.text.slice(0, 40)].filter(Boolean).join(" · ");
  }

  key(event) {
    if (event.target.closest("input, textarea, select, audio, button, a")) return;
    const action = { " ": () => this.player.toggle(), ArrowDown: () => this.step(1), ArrowUp: () => this.step(-1) }[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  }
}
