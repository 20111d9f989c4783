// Asks the server what the state says, and keeps the answers. One graph and one list are under way at a time; a newer
// state ends the older question, at the server too.
import { computed, effect, signal, untracked } from "@preact/signals";
import * as api from "./api.ts";
import { state } from "./state.ts";
import { resolve } from "./time.ts";
import { COLUMN_SETS, FLOW_ORDERS, LIMITS, TABLE_ORDERS, UNIT_WORDS } from "./words.ts";

export type Status = "idle" | "loading" | "done" | "error";

/** An answer, and what is under way. The old answer stays until the first line of the new one that replaces it. */
export interface Answer<T> {
  status: Status;
  plan?: api.Plan;
  progress?: api.Progress;
  content: T;
  honest?: api.Honest;
  end?: api.End;
  failure?: api.Failure;
  at: number; // when the content came, Unix seconds
  started: number;
}
export interface Flows { columns: api.Column[]; rows: api.FlowCell[][]; page?: api.Page }

const empty = <T>(content: T): Answer<T> => ({ status: "idle", content, at: 0, started: 0 });
export const graph = signal<Answer<api.Series[]>>(empty([]));
export const flows = signal<Answer<Flows>>(empty({ columns: [], rows: [] }));
export const table = signal<Answer<api.Row[]>>(empty([]));
export const meta = signal<api.Meta | undefined>(undefined);
export const metaFailure = signal<api.Failure | undefined>(undefined);

/** The server's clock may differ from the browser's. */
let ahead = 0;
export const now = (): number => Date.now() / 1000 + ahead;

export const plotWidth = signal(Math.max(300, innerWidth - 120));
const pointsFor = (width: number) => Math.min(LIMITS.points, Math.max(LIMITS.least_points, Math.round(width / 100) * 50));

export const rateUnit = computed(() => UNIT_WORDS[state.value.unit].rate);
export const sumUnit = computed(() => UNIT_WORDS[state.value.unit].sum);

export function common(): api.Query {
  const s = state.value;
  return { from: s.from, to: s.to, filter: s.filter, exporters: s.exporters };
}
export function seriesQuery(): api.Query {
  const s = state.value;
  return { ...common(), by: s.by, unit: s.unit, rank: s.rank, limit: s.limit, both_ways: s.bothWays, before: s.before || null };
}

export const isSet = (name: string): boolean => (COLUMN_SETS as readonly string[]).includes(name);
const among = (orders: readonly string[], order: string): string => (orders.includes(order) ? order : (orders[0] ?? ""));
/** As many as the server gives, once it has said how many. */
const most = (rows: number): number => Math.min(rows, untracked(() => meta.value)?.limits.rows ?? rows);
const known = (wanted: string): readonly string[] => untracked(() => meta.value)?.column_sets[wanted] ?? [];
export function columnsOf(text: string): readonly string[] {
  const set = known(text);
  return set.length ? set : text.split(",").filter((name) => /^\w+$/.test(name) && !isSet(name));
}
/** Comes with every flow, shown or not: its row is found again by it. */
export const TIME = "time_received";

export function flowsQuery(): api.Query {
  const s = state.value;
  const columns = columnsOf(s.columns);
  return {
    ...common(), ...(columns.length ? { columns: [...new Set([...columns, TIME])] } : {}), limit: most(s.rows), ascending: s.ascending,
    order: among(FLOW_ORDERS, s.order),
  };
}
export function tableQuery(): api.Query {
  const s = state.value;
  return { ...common(), by: s.aggregate, limit: most(s.rows), ascending: s.ascending, order: among(TABLE_ORDERS, s.order) };
}

interface Slot { abort: AbortController; id: string }
const under: Record<string, Slot> = {};

export function stop(name: string): void {
  const slot = under[name];
  if (!slot) return;
  delete under[name];
  slot.abort.abort();
}

/** As somebody wished it: the server is told too, since a proxy may keep the connection open. */
function cancel(name: string): void {
  const slot = under[name];
  if (!slot) return;
  delete under[name];
  void api.cancel(slot.id).finally(() => slot.abort.abort());
}

type Target<T> = { get: () => Answer<T>; set: (a: Answer<T>) => void };
const target = <T>(s: { value: Answer<T> }): Target<T> => ({ get: () => untracked(() => s.value), set: (a) => (s.value = a) });

async function ask<T>(name: string, path: string, query: api.Query, to: Target<T>, fresh: () => T, take: (into: T, line: api.Line) => void): Promise<void> {
  stop(name);
  const abort = new AbortController();
  const id = api.newId();
  under[name] = { abort, id };
  const before = to.get();
  const { failure: _, progress: __, ...rest } = before;
  to.set({ ...rest, status: "loading", started: now() });
  const content = fresh();
  let plan: api.Plan | undefined, honest: api.Honest | undefined;
  try {
    const end = await api.stream(path, { ...query, id }, (line) => {
      if (line.plan) plan = line.plan;
      if (line.honest) honest = line.honest;
      if (line.progress && under[name]?.id === id) to.set({ ...to.get(), progress: line.progress });
      take(content, line);
    }, abort.signal);
    if (under[name]?.id !== id) return;
    to.set({ status: "done", content, at: now(), started: 0, end, ...(plan ? { plan } : {}), ...(honest ? { honest } : {}) });
  } catch (error) {
    if (under[name]?.id !== id) return; // a newer question took over, or somebody cancelled
    const failure = error instanceof api.Refused ? error.failure : { code: "page", text: String(error) };
    const { progress: ___, ...old } = to.get();
    to.set({ ...old, status: "error", failure, started: 0, ...(plan ? { plan } : {}) });
  } finally {
    if (under[name]?.id === id) delete under[name];
  }
}

export function runGraph(options: { costly?: boolean; fresh?: boolean } = {}): void {
  const query = { ...untracked(seriesQuery), points: pointsFor(untracked(() => plotWidth.value)), ...options };
  void ask("graph", "/api/v1/series", query, target(graph), () => [] as api.Series[], (into, line) => {
    if (line.series) into.push(line.series);
  });
}

export function runList(options: { costly?: boolean; fresh?: boolean } = {}): void {
  if (untracked(() => state.value.aggregate.length > 0)) {
    void ask("list", "/api/v1/table", { ...untracked(tableQuery), ...options }, target(table), () => [] as api.Row[], (into, line) => {
      if (line.row) into.push(line.row);
    });
  } else {
    void ask("list", "/api/v1/flows", { ...untracked(flowsQuery), ...options }, target(flows), () => ({ columns: [], rows: [] }) as Flows, takeFlow);
  }
}

function takeFlow(into: Flows, line: api.Line): void {
  if (line.columns) into.columns = line.columns;
  if (line.flow) into.rows.push(line.flow);
  if (line.page) into.page = line.page;
}

/** The next page of the flow list, behind what is there. */
export function runMore(): void {
  const had = flows.value;
  const cursor = had.content.page?.cursor;
  if (!cursor || had.status === "loading") return;
  void ask("list", "/api/v1/flows", { ...untracked(flowsQuery), cursor }, target(flows),
    () => ({ columns: had.content.columns, rows: [...had.content.rows] }), takeFlow);
}

export function cancelAll(): boolean {
  const any = Object.keys(under).length > 0;
  cancel("graph");
  cancel("list");
  for (const answer of [graph, flows, table] as { value: Answer<unknown> }[]) {
    if (answer.value.status !== "loading") continue;
    const { progress: _, ...rest } = answer.value;
    answer.value = { ...rest, status: "error", failure: { code: "cancelled", text: "Cancelled. What is shown is the answer before it." }, started: 0 };
  }
  return any;
}

export function runAll(options: { costly?: boolean; fresh?: boolean } = {}): void {
  runGraph(options);
  if (state.value.view === "flows") runList(options);
}

export async function loadMeta(): Promise<void> {
  try {
    const got = await api.meta();
    ahead = got.now - Date.now() / 1000;
    meta.value = got;
    metaFailure.value = undefined;
  } catch (error) {
    metaFailure.value = error instanceof api.Refused ? error.failure : { code: "page", text: String(error) };
  }
}

/** Seconds of the range that is asked for. */
export function range(): { from: number; to: number } | undefined {
  const at = now();
  const from = resolve(state.value.from, at), to = resolve(state.value.to, at);
  return from === undefined || to === undefined ? undefined : { from, to };
}

/** Follows the state. What a change does not touch is not asked again. */
export function follow(): void {
  const graphKey = computed(() => JSON.stringify(seriesQuery()));
  const listKey = computed(() => {
    if (state.value.view !== "flows") return "";
    return JSON.stringify([meta.value !== undefined, state.value.aggregate.length ? tableQuery() : flowsQuery()]);
  });
  effect(() => {
    graphKey.value;
    runGraph();
  });
  effect(() => {
    if (listKey.value) runList();
    else stop("list");
  });
  let timer = 0;
  effect(() => {
    const { refresh, to } = state.value;
    clearInterval(timer);
    if (refresh > 0 && to === "now") {
      timer = setInterval(() => {
        if (!document.hidden && graph.value.status !== "loading") runAll();
      }, refresh * 1000) as unknown as number;
    }
  });
}
