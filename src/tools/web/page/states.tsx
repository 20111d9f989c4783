// What is shown where there is no answer yet, none, or a refusal. Each says what it is and what to do next.
import type { Failure, Plan } from "./api.ts";
import { duration, short } from "./format.ts";
import { graph, now, range, type Answer } from "./run.ts";
import { dialog, state, update, zone } from "./state.ts";
import { full, utc } from "./time.ts";
import { zoomOut } from "./time_range.tsx";
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";

const SLOW = 300; // ms until progress is shown: what is faster would only flicker

export function Loading({ answer, cancel }: { answer: Answer<unknown>; cancel: () => void }) {
  const late = useSignal(false);
  useEffect(() => {
    const timer = setTimeout(() => (late.value = true), SLOW);
    return () => clearTimeout(timer);
  }, []);
  if (!late.value) return null;
  const p = answer.progress;
  const share = p && p.of > 0 ? Math.min(1, p.rows / p.of) : undefined;
  const left = p && share && share > 0.02 && share < 1 ? (p.seconds / share) * (1 - share) : undefined;
  return (
    <div class="loading" role="status">
      <progress aria-label="Rows read" {...(share !== undefined ? { value: share, max: 1 } : {})} />
      <span>{p ? `${short(p.rows)} of ${short(p.of)} rows${left !== undefined ? `, about ${duration(left)} more` : ""}` : "asking…"}</span>
      <button type="button" onClick={cancel} title="Esc">Cancel</button>
    </div>
  );
}

/** The filter term by term, with what each finds by itself: which of them is too much. */
function Terms({ all, fallback }: { all: { filter: string; flows: number }[]; fallback: string }) {
  if (all.length === 0) return <p><code>{fallback}</code></p>;
  const bracketed = (filter: string) => (/\bor\b/i.test(filter) && all.length > 2 ? `(${filter})` : filter);
  const rest = (at: number) => all.filter((_, i) => i !== at).map((t) => bracketed(t.filter)).join(" and ");
  return (
    <ul class="terms" aria-label="What each term finds by itself">
      {all.map((t, i) => (
        <li key={t.filter} class={t.flows === 0 ? "none" : ""}>
          <code>{t.filter}</code> <span class={t.flows === 0 ? "bad" : "muted"}>{t.flows === 0 ? "finds nothing" : `alone: ${short(t.flows)} flows`}</span>{" "}
          <button type="button" class="link" onClick={() => update({ filter: rest(i) })}>without it</button>
        </li>
      ))}
    </ul>
  );
}

/// Those of the graph's answer, where that is of this filter: the list may have its answer before the graph has.
function termsOf(plan?: Plan): { filter: string; flows: number }[] {
  const { status, plan: of, honest } = graph.value;
  return status === "done" && of?.filter === plan?.filter ? (honest?.terms ?? []) : [];
}

export function Empty({ plan }: { plan?: Plan | undefined }) {
  const s = state.value;
  return (
    <div class="empty" role="status">
      {s.filter ? (
        <>
          <strong>The filter matches no flow in this range.</strong>
          <Terms all={termsOf(plan)} fallback={plan?.filter ?? s.filter} />
          <button type="button" onClick={() => update({ filter: "" })}>Without the filter</button>
          <button type="button" onClick={zoomOut}>A longer range</button>
        </>
      ) : (
        <>
          <strong>No flows in this range.</strong>
          <p>{plan ? `${plan.table} has none from ${full(plan.from, zone.value)} to ${full(plan.to, zone.value)}.` : ""}</p>
          <button type="button" onClick={zoomOut}>A longer range</button>
          <button type="button" onClick={() => update({ from: "now-1d", to: "now" })}>The last day</button>
        </>
      )}
    </div>
  );
}

export function Failed({ failure, plan, retry }: { failure: Failure; plan?: Plan | undefined; retry?: (options: { costly?: boolean; fresh?: boolean }) => void }) {
  const since = failure.since;
  return (
    <div class={`failed ${failure.code === "cancelled" ? "calm" : ""}`} role="alert">
      <p><strong>{failure.text}</strong> <span class="code">{failure.code}{failure.store_code ? ` ${failure.store_code}` : ""}</span></p>
      <div class="next">
        {failure.code === "costly" && retry && (
          <button type="button" class="primary" onClick={() => retry({ costly: true })}>
            Run it all the same{failure.rows ? ` (${short(failure.rows)} rows${failure.seconds ? `, some ${duration(failure.seconds)}` : ""})` : ""}
          </button>
        )}
        {failure.code === "too_old" && since !== undefined && (
          <button type="button" class="primary" onClick={() => update({ from: utc(since), to: (range()?.to ?? 0) > since ? state.value.to : utc(Math.min(now(), since + 3600)) })}>From {full(since, zone.value)} on</button>
        )}
        {retry && failure.code !== "filter" && <button type="button" onClick={() => retry({ fresh: true })}>Again</button>}
        {plan && <button type="button" onClick={() => (dialog.value = "sql")}>SQL</button>}
      </div>
    </div>
  );
}
