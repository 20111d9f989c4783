// What opens over the page: SQL, the nfdump command, export, keys. One at a time; Escape closes.
import type { ComponentChildren } from "preact";
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import * as api from "./api.ts";
import { copy } from "./cells.tsx";
import { paste } from "./filter.ts";
import { saveGraph } from "./graph.tsx";
import { KEYS } from "./keys.ts";
import { columnsOf, flows, flowsQuery, graph, meta, seriesQuery, table, tableQuery } from "./run.ts";
import { dialog, say, state } from "./state.ts";
import { exact } from "./format.ts";
import { Icon } from "./icons.tsx";

function Dialog({ title, children }: { title: string; children: ComponentChildren }) {
  const box = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    box.current?.showModal();
  }, []);
  return (
    <dialog ref={box} aria-label={title} onClose={() => (dialog.value = "")} onClick={(e) => { if (e.target === box.current) box.current?.close(); }}>
      <header><h2>{title}</h2><button type="button" class="quiet" aria-label="Close" onClick={() => box.current?.close()}><Icon name="close" /></button></header>
      <div class="content">{children}</div>
    </dialog>
  );
}

const currentPlan = () => (state.value.view === "flows" ? (state.value.aggregate.length ? table.value.plan : flows.value.plan) ?? graph.value.plan : graph.value.plan);

/** What was asked; of an answer that was kept, what would be asked. */
async function statements(): Promise<(api.Statement & { of: string })[]> {
  const s = state.value;
  const list = s.aggregate.length ? table.value : flows.value;
  const shown = [
    { of: "Graph", answer: graph.value, query: seriesQuery, what: "series" as const },
    ...(s.view === "flows" ? [{ of: "List", answer: list, query: s.aggregate.length ? tableQuery : flowsQuery, what: s.aggregate.length ? ("table" as const) : ("flows" as const) }] : []),
  ];
  const out: (api.Statement & { of: string })[] = [];
  for (const { of, answer, query, what } of shown) {
    const asked = answer.end?.sql ?? [];
    const found = asked.length ? asked : (await api.plan(query(), what)).plan.sql ?? [];
    out.push(...found.map((statement) => ({ ...statement, of })));
  }
  return out;
}

function Sql() {
  const parts = useSignal<(api.Statement & { of: string })[] | undefined>(undefined), wrong = useSignal("");
  const plan = graph.value.plan;
  useEffect(() => {
    void statements().then((found) => (parts.value = found), (error: unknown) => (wrong.value = error instanceof api.Refused ? error.failure.text : String(error)));
  }, []);
  return (
    <Dialog title="SQL of these numbers">
      {plan && <p class="muted">{plan.reason}</p>}
      {wrong.value && <p class="bad" role="alert">{wrong.value}</p>}
      {!parts.value && !wrong.value && <p class="muted">…</p>}
      {parts.value?.map((s, i) => (
        <section key={i}>
          <h3>{s.of} <button type="button" class="link" onClick={() => void copy(s.text, "Statement")}>copy</button></h3>
          <pre tabIndex={0}>{s.text}</pre>
          {Object.keys(s.parameters).length > 0 && (
            <table class="data small"><thead><tr><th scope="col">parameter</th><th scope="col">value</th></tr></thead>
              <tbody>{Object.entries(s.parameters).map(([k, v]) => <tr key={k}><td><code>{k}</code></td><td><code>{v}</code></td></tr>)}</tbody></table>
          )}
        </section>
      ))}
    </Dialog>
  );
}

function Nfdump() {
  const command = useSignal(""), wrong = useSignal("");
  const plan = currentPlan();
  return (
    <Dialog title="nfdump">
      <p class="muted">The same question for an archive of nfdump’s:</p>
      <pre tabIndex={0}>{plan?.nfdump || "nfdump has no such statistic."}</pre>
      {plan?.nfdump && <button type="button" onClick={() => void copy(plan.nfdump, "Command")}>Copy</button>}
      <form onSubmit={async (e) => {
        e.preventDefault();
        wrong.value = (await paste(command.value)) ?? "";
        if (!wrong.value) dialog.value = "";
      }}>
        <label>Or paste one and have it answered here<textarea rows={3} spellcheck={false} value={command.value} onInput={(e) => (command.value = e.currentTarget.value)} placeholder="nfdump -R /data -t 2026/11/27.14:00:00-2026/11/27.15:00:00 -s srcip/bytes -n 20 'proto tcp'" /></label>
        {wrong.value && <p class="bad" role="alert">{wrong.value}</p>}
        <button type="submit" class="primary">Understand it</button>
      </form>
    </Dialog>
  );
}

function Export() {
  const s = state.value;
  const whats = [
    { value: "flows", label: "flows, one by one", query: () => ({ ...flowsQuery(), columns: columnsOf(state.value.columns) }) },
    ...(s.aggregate.length ? [{ value: "table", label: `flows by ${s.aggregate.join(", ")}`, query: tableQuery }] : []),
    { value: "series", label: "the graph, slot by slot", query: seriesQuery },
  ];
  const what = useSignal(s.view === "flows" ? (s.aggregate.length ? "table" : "flows") : "series"), wrong = useSignal("");
  async function get(format: string) {
    try {
      const chosen = whats.find((w) => w.value === what.value) ?? whats[0];
      if (!chosen) return;
      const { limit: _, ...query } = chosen.query();
      const { href, file } = await api.exportTo(format, what.value, what.value === "flows" ? query : chosen.query());
      const link = document.createElement("a");
      link.href = href;
      link.download = file;
      link.click();
      say(`${file} is on its way`);
    } catch (error) {
      wrong.value = error instanceof api.Refused ? error.failure.text : String(error);
    }
  }
  return (
    <Dialog title="Export">
      <fieldset class="radios"><legend>What</legend>
        {whats.map((w) => <label key={w.value}><input type="radio" name="what" checked={what.value === w.value} onChange={() => (what.value = w.value)} /> {w.label}</label>)}
      </fieldset>
      <div class="next">
        {["csv", "ndjson", "parquet"].map((f) => <button type="button" class="primary" key={f} onClick={() => void get(f)}>{{ csv: "CSV", ndjson: "NDJSON", parquet: "Parquet" }[f]}</button>)}
        <button type="button" onClick={() => saveGraph("sluice-graph.png")}>Picture of the graph</button>
      </div>
      <p class="muted">Times are UTC. At most {exact(meta.value?.limits.export_rows ?? 2000000)} rows; the file is streamed as the store finds it.</p>
      {wrong.value && <p class="bad" role="alert">{wrong.value}</p>}
    </Dialog>
  );
}

function Help() {
  return (
    <Dialog title="Keys">
      <dl class="keys">{KEYS.map((k) => <div key={k.keys}><dt>{k.keys.split(" ").map((x) => <kbd key={x}>{x}</kbd>)}</dt><dd>{k.does}</dd></div>)}</dl>
      <h3>In the graph</h3>
      <dl class="keys">
        <div><dt>drag</dt><dd>that range</dd></div>
        <div><dt><kbd>←</kbd> <kbd>→</kbd></dt><dd>move the cursor; with Shift ten slots</dd></div>
        <div><dt><kbd>Enter</kbd></dt><dd>mark the start, then the end</dd></div>
        <div><dt>click in the table</dt><dd>hide or show; with Alt this alone</dd></div>
      </dl>
      <p class="muted">Sluice {meta.value?.version ?? ""}{meta.value?.store.version ? `, store ${meta.value.store.version}` : ""}</p>
    </Dialog>
  );
}

export function Dialogs() {
  switch (dialog.value) {
    case "sql": return <Sql />;
    case "nfdump": return <Nfdump />;
    case "export": return <Export />;
    case "help": return <Help />;
    default: return null;
  }
}
