// The page: its frame, and Explore.
import { signal } from "@preact/signals";
import { useSignal, useSignalEffect } from "@preact/signals";
import { render } from "preact";
import * as api from "./api.ts";
import { Controls } from "./controls.tsx";
import { ValueMenu } from "./cells.tsx";
import { Dialogs } from "./dialogs.tsx";
import { FilterBar, FilterSays } from "./filter_bar.tsx";
import { followFilter } from "./filter.ts";
import { FlowList } from "./flow_list.tsx";
import { Graph } from "./graph.tsx";
import { copyLink, followKeys } from "./keys.ts";
import { drawn, entries } from "./model.ts";
import { follow, graph, loadMeta, rateUnit, runGraph, cancelAll } from "./run.ts";
import { dialog, followHistory, keep, reset, said, state, theme, update, type Theme } from "./state.ts";
import { Empty, Failed, Loading } from "./states.tsx";
import { Summary } from "./summary.tsx";
import { Honesty, Provenance } from "./told.tsx";
import { TimeRange } from "./time_range.tsx";
import { withUnit } from "./format.ts";
import { Icon } from "./icons.tsx";

const THEMES: Theme[] = ["auto", "light", "dark"];
function setTheme(to: Theme): void {
  theme.value = to;
  keep("theme", to);
  if (to === "auto") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = to;
}

function ThemeButton() {
  const now = theme.value, next = THEMES[(THEMES.indexOf(now) + 1) % THEMES.length] ?? "auto";
  return <button type="button" class="quiet" title={`Colours: ${now}`} aria-label={`Colours: ${now}. Change to ${next}`} onClick={() => setTheme(next)}><Icon name={({ auto: "auto", light: "sun", dark: "moon" } as const)[now]} /></button>;
}

function Head() {
  return (
    <header class="head">
      <a class="brand" href="/explore" onClick={(e) => { if (e.ctrlKey || e.metaKey || e.shiftKey) return; e.preventDefault(); reset(); }}>
        <svg viewBox="0 0 24 24" width="22" height="22" aria-hidden="true"><path d="M2 8c4-4 6 3 10 0s6-3 10 0M2 16c4-4 6 3 10 0s6-3 10 0" fill="none" stroke="currentColor" stroke-width="2.4" stroke-linecap="round" /></svg>
        <span>Sluice</span>
      </a>
      <FilterBar />
      <TimeRange />
      <div class="tools">
        <button type="button" class="quiet" title="Copy the link  y" aria-label="Copy the link" onClick={(e) => copyLink(e.shiftKey)}><Icon name="link" /></button>
        <ThemeButton />
        <button type="button" class="quiet" title="Keys  ?" aria-label="Keys" onClick={() => (dialog.value = "help")}><Icon name="help" /></button>
      </div>
    </header>
  );
}

function GraphArea() {
  const { status, failure, plan } = graph.value;
  const nothing = status === "done" && entries.value.every((e) => e.series.values.every((v) => v === null || v === 0) && e.series.summary.sum === 0);
  return (
    <section class={`graph-area ${status === "loading" ? "stale" : ""} ${status === "error" && plan ? "old" : ""}`} aria-label="Graph" aria-busy={status === "loading"}>
      <div class="axis-title">{graph.value.honest?.at_least ? "at least, " : ""}{state.value.graph === "share" ? "share of what is shown" : rateUnit.value}{state.value.bothWays ? " · forward above, back below" : ""}</div>
      <Graph />
      {status === "loading" && <Loading answer={graph.value} cancel={cancelAll} />}
      {failure && <Failed failure={failure} plan={plan} retry={runGraph} />}
      {nothing && <Empty plan={plan} />}
      {!nothing && status === "done" && drawn.value.length === 0 && <div class="empty"><strong>All series are hidden.</strong></div>}
    </section>
  );
}

function Tabs() {
  const view = state.value.view;
  const tab = (name: "summary" | "flows", label: string) => (
    <button type="button" role="tab" id={`tab-${name}`} aria-selected={view === name} aria-controls="panel" tabIndex={view === name ? 0 : -1}
      onClick={() => update({ view: name })}
      onKeyDown={(e) => {
        if (e.key !== "ArrowLeft" && e.key !== "ArrowRight") return;
        const other = name === "summary" ? "flows" : "summary";
        update({ view: other });
        document.getElementById(`tab-${other}`)?.focus();
      }}>{label}</button>
  );
  return <div class="tabs" role="tablist" aria-label="Numbers">{tab("summary", "Summary")}{tab("flows", "Flows")}</div>;
}

function Said() {
  const shown = useSignal("");
  useSignalEffect(() => {
    const text = said.value;
    if (!text) return undefined;
    shown.value = text;
    const timer = setTimeout(() => (shown.value = ""), 4000);
    return () => clearTimeout(timer);
  });
  return <div class={`said ${shown.value ? "on" : ""}`} role="status" aria-live="polite">{shown.value}</div>;
}

/** Where a token is demanded: asked for once, kept by the server's cookie. */
const asking = signal<((again: boolean) => void) | undefined>(undefined);
let waiting: Promise<boolean> | undefined;
api.unauthorized.ask = () => (waiting ??= new Promise<boolean>((resolve) => (asking.value = resolve)).finally(() => (waiting = undefined)));

function Login() {
  const token = useSignal(""), wrong = useSignal("");
  if (!asking.value) return null;
  return (
    <div class="login">
      <form onSubmit={async (e) => {
        e.preventDefault();
        try {
          await api.login(token.value);
          asking.value?.(true);
          asking.value = undefined;
        } catch (error) {
          wrong.value = error instanceof api.Refused ? error.failure.text : String(error);
        }
      }}>
        <h1>Sluice</h1>
        <label>Token<input type="password" autocomplete="current-password" autofocus value={token.value} onInput={(e) => (token.value = e.currentTarget.value)} /></label>
        {wrong.value && <p class="bad" role="alert">{wrong.value}</p>}
        <button type="submit" class="primary">Enter</button>
      </form>
    </div>
  );
}

function Page() {
  const total = entries.value.find((e) => e.kind === "total")?.series.summary;
  return (
    <>
      <a class="skip" href="#panel">To the numbers</a>
      <Head />
      <FilterSays />
      <main>
        <h1 class="sr">Explore</h1>
        <Controls />
        <GraphArea />
        <Provenance />
        <Honesty />
        <Tabs />
        <div id="panel" role="tabpanel" aria-labelledby={`tab-${state.value.view}`} tabIndex={-1}>
          {state.value.view === "summary" ? <Summary /> : <FlowList />}
        </div>
        <div class="sr" role="status">{graph.value.status === "done" && total ? `Answered. Mean ${withUnit(total.mean, rateUnit.value)}, most ${withUnit(total.max, rateUnit.value)}.` : ""}</div>
      </main>
      <ValueMenu />
      <Said />
      <Dialogs />
      <Login />
    </>
  );
}

setTheme(theme.value);
followHistory();
const app = document.getElementById("app");
if (app) {
  app.replaceChildren();
  render(<Page />, app);
}
follow();
followFilter();
followKeys();
void loadMeta();
performance.mark("usable");
