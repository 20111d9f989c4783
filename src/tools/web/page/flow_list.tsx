// Flows one by one, or put together by dimensions: every value can be clicked, every row opens to all that is known of it.
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import * as api from "./api.ts";
import { Dimensions } from "./controls.tsx";
import { literal, Value } from "./cells.tsx";
import { exact, percent, short } from "./format.ts";
import { Menu, Select, Switch } from "./menu.tsx";
import { Empty, Failed, Loading } from "./states.tsx";
import { columnsOf, common, flows, isSet, meta, runList, runMore, cancelAll, table, TIME } from "./run.ts";
import { state, update, zone } from "./state.ts";
import { offset } from "./time.ts";
import { COLUMN_SETS, FLOW_ORDERS, LIMITS, TABLE_ORDERS, type Kind } from "./words.ts";
import { Icon } from "./icons.tsx";

const ROWS = [50, 100, 500, 1000, 10000];

export function FlowList() {
  const s = state.value;
  const together = s.aggregate.length > 0;
  const answer = together ? table.value : flows.value;
  const most = meta.value?.limits.rows ?? s.rows;
  const orders: readonly string[] = together ? TABLE_ORDERS : FLOW_ORDERS;
  return (
    <section aria-label="Flow list">
      <div class="controls">
        {!together && (
          <div class="group">
            <span class="label">columns</span>
            <Select name="Column set" value={isSet(s.columns) ? s.columns : "custom"}
              choices={[...COLUMN_SETS.map((c) => ({ value: c, label: c })), { value: "custom", label: "custom" }]}
              onChange={(c) => update({ columns: c === "custom" ? columnsOf(s.columns).join(",") : c })} />
            <ColumnPicker />
          </div>
        )}
        <div class="group"><span class="label">aggregate by</span><Dimensions name="Aggregate" value={s.aggregate} onChange={(aggregate) => update({ aggregate, order: "" })} /></div>
        <div class="group">
          <span class="label">order</span>
          <Select name="Order" value={orders.includes(s.order) ? s.order : (orders[0] ?? "")} choices={orders.map((o) => ({ value: o, label: o }))} onChange={(order) => update({ order: order === orders[0] ? "" : order })} />
          <Switch label="ascending" on={s.ascending} onChange={(ascending) => update({ ascending })} />
        </div>
        <div class="group"><span class="label">limit</span>
          <Select name="Limit" value={Math.min(s.rows, most)} choices={[...new Set([...ROWS, s.rows, most])].filter((n) => n <= most).sort((a, b) => a - b).map((n) => ({ value: n, label: String(n) }))} onChange={(rows) => update({ rows })} />
        </div>
        <span class="grow" />
        <Told answer={answer} />
      </div>
      {answer.failure && <Failed failure={answer.failure} plan={answer.plan} retry={(o) => runList(o)} />}
      {answer.status === "loading" && <Loading answer={answer} cancel={cancelAll} />}
      {together ? <Together /> : <Flows />}
    </section>
  );
}

function Told({ answer }: { answer: { plan?: api.Plan; end?: api.End; content: unknown } }) {
  const { plan, end } = answer;
  if (!plan || !end) return null;
  const rows = state.value.aggregate.length ? table.value.content.filter((r) => r.kind === "key").length : flows.value.content.rows.length;
  const more = state.value.aggregate.length ? table.value.content.some((r) => r.kind === "other") : flows.value.content.page?.more;
  return <span class="muted told">{exact(rows)} {more ? "of more" : "in all"} · {plan.table} · {end.ms} ms · {short(end.rows_read)} rows read</span>;
}

function ColumnPicker() {
  const search = useSignal("");
  const chosen = columnsOf(state.value.columns);
  const all = meta.value?.fields.filter((f) => f.column !== false && f.name !== "flows") ?? [];
  const set = (columns: readonly string[]) => columns.length && update({ columns: columns.join(",") });
  return (
    <Menu class="add" label={<Icon name="more" />} name="Choose columns" onOpen={() => (search.value = "")}>
      {() => (
        <div class="picker">
          <input type="search" placeholder="column" aria-label="Search columns" value={search.value} onInput={(e) => (search.value = e.currentTarget.value)} />
          <ul>
            {all.filter((f) => f.name.includes(search.value) || f.meaning.toLowerCase().includes(search.value.toLowerCase()))
              .sort((a, b) => Number(chosen.includes(b.name)) - Number(chosen.includes(a.name)))
              .map((f) => (
                <li key={f.name}><label class="switch">
                  <input type="checkbox" checked={chosen.includes(f.name)} onChange={(e) => set(e.currentTarget.checked ? [...chosen, f.name] : chosen.filter((c) => c !== f.name))} />
                  <span class="field-name">{f.name}</span><span class="muted">{f.meaning}</span>
                </label></li>
              ))}
          </ul>
        </div>
      )}
    </Menu>
  );
}

/** 2026-11-29T10:00:00.123456789Z in the zone, to the millisecond. */
export function flowTime(text: string): string {
  const at = Date.parse(text) / 1000;
  if (Number.isNaN(at)) return text;
  const local = new Date((at + offset(at, zone.value)) * 1000).toISOString();
  return `${local.slice(0, 10)} ${local.slice(11, 23)}`;
}

/** Said where it is not plain: not of times, nor twice. */
const shownUnit = (c: api.Column): string => (c.kind === "time" || c.kind === "flags" || c.unit === c.name ? "" : c.unit);
const AMOUNTS = new Set(["bytes", "packets", "bytes_sampled", "packets_sampled", "duration", "bps", "pps", "bpp"]);
const NUMBERS = new Set<Kind>(["number", "amount", "time"]);
const text = (value: api.FlowCell): string => (value === null ? "" : Array.isArray(value) ? value.join(" ") : String(value));

function Cell({ column, value }: { column: api.Column; value: api.FlowCell }) {
  const raw = text(value);
  if (raw === "") return <td class="muted">–</td>;
  if (column.kind === "time") return <td class="mono time-cell" title={raw}>{flowTime(raw)}</td>;
  if (AMOUNTS.has(column.name)) {
    const number = Number(value);
    return <td class="num" title={`${exact(number)} ${column.unit}`}>{column.name === "duration" ? exact(number) : short(number)}</td>;
  }
  const term = Array.isArray(value) ? undefined : `${column.name} = ${literal(raw)}`;
  return <td class={`${NUMBERS.has(column.kind) ? "num" : ""} ${column.kind === "address" || column.kind === "flags" || column.kind === "mac" ? "mono" : ""}`}><Value text={raw} term={term} /></td>;
}

/** So many the server takes in one question, less the time. */
const COLUMNS = LIMITS.columns - 1;
/** Rows are put on the page as they are scrolled to; ten thousand at once would take seconds. */
const AT_ONCE = 200;
function useRows(all: number, key: unknown) {
  const shown = useSignal(AT_ONCE);
  const end = useRef<HTMLTableRowElement>(null);
  useEffect(() => {
    shown.value = AT_ONCE;
  }, [key]);
  useEffect(() => {
    const element = end.current;
    if (!element) return undefined;
    const observer = new IntersectionObserver((seen) => {
      if (seen.some((s) => s.isIntersecting)) shown.value += AT_ONCE;
    }, { rootMargin: "800px" });
    observer.observe(element);
    return () => observer.disconnect();
  }, [shown.value, all]);
  return { count: Math.min(all, shown.value), more: shown.value < all ? <tr ref={end}><td class="muted" colSpan={99}>…</td></tr> : null };
}

function Flows() {
  const { content, status, plan, failure } = flows.value;
  const rows = useRows(content.rows.length, plan?.id);
  const chosen = columnsOf(state.value.columns);
  const columns = content.columns.map((c, at) => ({ ...c, at })).filter((c) => c.name !== TIME || chosen.length === 0 || chosen.includes(TIME));
  const open = useSignal<number | undefined>(undefined);
  if (status === "done" && content.rows.length === 0) return <Empty plan={plan} />;
  if (content.columns.length === 0) return failure ? null : <div class="placeholder" />;
  return (
    <div class={`table-box ${status === "loading" ? "stale" : ""}`}>
      <table class="data flows">
        <caption class="sr">Flows that match, in {zone.value}</caption>
        <thead>
          <tr>
            <th scope="col" class="toggle"><span class="sr">Open</span></th>
            {columns.map((c) => <th scope="col" key={c.name} class={NUMBERS.has(c.kind) && c.kind !== "time" ? "num" : ""} title={meta.value?.fields.find((f) => f.name === c.name)?.meaning}>{c.name}{shownUnit(c) ? <span class="muted"> {shownUnit(c)}</span> : null}</th>)}
          </tr>
        </thead>
        <tbody>
          {content.rows.slice(0, rows.count).map((row, i) => (
            <>
              <tr key={i}>
                <td class="toggle"><button type="button" class="quiet" aria-expanded={open.value === i} aria-label={`All of flow ${i + 1}`} onClick={() => (open.value = open.value === i ? undefined : i)}><Icon name={open.value === i ? "opened" : "open"} /></button></td>
                {columns.map((c) => <Cell key={c.name} column={c} value={row[c.at] ?? null} />)}
              </tr>
              {open.value === i && <tr key={`${i}all`} class="opened"><td colSpan={columns.length + 1}><Whole columns={content.columns} row={row} /></td></tr>}
            </>
          ))}
          {rows.more}
        </tbody>
      </table>
      {content.page?.more && content.page.cursor && <button type="button" class="more" onClick={runMore}>Show the next {state.value.rows}</button>}
    </div>
  );
}

/** The flow with every column, asked for by what its row says of it. */
function Whole({ columns, row }: { columns: api.Column[]; row: api.FlowCell[] }) {
  const got = useSignal<{ columns: api.Column[]; rows: api.FlowCell[][] } | undefined>(undefined);
  const failed = useSignal<api.Failure | undefined>(undefined);
  const begun = useSignal(false);
  if (!begun.value) {
    begun.value = true;
    void whole(columns, row).then((found) => (got.value = found), (error: unknown) => {
      failed.value = error instanceof api.Refused ? error.failure : { code: "page", text: String(error) };
    });
  }
  if (failed.value) return <Failed failure={failed.value} />;
  if (!got.value) return <span class="muted">…</span>;
  const first = got.value.rows[0];
  if (!first) return <span class="muted">This flow is no longer in the table.</span>;
  return (
    <>
      {got.value.rows.length > 1 && <p class="muted">{got.value.rows.length} flows are alike in these columns; this is the first of them.</p>}
      <dl class="whole">
        {got.value.columns.map((c, i) => {
          const value = text(first[i] ?? null);
          if (value === "" || value === "0" || value === "::") return null;
          const term = c.kind === "time" || Array.isArray(first[i]) ? undefined : `${c.name} = ${literal(value)}`;
          return (
            <div key={c.name} title={meta.value?.fields.find((f) => f.name === c.name)?.meaning}>
              <dt>{c.name}</dt><dd>{c.kind === "time" ? <span class="mono" title={value}>{flowTime(value)}</span> : <Value text={value} term={term} />}</dd>
            </div>
          );
        })}
      </dl>
    </>
  );
}

async function whole(columns: api.Column[], row: api.FlowCell[]): Promise<{ columns: api.Column[]; rows: api.FlowCell[][] }> {
  const terms = columns.flatMap((c, i) => {
    const value = row[i] ?? null, field = meta.value?.fields.find((f) => f.name === c.name);
    if (value === null || Array.isArray(value) || text(value) === "" || c.kind === "time" || !field?.filter) return [];
    // Quotients of the others are rounded.
    return ["duration", "bps", "pps", "bpp"].includes(c.name) ? [] : [`${c.name} = ${literal(text(value))}`];
  });
  const at = columns.findIndex((c) => c.name === TIME);
  const received = at < 0 ? undefined : text(row[at] ?? null);
  const second = received ? Math.floor(Date.parse(received) / 1000) : undefined;
  const all = meta.value?.fields.filter((f) => f.column !== false && f.name !== "flows").map((f) => f.name) ?? [];
  const query: api.Query = { ...common(), ...(second !== undefined ? { from: second, to: second + 1 } : {}), filter: terms.join(" and "), limit: 100, costly: true };
  const rest = all.filter((name) => name !== TIME);
  const pieces = await Promise.all(Array.from({ length: Math.ceil(rest.length / COLUMNS) }, async (_, i) => {
    const out = { columns: [] as api.Column[], rows: [] as api.FlowCell[][] };
    await api.stream("/api/v1/flows", { ...query, columns: [TIME, ...rest.slice(i * COLUMNS, (i + 1) * COLUMNS)], id: api.newId() }, (line) => {
      if (line.columns) out.columns = line.columns;
      if (line.flow) out.rows.push(line.flow);
    }, AbortSignal.timeout(30000));
    return out;
  }));
  // The same question in the same order: rows of the pieces belong together.
  const first = pieces[0];
  if (!first) return { columns: [], rows: [] };
  return {
    columns: [...first.columns, ...pieces.slice(1).flatMap((p) => p.columns.slice(1))],
    rows: first.rows.map((row, i) => [...row, ...pieces.slice(1).flatMap((p) => p.rows[i]?.slice(1) ?? [])]).filter((row) => !received || text(row[0] ?? null) === received),
  };
}

function Together() {
  const { content, status, plan, failure } = table.value;
  const by = state.value.aggregate;
  const rows = useRows(content.length, plan?.id);
  if (status === "done" && content.every((r) => r.kind === "total")) return <Empty plan={plan} />;
  if (content.length === 0) return failure ? null : <div class="placeholder" />;
  return (
    <div class={`table-box ${status === "loading" ? "stale" : ""}`}>
      <table class="data">
        <caption class="sr">Flows put together by {by.join(", ")}</caption>
        <thead><tr>
          {by.map((b) => <th scope="col" key={b}>{b}</th>)}
          {["flows", "packets", "bytes", "pps", "bps", "bpp"].map((h) => <th scope="col" class="num" key={h}>{h}</th>)}
          <th scope="col" class="num">share</th>
        </tr></thead>
        <tbody>
          {content.slice(0, rows.count).map((r, i) => (
            <tr key={i} class={r.kind}>
              {r.kind === "key" ? (r.key ?? []).map((c, j) => <td class="key" key={j}><Value text={c.value} name={c.name} term={c.filter} /></td>)
                : <td class="key" colSpan={by.length}>{r.kind === "other" ? `Other${r.keys ? ` (${exact(r.keys)})` : ""}` : "TOTAL"}</td>}
              {[r.flows, r.packets, r.bytes].map((v, j) => <td class="num" key={j} title={exact(v)}>{short(v)}</td>)}
              {[r.pps, r.bps, r.bpp].map((v, j) => <td class="num" key={j} title={exact(v)}>{short(v)}</td>)}
              <td class="num share"><i style={{ width: `${Math.max(0, Math.min(100, r.share * 100))}%` }} /><span>{percent(r.share)}</span></td>
            </tr>
          ))}
          {rows.more}
        </tbody>
      </table>
    </div>
  );
}

