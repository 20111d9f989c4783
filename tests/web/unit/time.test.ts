import assert from "node:assert/strict";
import { test } from "node:test";
import { around, fromWall, full, moved, offsetName, resolve, shown, ticks, typed, utc, validZone } from "page/time.ts";

const NOW = Date.parse("2026-11-29T08:30:00Z") / 1000;
const ZURICH = "Europe/Zurich", KATHMANDU = "Asia/Kathmandu";

test("times as people type them", () => {
  for (const [text, zone, is] of [
    ["now", ZURICH, "now"], ["now-6h", ZURICH, "now-6h"], [" NOW-2d ", ZURICH, "now-2d"], ["6 hours ago", ZURICH, "now-6h"], ["30 min", ZURICH, "now-30m"],
    ["today", ZURICH, "2026-11-28T23:00:00Z"], ["yesterday", ZURICH, "2026-11-27T23:00:00Z"], ["today", "UTC", "2026-11-29T00:00:00Z"],
    ["2026-11-27 14:00", ZURICH, "2026-11-27T13:00:00Z"], ["2026-11-27 14:00", KATHMANDU, "2026-11-27T08:15:00Z"], ["2026/11/27.14:00", "UTC", "2026-11-27T14:00:00Z"],
    ["2026/11/27.14:00:05", "UTC", "2026-11-27T14:00:05Z"], ["2026-07-01", ZURICH, "2026-06-30T22:00:00Z"], ["14:00", ZURICH, "2026-11-29T13:00:00Z"],
    ["2026-11-27T14:00:00+02:00", ZURICH, "2026-11-27T12:00:00Z"],
  ] as const) assert.equal(typed(text, zone, NOW), is, `${text} in ${zone}`);
  for (const text of ["", "soon", "now-", "now-6x", "2026-13-01", "25:00", "2026-11-27 14:99", "<b>"]) assert.equal(typed(text, ZURICH, NOW), undefined, text);
});

test("a time in a link is what it is for the server", () => {
  for (const [text, is] of [
    ["2026-11-29T10:00:00Z", "2026-11-29T10:00:00Z"], ["2026-11-29T10:00:00", "2026-11-29T10:00:00Z"], ["2026-11-29 10:00:05", "2026-11-29T10:00:05Z"],
    ["2026-11-29 10:00", "2026-11-29T10:00:00Z"], ["2026-11-29T10:00Z", "2026-11-29T10:00:00Z"], ["2026-11-29", "2026-11-29T00:00:00Z"], ["1795946400", "2026-11-29T10:00:00Z"],
    ["2026", "1970-01-01T00:33:46Z"], ["now-1h", "2026-11-29T07:30:00Z"],
  ] as const) {
    const at = resolve(text, NOW);
    assert.equal(at === undefined ? at : utc(at), is, text);
    if (!text.startsWith("now")) assert.equal(shown(text, KATHMANDU), full(at ?? 0, KATHMANDU), text);
  }
  for (const text of ["", "soon", "11/29/2026", "Nov 29 2026", "12345678901", "2026-13-01", "2026-11-29T25:00:00Z", "-5"]) {
    assert.equal(resolve(text, NOW), undefined, text);
    assert.equal(shown(text, KATHMANDU), text);
  }
});

test("a wall clock's time over a change of the clock", () => {
  const at = (hour: number, day: number, month: number) => utc(fromWall({ year: 2026, month, day, hour, minute: 30, second: 0 }, ZURICH));
  assert.equal(at(1, 29, 3), "2026-03-29T00:30:00Z");
  assert.equal(at(3, 29, 3), "2026-03-29T01:30:00Z");
  assert.equal(at(12, 25, 10), "2026-10-25T11:30:00Z");
  assert.equal(offsetName(NOW, KATHMANDU), "UTC+5:45");
  assert.equal(offsetName(NOW, "America/St_Johns"), "UTC−3:30");
  assert.equal(offsetName(NOW, "UTC"), "UTC");
  assert.equal(full(NOW, KATHMANDU), "2026-11-29 14:15");
  assert.equal(validZone("Europe/Nowhere"), false);
});

test("ticks are round in the zone, and go over the change of the clock", () => {
  const labels = (from: string, to: string, zone: string, most: number) => ticks(Date.parse(from) / 1000, Date.parse(to) / 1000, zone, most).map((t) => t.label);
  assert.deepEqual(labels("2026-11-29T00:00:00Z", "2026-11-29T12:00:00Z", KATHMANDU, 3), ["08:00", "12:00", "16:00"]);
  assert.deepEqual(labels("2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z", ZURICH, 8), ["03-29", "03:00", "06:00", "09:00", "12:00", "15:00", "18:00", "21:00", "03-30"]);
  assert.deepEqual(labels("2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z", ZURICH, 5), ["10-25", "06:00", "12:00", "18:00", "10-26"]);
  for (const span of [60, 3600, 86400, 86400 * 30, 86400 * 400]) {
    const got = ticks(NOW - span, NOW, ZURICH, 10);
    assert.ok(got.length >= 1 && got.length <= 11, `${span}: ${got.length}`);
    assert.deepEqual(got.map((t) => t.at), [...new Set(got.map((t) => t.at))].sort((a, b) => a - b));
  }
});

test("no range is moved past now", () => {
  const hour = { from: NOW - 3600, to: NOW };
  assert.equal(moved(hour, 1800, NOW + 0.7), undefined, "it ends now");
  assert.deepEqual(moved(hour, -1800, NOW), { from: NOW - 5400, to: NOW - 1800 });
  assert.deepEqual(moved({ from: NOW - 5400, to: NOW - 1800 }, 1800, NOW), hour);
  assert.deepEqual(moved({ from: NOW - 4500, to: NOW - 900 }, 1800, NOW + 0.7), hour, "as far as there is something");
  assert.equal(moved({ from: NOW, to: NOW + 600 }, 300, NOW), undefined, "a link may name the future");
  assert.deepEqual(around(NOW - 1000, 120, NOW), { from: NOW - 1120, to: NOW - 880 });
  assert.deepEqual(around(NOW - 20, 120, NOW), { from: NOW - 240, to: NOW }, "as long, and not of the future");
});
