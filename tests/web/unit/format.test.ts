import assert from "node:assert/strict";
import { test } from "node:test";
import { duration, exact, percent, short, withUnit } from "page/format.ts";

test("three digits, powers of 1000", () => {
  for (const [value, is] of [[0, "0"], [1, "1"], [999, "999"], [999.6, "1.00 k"], [1000, "1.00 k"], [12345, "12.3 k"], [999499, "999 k"], [999500, "1.00 M"], [1.234e9, "1.23 G"], [-1500, "−1.50 k"], [0.5, "0.50"], [NaN, "–"]] as const) assert.equal(short(value), is);
  assert.equal(withUnit(1.5e9, "bit/s"), "1.50 Gbit/s");
  assert.equal(withUnit(4.8e12, "bytes"), "4.80 TB");
  assert.equal(withUnit(12, "packet/s"), "12 packet/s");
  assert.equal(exact(1234567), "1 234 567");
});

test("shares and durations", () => {
  for (const [value, is] of [[0, "0 %"], [1, "100 %"], [0.413, "41 %"], [0.0555, "5.5 %"], [0.004, "0.40 %"], [0.00001, "<0.01 %"]] as const) assert.equal(percent(value), is);
  for (const [value, is] of [[0.084, "84 ms"], [3, "3 s"], [60, "1 min"], [5400, "1.5 h"], [172800, "2 d"]] as const) assert.equal(duration(value), is);
});
