// What the workbench computes without a page: times, axis, filters, replacing, sorting.
import assert from "node:assert/strict";
import { test } from "node:test";
import { moved, pinched, tickMs, zoomed } from "../../sensevoice/ui/workbench/axis.js";
import { matches, sorted } from "../../sensevoice/ui/workbench/compare.js";
import { clock } from "../../sensevoice/ui/workbench/dom.js";
import { fits, placesOf, replaced, withNeighbours } from "../../sensevoice/ui/workbench/filter.js";
import { isLoud, levelOf } from "../../sensevoice/ui/workbench/quality.js";
import { grouped, pieces, takesOf } from "../../sensevoice/ui/workbench/search.js";
import { batchOf, progressOf } from "../../sensevoice/ui/workbench/jobs.js";
import { usualLanguage } from "../../sensevoice/ui/workbench/table.js";
import { binsOf } from "../../sensevoice/ui/workbench/timeline.js";
import { converter } from "../../sensevoice/ui/workbench/traditional.js";
import { isWanted } from "../../sensevoice/ui/workbench/text_above.js";
import { spoken, words } from "../../sensevoice/ui/workbench/i18n.js";
import { Link } from "../../sensevoice/ui/workbench/live/link.js";

test("times have one shape", () => {
  assert.deepEqual([0, 9_300, 61_000, 3_723_000].map(clock), ["0:00", "0:09", "1:01", "1:02:03"]);
});

test("lengths are told as people say them", () => {
  const zh = (ms) => spoken(words("zh"), ms);
  assert.deepEqual([200, 8_000, 185_000, 3_720_000].map(zh), ["1 秒", "8 秒", "3 分 5 秒", "1 小时 2 分"]);
  assert.equal(spoken(words("en"), 8_000), "8 s");
});

test("the axis is zoomed around a time that stays where it is", () => {
  const view = zoomed({ from: 0, to: 100_000 }, 100_000, 0.5, 80_000);
  assert.deepEqual(view, { from: 40_000, to: 90_000 });
  assert.equal((80_000 - view.from) / (view.to - view.from), 0.8);
});

test("it is never shorter than 5 s, longer than the whole, or beside it", () => {
  assert.deepEqual(zoomed({ from: 0, to: 6_000 }, 60_000, 0.1, 0), { from: 0, to: 5_000 });
  assert.deepEqual(zoomed({ from: 10_000, to: 20_000 }, 60_000, 100, 15_000), { from: 0, to: 60_000 });
  assert.deepEqual(zoomed({ from: 0, to: 3_000 }, 3_000, 0.5, 0), { from: 0, to: 3_000 });
  assert.deepEqual(moved({ from: -5_000, to: 5_000 }, 60_000), { from: 0, to: 10_000 });
  assert.deepEqual(moved({ from: 55_000, to: 65_000 }, 60_000), { from: 50_000, to: 60_000 });
});

test("two fingers take the times under them along", () => {
  const whole = 100_000;
  assert.deepEqual(pinched([20_000, 40_000], [100, 900], 1_000, whole), { from: 17_500, to: 42_500 });
  assert.deepEqual(pinched([40_000, 20_000], [900, 100], 1_000, whole), { from: 17_500, to: 42_500 });
  assert.deepEqual(pinched([20_000, 40_000], [500, 500], 1_000, whole), { from: 0, to: whole });
  assert.equal(pinched([20_000, 21_000], [0, 1_000], 1_000, whole).to - pinched([20_000, 21_000], [0, 1_000], 1_000, whole).from, 5_000);
  assert.deepEqual(pinched([20_000, 40_000], [900, 901], 1_000, whole), { from: 0, to: whole });
});

test("marks are about 90 px apart", () => {
  assert.equal(tickMs(22_000, 1_200), 2_000);
  assert.equal(tickMs(7_200_000, 1_200), 600_000);
  assert.equal(tickMs(5_000, 1_200), 1_000);
});

test("within a kind any of the chosen will do, across kinds all must", () => {
  const chosen = new Map([["emotion", new Set(["ANGRY", "SAD"])], ["language", new Set(["en"])], ["who", new Set()]]);
  const own = (emotion, language) => (kind) => (kind === "emotion" ? [emotion] : [language]);
  assert.equal(fits(chosen, own("SAD", "en")), true);
  assert.equal(fits(chosen, own("SAD", "zh")), false);
  assert.equal(fits(chosen, own("HAPPY", "en")), false);
});

test("what was found stands with the row before and after it, each row once", () => {
  const rows = [..."abcdefg"];
  assert.deepEqual(withNeighbours(rows, [0, 5]), ["a", "b", "e", "f", "g"]);
  assert.deepEqual(withNeighbours(rows, [2, 3]), ["b", "c", "d", "e"]);
  assert.deepEqual(withNeighbours(rows, []), []);
});

test("a bin of the map holds how much of it each tag takes", () => {
  const row = (start_ms, end_ms, emotion) => ({ start_ms, end_ms, emotion });
  const rows = [row(0, 1_500, "ANGRY"), row(1_500, 2_000, "SAD"), row(5_900, 9_000, "ANGRY")];
  const bins = binsOf(rows, (each) => [each.emotion], { from: 1_000, binMs: 1_000, count: 5 });
  assert.deepEqual(bins.map((bin) => Object.fromEntries(bin)), [{ ANGRY: 500, SAD: 500 }, {}, {}, {}, { ANGRY: 100 }]);
  assert.deepEqual(binsOf([], () => [], { from: 0, binMs: 1, count: 2 }).length, 2);
});

test("one language says nothing on each row, several do", () => {
  const rows = (...languages) => languages.map((language) => ({ kind: "speech", language }));
  assert.equal(usualLanguage(rows("zh", "zh", "zh", "zh", "en")), "zh");
  assert.equal(usualLanguage(rows("zh", "zh", "en")), "");
  assert.equal(usualLanguage([{ kind: "sound", language: "en" }, ...rows("zh", "")]), "zh");
  assert.equal(usualLanguage([]), "");
});

test("words are found in upper and lower case, and replaced as they are typed", () => {
  assert.deepEqual(placesOf("ABC abc", "b"), [1, 5]);
  assert.deepEqual(placesOf("aaaa", "aa"), [0, 2]);
  assert.deepEqual(placesOf("您好", ""), []);
  assert.equal(replaced("请问您是您吗", "您", "你"), "请问你是你吗");
  assert.equal(replaced("a.b", ".", "$&"), "a$&b");
});

const recording = (source, first_anger_ms, anger_count) => ({ source, first_anger_ms, anger_count, emotions: [], first_anger_text: "", duration_ms: 1, segments: 1 });

test("recordings are sorted by any column, those without anger last", () => {
  const rows = [recording("b", null, 0), recording("a", 5_000, 2), recording("c", 1_000, 9)];
  const order = (key, down) => sorted(rows, key, down).map((each) => each.source);
  assert.deepEqual(order("text_name", false), ["a", "b", "c"]);
  assert.deepEqual(order("firstAnger", false), ["c", "a", "b"]);
  assert.deepEqual(order("firstAnger", true), ["a", "c", "b"]);
  assert.deepEqual(order("angerCount", true), ["c", "a", "b"]);
});

test("recordings are found by name, by who speaks, by the angry sentence", () => {
  const row = { ...recording("Call 19.wav", 1_000, 1), first_anger_text: "这都第几天了？" };
  for (const words of ["", "call", "客服", "第几天"]) assert.equal(matches(row, words, true, ["客服"]), true);
  assert.equal(matches(row, "会议", false, ["客服"]), false);
  assert.equal(matches(recording("b", null, 0), "", true, []), false);
});

test("only parts in which there is something to hear may have been missed", () => {
  const peaks = Array.from({ length: 100 }, (_, at) => (at < 50 ? 200 : at < 60 ? 8 : at === 70 ? 200 : at < 80 ? 0 : 60));
  const loud = (start_s, end_s) => isLoud(peaks, levelOf(peaks), 10_000, { start_ms: start_s * 1000, end_ms: end_s * 1000 });
  assert.deepEqual([loud(0, 5), loud(5, 6), loud(6, 8), loud(8, 10)], [true, false, false, true]);
  assert.equal(isLoud([0, 0, 0], levelOf([0, 0, 0]), 3_000, { start_ms: 0, end_ms: 3_000 }), false);
});

test("a column for each rule is sorted as the others are", () => {
  const row = (id) => ({ id, source: id, emotions: [] });
  const rules = [{ id: "r", name: "急", recordings: { b: 3, c: 1 } }];
  assert.deepEqual(sorted(["a", "b", "c"].map(row), "rule:r", true, rules).map((each) => each.id), ["b", "c", "a"]);
});

test("rows that were found stand together where they follow each other in one recording", () => {
  const hits = [{ job: "a", row: 1 }, { job: "a", row: 2 }, { job: null, path: "/b", row: 3 }, { job: "a", row: 4 }];
  assert.deepEqual(grouped(hits).map((group) => [group.key, group.hits.length]), [["a", 2], ["/b", 1], ["a", 1]]);
});

test("what was found is cut from each job once, and not from files", () => {
  const hits = [{ job: "a", start_ms: 1, end_ms: 2 }, { job: "b", start_ms: 3, end_ms: 4 }, { job: null, path: "/c", start_ms: 5, end_ms: 6 }, { job: "a", start_ms: 7, end_ms: 8 }];
  assert.deepEqual(takesOf(hits), [
    { job: "a", spans: [{ start_ms: 1, end_ms: 2 }, { start_ms: 7, end_ms: 8 }] },
    { job: "b", spans: [{ start_ms: 3, end_ms: 4 }] },
  ]);
});

test("what was looked for is marked, once where words overlap", () => {
  assert.deepEqual(pieces("我要退款，退款！", ["退款"]), ["我要", "退款", "，", "退款", "！"]);
  assert.deepEqual(pieces("Refund", ["fun", "und"]), ["Re", "fun", "d"]);
  assert.deepEqual(pieces("好", []), ["好"]);
});

test("a text is the one that is wanted, or is asked for again", () => {
  const wanted = { job: "a", version: 2, sure: true };
  assert.equal(isWanted({ job: "a", version: 2, sure: true }, wanted), true);
  assert.equal(isWanted({ job: "a", version: 3, sure: true }, wanted), true); // changed elsewhere meanwhile
  assert.equal(isWanted({ job: "a", version: 1, sure: true }, wanted), false);
  assert.equal(isWanted({ job: "a", version: 2, sure: false }, wanted), false);
  assert.equal(isWanted({ job: "b", version: 9, sure: true }, wanted), false);
  assert.equal(isWanted({ job: "", version: 0, sure: false }, { job: "", version: 0, sure: true }), true);
});

test("sentences of the server's are told in traditional characters, with what they were filled with", () => {
  const convert = converter({ "质量": "品質", "“{name}”里没有音轨。": "“{name}”裡沒有音軌。", "{n} 段": "{n} 個" });
  assert.equal(convert("质量"), "品質");
  assert.equal(convert("“会议.mp4”里没有音轨。"), "“会议.mp4”裡沒有音軌。");
  assert.equal(convert("别的话"), "别的话");
  assert.equal(convert("3 段"), "3 段"); // too little to know it by
});

test("what is under way together has one progress, until nothing is", () => {
  const job = (id, state, fraction = null) => ({ id, state, fraction });
  let batch = batchOf(new Set(), [job("old", "done"), job("a", "running", 0.5), job("b", "queued")]);
  assert.deepEqual([...batch], ["a", "b"]);
  const listed = [job("old", "done"), job("a", "done"), job("b", "running", 0.5), job("c", "queued")];
  batch = batchOf(batch, listed);
  assert.deepEqual(progressOf(batch, listed), { n: 1, m: 3, fraction: 0.5 });
  assert.deepEqual([...batchOf(batch, listed.filter((each) => each.id !== "a"))], ["b", "c"]); // deleted meanwhile
  assert.equal(batchOf(batch, listed.map((each) => job(each.id, "done"))).size, 0);
});

// A connection of a live recording, which the test opens, answers and breaks.
class Wire {
  static all = [];
  constructor() {
    this.sent = [];
    this.bufferedAmount = 0;
    Wire.all.push(this);
  }
  send(data) {
    this.sent.push(typeof data === "string" ? JSON.parse(data) : new DataView(data).getUint32(0, true));
  }
  close() {}
  hear(message) {
    this.onmessage({ data: JSON.stringify(message) });
  }
  open(next, session = "s") {
    this.onopen();
    this.hear({ type: "ready", session, next });
  }
}

function liveLink(t, hello = { type: "start" }) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  Wire.all = [];
  const told = [];
  const on = Object.fromEntries(["ready", "lost", "line", "ended", "failed", "trouble"].map((name) => [name, (value) => told.push([name, value])]));
  const link = new Link("ws://x/live", hello, on, Wire);
  const frames = (count) => Array.from({ length: count }).forEach(() => link.push(new Int16Array(1600)));
  const last = () => Wire.all.at(-1);
  const again = () => {
    last().onclose({ code: 1006 });
    t.mock.timers.tick(300);
    return last();
  };
  return { link, told, frames, last, again, tick: (ms) => t.mock.timers.tick(ms) };
}

test("what was not acknowledged is sent again after a broken line, and nothing twice without need", (t) => {
  const { link, frames, last, again } = liveLink(t);
  frames(2);
  last().open(0);
  frames(3);
  assert.deepEqual(last().sent, [{ type: "start" }, 0, 1, 2, 3, 4]);
  last().hear({ type: "state", next: 3 });
  const second = again();
  frames(1);
  second.open(4);
  assert.deepEqual(second.sent, [{ type: "resume", session: "s" }, 4, 5]);
  second.hear({ type: "resend", next: 5 });
  assert.deepEqual(second.sent.slice(-1), [5]);
  assert.equal(link.behind, 0.1);
});

test("the last part is sent when all before it is, and again after a broken line", (t) => {
  const { link, told, frames, last, again } = liveLink(t);
  last().open(0);
  frames(1);
  link.stop(new Int16Array([1, -2]));
  const stop = { type: "stop", frames: 1, tail: "AQD+/w==" };
  assert.deepEqual(last().sent.slice(-2), [0, stop]);
  const second = again();
  second.open(0);
  assert.deepEqual(second.sent.slice(-2), [0, stop]);
  second.hear({ type: "ended", job: "s" });
  assert.deepEqual(told.at(-1), ["ended", "s"]);
});

test("after twenty minutes without a line the oldest go, and become silence at their place", (t) => {
  const { told, frames, last } = liveLink(t);
  frames(12_002);
  last().open(0);
  assert.deepEqual(last().sent.slice(0, 3), [{ type: "start" }, { type: "lost", first: 0, end: 2 }, 2]);
  assert.equal(told.filter(([name]) => name === "lost").length, 2);
});

test("a page that was reloaded goes on with new frames where the server is", (t) => {
  const { frames, last } = liveLink(t, { type: "resume", session: "s" });
  frames(1);
  last().open(40);
  frames(1);
  assert.deepEqual(last().sent, [{ type: "resume", session: "s" }, 40, 41]);
});

test("who has begun waits for a place", (t) => {
  const { told, last, again, tick } = liveLink(t);
  last().open(0);
  const second = again();
  second.onopen();
  second.hear({ type: "error", code: "live_busy", fatal: true });
  second.onclose({ code: 4000 });
  assert.equal(told.at(-1)[0], "line");
  tick(5000);
  assert.notEqual(last(), second);
});

test("who has not begun is told that there is none", (t) => {
  const { told, last } = liveLink(t);
  last().onopen();
  last().hear({ type: "error", code: "live_busy", fatal: true });
  assert.equal(told.at(-1)[0], "failed");
});

test("a line that is silent is given up, and another page may take over", (t) => {
  const { told, frames, last, tick } = liveLink(t);
  last().open(0);
  frames(1);
  const first = last();
  tick(12_000);
  tick(300);
  assert.notEqual(last(), first);
  last().onclose({ code: 4001 });
  assert.deepEqual(told.at(-1), ["failed", { code: "takenOver" }]);
});
