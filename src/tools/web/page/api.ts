// What the server is asked and what it answers: docs/api.md. Everything that came from flows is text, never markup.
import type { Kind } from "./words.ts";

export interface Field {
  name: string;
  kind: Kind;
  unit: string;
  meaning: string;
  reverse?: string;
  dimension: boolean;
  prefixes: boolean;
  filter: boolean;
  column?: boolean;
  tables: string[];
}
export interface Table { name: string; step: number; days: number | null; oldest: number | null; newest: number | null; rows: number; bytes: number }
export interface Meta {
  version: string;
  now: number;
  fields: Field[];
  units: { name: string; rate: string; sum: string }[];
  ranks: string[];
  orders: { table: string[]; flows: string[] };
  kinds: string[];
  tables: Table[];
  exporters: { address: string; name: string }[];
  interfaces: { exporter: string; index: number; name: string; description: string }[];
  column_sets: Record<string, string[]>;
  limits: { series: number; points: number; least_points: number; columns: number; rows: number; export_rows: number; seconds: number };
  store: { ok: boolean; version?: string; text?: string };
  collectors: { url: string; ok: boolean }[];
}
export interface Query {
  from: string | number;
  to: string | number;
  filter: string;
  by?: readonly string[];
  unit?: string;
  rank?: string;
  limit?: number;
  both_ways?: boolean;
  before?: string | number | null;
  points?: number;
  exporters?: readonly string[];
  order?: string;
  ascending?: boolean;
  columns?: readonly string[];
  cursor?: string | null;
  costly?: boolean;
  fresh?: boolean;
  id?: string;
}
export interface Statement { text: string; parameters: Record<string, string> }
export interface Plan {
  id: string;
  table: string;
  step: number;
  from: number;
  to: number;
  slots: number;
  reason: string;
  rows: number;
  seconds: number;
  costly: boolean;
  filter: string;
  warnings: string[];
  sql?: Statement[]; // of /plan alone; streams tell them at their end
  nfdump: string;
}
export interface Cell { value: string; name?: string; filter?: string }
export interface Summary { min: number; mean: number; max: number; last: number; p95: number; sum: number; share: number; flows: number; slots: number }
export interface Series {
  kind: "key" | "other" | "total";
  direction: "forward" | "reverse";
  when: "now" | "before";
  key?: Cell[]; // of a ranked one
  keys?: number;
  values: (number | null)[];
  sampled?: (number | null)[];
  unknown?: (number | null)[];
  summary: Summary;
}
export interface Honest {
  complete_until?: number;
  gaps?: [number, number][];
  unknown_share?: number;
  at_least?: boolean; // so much of it is unknown that it has to be said
  notes?: { level: "warning" | "info"; text: string }[];
  terms?: { filter: string; flows: number }[]; // of a filter that matches nothing: what each finds by itself
}
export interface End { rows_read: number; bytes_read: number; ms: number; cached?: boolean; sql?: Statement[] }
export interface Page { more: boolean; cursor: string | null }
export interface Progress { rows: number; of: number; seconds: number }
export interface Row {
  kind: "key" | "other" | "total";
  key?: Cell[];
  keys?: number;
  bytes: number; packets: number; flows: number; bps: number; pps: number; bpp: number; sampled?: number; unknown_bytes?: number; share: number;
}
export interface Column { name: string; kind: Kind; unit: string }
export type FlowCell = string | number | boolean | null | (string | number)[];
export interface Line {
  plan?: Plan;
  progress?: Progress;
  series?: Series;
  row?: Row;
  columns?: Column[];
  flow?: FlowCell[];
  page?: Page;
  honest?: Honest;
  end?: End;
  error?: Failure;
}
export interface FilterError { from: number; to: number; code?: string; text: string; expected?: string[] }
export interface Failure { code: string; text: string; errors?: FilterError[]; since?: number; rows?: number; seconds?: number; store_code?: number; key?: string }
export interface Check {
  ok: boolean;
  canonical: string;
  columns: string[];
  table: string | null;
  raw: boolean;
  tokens: { from: number; to: number; class: string }[];
  errors: FilterError[];
  warnings: { from: number; to: number; text: string }[];
}
export interface Completion { from: number; to: number; items: { label: string; insert: string; detail?: string; kind?: string; count?: number }[] }

/** What the server refused, or that it is not there (`away`). */
export class Refused extends Error {
  constructor(readonly failure: Failure) {
    super(failure.text);
  }
}

const away = (text: string) => new Refused({ code: "away", text });

/** Set by the page: asks for the token and says whether to try again. */
export const unauthorized: { ask: () => Promise<boolean> } = { ask: () => Promise.resolve(false) };

async function send(method: string, path: string, body: unknown, signal?: AbortSignal): Promise<Response> {
  const init: RequestInit = { method, ...(signal ? { signal } : {}) };
  if (body !== undefined) {
    init.body = JSON.stringify(body);
    init.headers = { "Content-Type": "application/json" };
  }
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch (error) {
    if (signal?.aborted) throw error;
    throw away("The server of this page does not answer. Is `sluice web` running?");
  }
  if (response.ok) return response;
  if (response.status === 401 && path !== "/api/v1/login" && (await unauthorized.ask())) return send(method, path, body, signal);
  let failure: Failure | undefined;
  try {
    failure = ((await response.json()) as { error?: Failure }).error;
  } catch {
    // not ours: a proxy's page
  }
  throw new Refused(failure ?? { code: `http_${response.status}`, text: `The server answered ${response.status}.` });
}

const json = async <T>(response: Promise<Response>): Promise<T> => (await response).json() as Promise<T>;

export const meta = (): Promise<Meta> => json(send("GET", "/api/v1/meta", undefined));
export const check = (text: string, signal?: AbortSignal): Promise<Check> => json(send("POST", "/api/v1/filter/check", { text }, signal));
export const complete = (text: string, cursor: number, signal?: AbortSignal): Promise<Completion> =>
  json(send("POST", "/api/v1/filter/complete", { text, cursor }, signal));
export const plan = (query: Query, what: "series" | "table" | "flows"): Promise<{ plan: Plan }> =>
  json(send("POST", "/api/v1/plan", { ...query, for: what }));
export const readNfdump = (command: string): Promise<{ query: Record<string, unknown>; warnings: string[] }> =>
  json(send("POST", "/api/v1/filter/nfdump", { command }));
export const exportTo = (format: string, what: string, query: Query): Promise<{ href: string; file: string }> =>
  json(send("POST", `/api/v1/export?format=${format}`, { ...query, what }));
export const login = (token: string): Promise<Response> => send("POST", "/api/v1/login", { token });
/** Tells the server too; closing the connection would do, but a proxy may keep it. */
export const cancel = (id: string): Promise<unknown> => fetch(`/api/v1/queries/${id}`, { method: "DELETE", keepalive: true }).catch(() => undefined);

export const newId = (): string => {
  const bytes = crypto.getRandomValues(new Uint8Array(9));
  return `page_${[...bytes].map((b) => b.toString(16).padStart(2, "0")).join("")}`;
};

/** Calls `take` for each line of the answer as it comes. Ends with its `end`, or throws what was refused. */
export async function stream(path: string, query: Query, take: (line: Line) => void, signal: AbortSignal): Promise<End> {
  const response = await send("POST", path, query, signal);
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  if (!reader) throw away("The answer is empty.");
  let rest = "";
  let end: End | undefined;
  const line = (text: string) => {
    if (!text) return;
    const got = JSON.parse(text) as Line;
    if (got.error) throw new Refused(got.error);
    if (got.end) end = got.end;
    take(got);
  };
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      const pieces = (rest + value).split("\n");
      rest = pieces.pop() ?? "";
      pieces.forEach(line);
    }
    line(rest);
  } catch (error) {
    if (error instanceof Refused || signal.aborted) throw error;
    throw new Refused({ code: "cut", text: "The answer was cut off on its way." });
  }
  if (!end) throw new Refused({ code: "cut", text: "The answer was cut off before its end." });
  return end;
}
