// The provenance line: where the numbers are from; and the honesty line: what is known to be wrong with them.
import { duration, exact, short } from "./format.ts";
import { graph, meta, metaFailure, now } from "./run.ts";
import { dialog, state, unknownParameters, zone } from "./state.ts";
import { full } from "./time.ts";

export function Provenance() {
  const { plan, end, at, status } = graph.value;
  return (
    <div class="provenance">
      {plan && (
        <>
          <span title={plan.reason}>table <b>{plan.table}</b></span>
          {plan.step > 0 && <span>step <b>{duration(plan.step)}</b></span>}
          <span>{full(plan.from, zone.value)} – {full(plan.to, zone.value)}</span>
          {end && <span title={`${exact(end.rows_read)} rows, ${exact(end.bytes_read)} bytes`}>{end.cached ? "kept answer" : `${Math.round(end.ms)} ms · ${short(end.rows_read)} rows`}</span>}
          {status === "error" && at > 0 && <span class="warn">from {duration(Math.max(1, Math.round(now() - at)))} ago</span>}
        </>
      )}
      <span class="grow" />
      <button type="button" class="link" disabled={!plan} onClick={() => (dialog.value = "sql")} title="s">SQL</button>
      <button type="button" class="link" disabled={!plan} onClick={() => (dialog.value = "nfdump")}>nfdump</button>
      <button type="button" class="link" onClick={() => (dialog.value = "export")} title="c">Export</button>
    </div>
  );
}

export function Honesty() {
  const { honest } = graph.value;
  const notes: { level: string; text: string }[] = [];
  const store = meta.value?.store;
  if (metaFailure.value) notes.push({ level: "away", text: metaFailure.value.text });
  if (store && !store.ok) notes.push({ level: "away", text: store.text ?? "The store does not answer." });
  if (unknownParameters.value.length) notes.push({ level: "warning", text: `The link has what this version does not know: ${unknownParameters.value.join(", ")}` });
  notes.push(...(honest?.notes ?? [])); // the server's, losses and the plan's warnings among them
  if (state.value.zone && zone.value !== state.value.zone) notes.push({ level: "warning", text: `'${state.value.zone}' is no time zone; times are ${zone.value}.` });
  if (notes.length === 0) return null;
  return <ul class="honesty" aria-label="What to know about these numbers">{notes.map((n) => <li key={n.text} class={n.level}>{n.text}</li>)}</ul>;
}
