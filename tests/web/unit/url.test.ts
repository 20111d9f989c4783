import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { DEFAULTS, format, parse, type State } from "page/url.ts";

const links = readFileSync(process.env["PAGE_TESTS"] + "/urls.txt", "utf8").split("\n").filter((l) => l && !l.startsWith("#"));

test("links of every day open, and are written as they were", () => {
  assert.ok(links.length > 5);
  for (const line of links) {
    const [link = "", today = link] = line.split(" -> ");
    const { state, unknown } = parse(link.split("?")[1] ?? "");
    assert.deepEqual(unknown, [], line);
    assert.equal("/explore" + format(state), today, line);
  }
});

test("every part of the state survives the link", () => {
  const other: State = {
    filter: 'a "b" & c=d + %20 #x ü', from: "now-2d", to: "2026-11-29T00:00:00Z", zone: "Asia/Kathmandu", by: ["src_as", "dst_addr/24"], unit: "flows", graph: "grid",
    rank: "last", limit: 33, bothWays: true, before: "day", log: true, exporters: ["192.0.2.1"], view: "flows", columns: "src_addr,bytes", aggregate: ["proto"],
    order: "bytes", ascending: true, rows: 77, refresh: 60,
  };
  assert.deepEqual(Object.keys(other).sort(), Object.keys(DEFAULTS).sort());
  for (const key of Object.keys(other) as (keyof State)[]) assert.notDeepEqual(other[key], DEFAULTS[key], key);
  assert.deepEqual(parse(format(other)).state, other);
});

test("nothing of a link is believed blindly", () => {
  const { state, unknown } = parse("v=2&u=furlongs&g=<b>&n=99999&rows=-1&every=x&nope=1");
  assert.deepEqual([state.unit, state.graph, state.limit, state.rows, state.refresh], ["bits", "stacked", 50, 100, 0]);
  assert.deepEqual(unknown, ["v=2", "nope"]);
});
