// What the workbench computes without a page: times, axis, filters, replacing, sorting.
import assert from "node:assert/strict";
import { test } from "node:test";
import { moved, tickMs, zoomed } from "../../sensevoice/ui/workbench/axis.js";
import { sorted } from "../../sensevoice/ui/workbench/compare.js";
import { clock } from "../../sensevoice/ui/workbench/dom.js";
import { fits, placesOf, replaced } from "../../sensevoice/ui/workbench/filter.js";
import { isLoud, levelOf } from "../../sensevoice/ui/workbench/panels.js";
import { grouped, pieces } from "../../sensevoice/ui/workbench/search.js";
import { spoken, words } from "../../sensevoice/ui/workbench/i18n.js";

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

test("words are found in upper and lower case, and replaced as they are typed", () => {
  assert.deepEqual(placesOf("ABC abc", "b"), [1, 5]);
  assert.deepEqual(placesOf("aaaa", "aa"), [0, 2]);
  assert.deepEqual(placesOf("您好", ""), []);
  assert.equal(replaced("请问您是您吗", "您", "你"), "请问你是你吗");
  assert.equal(replaced("a.b", ".", "$&"), "a$&b");
});

test("recordings are sorted by any column, those without anger last", () => {
  const row = (source, first_anger_ms, anger_count) => ({ source, first_anger_ms, anger_count, emotions: [], duration_ms: 1, segments: 1 });
  const rows = [row("b", null, 0), row("a", 5_000, 2), row("c", 1_000, 9)];
  assert.deepEqual(sorted(rows, 0, false).map((each) => each.source), ["a", "b", "c"]);
  assert.deepEqual(sorted(rows, 3, false).map((each) => each.source), ["c", "a", "b"]);
  assert.deepEqual(sorted(rows, 4, true).map((each) => each.source), ["c", "a", "b"]);
});

test("only parts in which there is something to hear may have been missed", () => {
  const peaks = Array.from({ length: 100 }, (_, at) => (at < 50 ? 200 : at < 60 ? 8 : at === 70 ? 200 : at < 80 ? 0 : 60));
  const loud = (start_s, end_s) => isLoud(peaks, levelOf(peaks), 10_000, { start_ms: start_s * 1000, end_ms: end_s * 1000 });
  assert.deepEqual([loud(0, 5), loud(5, 6), loud(6, 8), loud(8, 10)], [true, false, false, true]);
  assert.equal(isLoud([0, 0, 0], levelOf([0, 0, 0]), 3_000, { start_ms: 0, end_ms: 3_000 }), false);
});

test("a column for each rule is sorted as the others are", () => {
  const row = (id) => ({ id, source: id, emotions: [] });
  const rules = [{ name: "急", recordings: { b: 3, c: 1 } }];
  assert.deepEqual(sorted(["a", "b", "c"].map(row), 6, true, rules).map((each) => each.id), ["b", "c", "a"]);
});

test("rows that were found stand together where they follow each other in one recording", () => {
  const hits = [{ job: "a", row: 1 }, { job: "a", row: 2 }, { job: null, path: "/b", row: 3 }, { job: "a", row: 4 }];
  assert.deepEqual(grouped(hits).map((group) => [group.key, group.hits.length]), [["a", 2], ["/b", 1], ["a", 1]]);
});

test("what was looked for is marked, once where words overlap", () => {
  assert.deepEqual(pieces("我要退款，退款！", ["退款"]), ["我要", "退款", "，", "退款", "！"]);
  assert.deepEqual(pieces("Refund", ["fun", "und"]), ["Re", "fun", "d"]);
  assert.deepEqual(pieces("好", []), ["好"]);
});
