// From the server's series to what is drawn and listed: names, colours, signs, panels.
import { computed } from "@preact/signals";
import type { Cell, Series } from "./api.ts";
import { graph, rateUnit } from "./run.ts";
import { hidden, state } from "./state.ts";

export const PALETTE = 10; // --s0 ... --s9 of the style

export interface Entry {
  id: string; // of its key; both directions and times share it
  label: string;
  cells: Cell[];
  kind: Series["kind"];
  colour: string; // name of a custom property
  dash?: number[];
  series: Series;
  reverse?: Series | undefined;
  before?: Series | undefined;
  error?: number; // half width of the band of sampling over the whole range, as a share
  few: boolean; // fewer than 30 sampled packets in most points
}

const idOf = (s: Series) => (s.kind === "key" ? (s.key ?? []).map((c) => c.value).join("\u0000") : `\u0001${s.kind}`);

export const isAddress = (text: string): boolean => /^[\da-f]*[:.][\da-f:.]*(\/\d+)?$/i.test(text);
export const labelOf = (cells: Cell[]): string => cells.map((c) => (isAddress(c.value) ? c.value : c.name || c.value || "–")).join(" · ");

/** Half of the 95 % band as a share, of as many sampled packets. */
export const samplingError = (count: number): number => 1.96 / Math.sqrt(Math.max(1, count));

function few(s: Series): boolean {
  if (!s.sampled) return false;
  const counts = s.sampled.filter((c): c is number => c !== null && c > 0);
  return counts.length > 0 && counts.filter((c) => c < 30).length * 2 > counts.length;
}

/** Ranked keys, then Other, then the total; as the summary lists them. */
export const entries = computed<Entry[]>(() => {
  const all = graph.value.content;
  const find = (id: string, direction: string, when: string) => all.find((s) => s.direction === direction && s.when === when && idOf(s) === id);
  let number = 0;
  const listed = all.filter((s) => s.direction === "forward" && s.when === "now");
  const alone = listed.every((s) => s.kind !== "key");
  return listed.map((series) => {
    const id = idOf(series);
    const at = series.kind === "key" ? number++ : -1;
    const counts = series.sampled?.reduce<number>((sum, c) => sum + (c ?? 0), 0);
    const dash = at >= PALETTE ? { dash: at >= 2 * PALETTE ? [2, 3] : [6, 3] } : {};
    return {
      id, series, kind: series.kind, cells: series.key ?? [], ...dash,
      label: series.kind === "other" ? (series.keys ? `Other (${series.keys})` : "Other") : series.kind === "total" ? (alone ? "All traffic" : "TOTAL") : labelOf(series.key ?? []),
      colour: series.kind === "other" ? "--other" : series.kind === "total" ? (alone ? "--s0" : "--total") : `--s${at % PALETTE}`,
      reverse: find(id, "reverse", "now"),
      before: find(id, "forward", "before"),
      ...(counts ? { error: samplingError(counts) } : {}),
      few: few(series),
    };
  });
});

export const isHidden = (entry: Entry): boolean => hidden.value.has(entry.id);
/** What is drawn: without keys there is the total alone, else the total is the sum that is seen. */
export const drawn = computed<Entry[]>(() => {
  const all = entries.value;
  const keys = all.filter((e) => e.kind !== "total");
  return (keys.length ? keys : all).filter((e) => !isHidden(e));
});
export const total = computed(() => entries.value.find((e) => e.kind === "total"));

/** The highest slot of what is drawn, as its time; for the key `p`. */
export function peak(): number | undefined {
  const plan = graph.value.plan;
  const series = total.value?.series;
  if (!plan || !series) return undefined;
  let best = -1;
  series.values.forEach((v, i) => {
    if (v !== null && (best < 0 || v > (series.values[best] ?? 0))) best = i;
  });
  return best < 0 ? undefined : plan.from + (best + 0.5) * plan.step;
}

/** The graph in a sentence, for who cannot see it. */
export const inWords = computed(() => {
  const all = total.value;
  if (!all) return "No data.";
  const by = state.value.by.join(", ");
  const first = entries.value.find((e) => e.kind === "key");
  return `Traffic in ${rateUnit.value}${by ? ` by ${by}` : ""}. The table below has its numbers.${first ? ` First: ${first.label}.` : ""}`;
});
