// The whole state of the page, and its readable form in the address bar. Names are API: links of today open for ever
// (tests/web/urls.txt). What stands at its default is left out; `v` is raised only with a translator.
import { LIMITS, RANKS, UNITS } from "./words.ts";

export const VERSION = 1;

export const GRAPHS = ["stacked", "lines", "grid", "share"] as const;
export const VIEWS = ["summary", "flows"] as const;
export const BEFORE = ["", "period", "day", "week"] as const;

export type Graph = (typeof GRAPHS)[number];
export type Unit = (typeof UNITS)[number];
export type Rank = (typeof RANKS)[number];
export type View = (typeof VIEWS)[number];
export type Before = (typeof BEFORE)[number];

export interface State {
  filter: string;
  from: string; // "now-6h", or UTC: "2026-11-29T10:00:00Z"
  to: string;
  zone: string; // "" is the browser's, else an IANA name
  by: readonly string[];
  unit: Unit;
  graph: Graph;
  rank: Rank;
  limit: number;
  bothWays: boolean;
  before: Before;
  log: boolean;
  exporters: readonly string[];
  view: View;
  columns: string; // "line", "long", "extended", or names with commas
  aggregate: readonly string[]; // flow list put together by these
  order: string;
  ascending: boolean;
  rows: number;
  refresh: number; // seconds, 0 never
}

export const DEFAULTS: State = {
  filter: "", from: "now-6h", to: "now", zone: "", by: ["proto"], unit: "bits", graph: "stacked", rank: "mean", limit: 10,
  bothWays: false, before: "", log: false, exporters: [], view: "summary", columns: "line", aggregate: [], order: "",
  ascending: false, rows: 100, refresh: 0,
};

const one = <T extends string>(all: readonly T[], fallback: T) => ({
  read: (text: string): T => (all.includes(text as T) ? (text as T) : fallback),
  write: (value: T): string => value,
});
const text = { read: (t: string) => t, write: (v: string) => v };
const list = { read: (t: string): readonly string[] => t.split(",").filter(Boolean), write: (v: readonly string[]) => v.join(",") };
const flag = { read: (t: string) => t === "1", write: (v: boolean) => (v ? "1" : "0") };
const count = (least: number, most: number, fallback: number) => ({
  read: (t: string) => (/^\d+$/.test(t) ? Math.min(most, Math.max(least, Number(t))) : fallback),
  write: (v: number) => String(v),
});

type Codec<T> = { read: (text: string) => T; write: (value: T) => string };
/** In the order in which they stand in a link. */
const PARAMETERS: { [K in keyof State]: [name: string, codec: Codec<State[K]>] } = {
  filter: ["f", text],
  by: ["by", list],
  unit: ["u", one(UNITS, DEFAULTS.unit)],
  graph: ["g", one(GRAPHS, DEFAULTS.graph)],
  limit: ["n", count(1, LIMITS.series, DEFAULTS.limit)],
  rank: ["r", one(RANKS, DEFAULTS.rank)],
  bothWays: ["both", flag],
  before: ["before", one(BEFORE, DEFAULTS.before)],
  log: ["log", flag],
  exporters: ["exp", list],
  from: ["from", text],
  to: ["to", text],
  zone: ["tz", text],
  view: ["view", one(VIEWS, DEFAULTS.view)],
  columns: ["cols", text],
  aggregate: ["agg", list],
  order: ["order", text],
  ascending: ["asc", flag],
  rows: ["rows", count(1, 1_000_000, DEFAULTS.rows)],
  refresh: ["every", count(0, 3600, DEFAULTS.refresh)],
};
const KEYS = Object.keys(PARAMETERS) as (keyof State)[];

function read<K extends keyof State>(state: State, key: K, given: URLSearchParams) {
  const [name, codec] = PARAMETERS[key];
  const value = given.get(name);
  if (value !== null) state[key] = codec.read(value);
}

function write<K extends keyof State>(state: State, key: K): [string, string] | undefined {
  const [name, codec] = PARAMETERS[key];
  const value = codec.write(state[key]);
  return value === codec.write(DEFAULTS[key]) ? undefined : [name, value];
}

export interface Parsed {
  state: State;
  unknown: string[]; // parameters that nobody knows: told, not silently dropped
}

export function parse(search: string): Parsed {
  const given = new URLSearchParams(search);
  const state = { ...DEFAULTS };
  for (const key of KEYS) read(state, key, given);
  const names = new Set(["v", ...KEYS.map((k) => PARAMETERS[k][0])]);
  const unknown = [...given.keys()].filter((name) => !names.has(name));
  const version = given.get("v");
  if (version !== null && version !== String(VERSION)) unknown.unshift(`v=${version}`);
  return { state, unknown };
}

/** What may stand unescaped in a query stays readable. */
const readable = (value: string) =>
  encodeURIComponent(value).replace(/%20/g, "+").replace(/%(2F|3A|2C|40|3F|24|3B|28|29|21|2A|27|5B|5D)/g, (c) => decodeURIComponent(c));

export function format(state: State): string {
  const parts = KEYS.map((key) => write(state, key)).filter((part) => part !== undefined);
  return "?" + [["v", String(VERSION)], ...parts].map(([name, value]) => `${name}=${readable(value ?? "")}`).join("&");
}
