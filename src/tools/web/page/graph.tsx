// The graph: the canvas of chart.ts under elements of the page. Pointer, words, selection and bands are ours; every name
// is text. With the keyboard: arrows move a cursor, Enter marks start and end, Escape lets go.
import { batch, computed, signal, useComputed, useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Chart, Curve, Drawing, Panel } from "./chart.ts";
import { percent, withUnit } from "./format.ts";
import { drawn, inWords, samplingError, total, type Entry } from "./model.ts";

import { graph, plotWidth, rateUnit } from "./run.ts";
import { hidden, patterns, say, state, theme, update, zone } from "./state.ts";
import { clock, full, ticks, utc } from "./time.ts";

const LEFT = 58, RIGHT = 14, TOP = 10, BOTTOM = 24;
/** Slot under the cursor, or none. */
export const cursor = signal<number | undefined>(undefined);
const panelUnder = signal(0);
const loaded = signal<typeof import("./chart.ts") | undefined>(undefined);
void import("./chart.ts").then((module) => (loaded.value = module));

const dark = matchMedia("(prefers-color-scheme: dark)");
const scheme = signal(0);
dark.addEventListener("change", () => scheme.value++);
let shown: Chart | undefined;

/** A colour of the style as the theme has it now. */
const probe = document.createElement("span");
probe.hidden = true;
function property(name: string): string {
  if (!probe.isConnected) document.body.append(probe);
  probe.style.color = `var(${name})`;
  return getComputedStyle(probe).color;
}

export function saveGraph(name: string): void {
  const picture = shown?.picture(property("--surface"));
  if (!picture) return;
  const link = document.createElement("a");
  link.href = picture;
  link.download = name;
  link.click();
}

function panelsOf(width: number, height: number, count: number): Panel[] {
  const grid = state.value.graph === "grid" && count > 1;
  if (!grid) return [{ left: LEFT, top: TOP, width: Math.max(10, width - LEFT - RIGHT), height: Math.max(10, height - TOP - BOTTOM) }];
  const across = Math.max(1, Math.min(4, Math.floor(width / 300)));
  const down = Math.ceil(count / across);
  const w = width / across, h = height / down;
  return Array.from({ length: count }, (_, i) => ({
    left: (i % across) * w + LEFT, top: Math.floor(i / across) * h + 22, width: Math.max(10, w - LEFT - RIGHT), height: Math.max(10, h - 22 - BOTTOM),
  }));
}

const sums = (list: (number | null)[][]) => (list[0] ?? []).map((_, i) => list.reduce((sum, v) => sum + (v[i] ?? 0), 0));

function curves(list: Entry[], kind: string): Curve[] {
  const out: Curve[] = [];
  const sign = (values: (number | null)[], by: number[] | undefined, factor: number) =>
    values.map((v, i) => (v === null ? null : by ? (by[i] ? (factor * v) / by[i] : 0) : factor * v));
  const share = kind === "share" ? sums(list.map((e) => e.series.values)) : undefined;
  const back = kind === "share" ? sums(list.map((e) => e.reverse?.values ?? [])) : undefined;
  const area = kind === "stacked" || kind === "share";
  list.forEach((entry, i) => {
    const colour = property(entry.colour);
    const panel = kind === "grid" && list.length > 1 ? i : 0;
    const look = {
      colour, panel, width: area ? 1 : 1.75,
      dash: entry.few && !area ? [1, 2] : entry.dash ?? (patterns.value && !area ? [[0, 0], [6, 3], [2, 2], [8, 3, 2, 3]][i % 4] : undefined),
    };
    const fill = area ? { area: entry.kind === "other" ? 0.45 : 0.72 } : kind === "grid" ? { area: 0.25 } : {};
    out.push({ ...look, ...fill, ...(area ? { stack: "up" } : {}), values: sign(entry.series.values, share, 1) });
    if (entry.reverse) out.push({ ...look, ...fill, ...(area ? { stack: "down" } : {}), values: sign(entry.reverse.values, back, -1) });
    if (kind === "grid" && entry.before) out.push({ colour: property("--muted"), panel, width: 1, dash: [4, 3], values: entry.before.values });
  });
  if (kind === "lines" && list.length <= 3) list.forEach((entry) => out.push(...band(entry)));
  const unknown = total.value?.series.unknown, all = total.value?.series.values;
  if (unknown && all && graph.value.honest?.at_least && area && kind === "stacked" && hidden.value.size === 0) {
    // What is above the line has no sampling rate, and may be any multiple of what is drawn.
    out.push({ colour: property("--warn"), panel: 0, width: 1.25, dash: [1, 3], values: all.map((v, i) => (v === null ? null : v - (unknown[i] ?? 0))) });
  }
  const before = total.value?.before;
  if (before && (kind === "stacked" || kind === "lines")) out.push({ colour: property("--text"), panel: 0, width: 1.25, dash: [5, 4], values: before.values });
  return out;
}

/** Where 95 of 100 such samples lie: between two lines that are not drawn. */
function band(entry: Entry): Curve[] {
  const { values, sampled } = entry.series;
  if (!sampled) return [];
  const colour = property(entry.colour), stack = `band${entry.id}`;
  const half = values.map((v, i) => (v === null ? null : v * Math.min(1, samplingError(sampled[i] ?? 0))));
  return [
    { colour, panel: 0, width: 0, stack, values: values.map((v, i) => (v === null ? null : v - (half[i] ?? 0))) },
    { colour, panel: 0, width: 0, stack, area: 0.18, values: half.map((h) => (h === null ? null : 2 * h)) },
  ];
}

function text(name: string) {
  return <span class="name">{name}</span>;
}

export function Graph() {
  const box = useRef<HTMLElement>(null), canvas = useRef<HTMLDivElement>(null);
  const size = useSignal({ width: 0, height: 0 });
  const drag = useSignal<{ from: number; to: number } | undefined>(undefined);
  const mark = useSignal<number | undefined>(undefined);
  const chart = useRef<Chart | undefined>(undefined);
  const kind = computed(() => (state.value.graph === "grid" && drawn.value.length < 2 ? "lines" : state.value.graph));
  const panels = useComputed(() => panelsOf(size.value.width, size.value.height, kind.value === "grid" ? drawn.value.length : 1));

  useEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const observer = new ResizeObserver(() => {
      size.value = { width: element.clientWidth, height: element.clientHeight };
      plotWidth.value = element.clientWidth - LEFT - RIGHT;
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      chart.current?.dispose();
      shown = undefined;
    };
  }, []);

  useSignalEffect(() => {
    const module = loaded.value, plan = graph.value.plan;
    theme.value;
    scheme.value;
    patterns.value;
    const { width } = size.value;
    const list = drawn.value;
    if (!module || !canvas.current || !plan || width === 0) return;
    if (!chart.current) chart.current = shown = new module.Chart(canvas.current);
    chart.current.resize();
    const each = panels.value[0]?.width ?? 100;
    const drawing: Drawing = {
      from: plan.from, to: plan.to, step: plan.step, curves: curves(list, kind.value), panels: panels.value,
      ticks: ticks(plan.from, plan.to, zone.value, Math.max(2, Math.floor(each / 80))),
      log: state.value.log && kind.value !== "share" && kind.value !== "stacked" && !state.value.bothWays,
      share: kind.value === "share", both: list.some((e) => e.reverse), text: inWords.value,
      ink: { axis: property("--line"), grid: property("--grid"), label: property("--muted"), font: getComputedStyle(document.body).fontFamily },
    };
    const begun = performance.now();
    chart.current.draw(drawing);
    performance.clearMeasures("draw"); // the last alone is kept
    performance.measure("draw", { start: begun, end: performance.now() });
    if (!performance.getEntriesByName("graph").length && list.length) performance.mark("graph");
  });

  /** Position in the plot -> seconds, held to its edges. */
  const timeAt = (x: number, panel: Panel) => {
    const plan = graph.value.plan;
    if (!plan) return 0;
    const share = Math.min(1, Math.max(0, (x - panel.left) / panel.width));
    return plan.from + share * (plan.to - plan.from);
  };
  const xOf = (seconds: number, panel: Panel) => {
    const plan = graph.value.plan;
    return plan ? panel.left + ((seconds - plan.from) / (plan.to - plan.from)) * panel.width : 0;
  };
  const local = (event: PointerEvent) => {
    const rect = box.current?.getBoundingClientRect();
    return { x: event.clientX - (rect?.left ?? 0), y: event.clientY - (rect?.top ?? 0) };
  };
  const panelAt = (x: number, y: number) => {
    const at = panels.value.findIndex((p) => x >= p.left - 20 && x <= p.left + p.width + 10 && y >= p.top - 20 && y <= p.top + p.height + BOTTOM);
    return at;
  };
  const slotAt = (seconds: number) => {
    const plan = graph.value.plan;
    return plan ? Math.min(plan.slots - 1, Math.max(0, Math.floor((seconds - plan.from) / plan.step))) : 0;
  };

  function select(from: number, to: number) {
    const plan = graph.value.plan;
    if (!plan) return;
    const [a, b] = from < to ? [from, to] : [to, from];
    update({ from: utc(Math.floor(a)), to: utc(Math.ceil(Math.max(b, a + 1))), refresh: 0 });
    say(`Range ${full(a, zone.value)} to ${full(b, zone.value)}`);
  }

  function onDown(event: PointerEvent) {
    const { x, y } = local(event), at = panelAt(x, y), panel = panels.value[at];
    if (!panel || event.button !== 0 || !graph.value.plan) return;
    box.current?.setPointerCapture(event.pointerId);
    const t = timeAt(x, panel);
    batch(() => {
      panelUnder.value = at;
      drag.value = { from: t, to: t };
    });
  }
  function onMove(event: PointerEvent) {
    const { x, y } = local(event);
    if (drag.value) {
      const panel = panels.value[panelUnder.value];
      if (panel) drag.value = { from: drag.value.from, to: timeAt(x, panel) };
      return;
    }
    const at = panelAt(x, y), panel = panels.value[at];
    batch(() => {
      cursor.value = panel && graph.value.plan ? slotAt(timeAt(x, panel)) : undefined;
      if (panel) panelUnder.value = at;
    });
  }
  function onUp() {
    const d = drag.value, plan = graph.value.plan, panel = panels.value[panelUnder.value];
    drag.value = undefined;
    if (d && plan && panel && Math.abs(xOf(d.to, panel) - xOf(d.from, panel)) > 4) select(d.from, d.to);
  }
  function onKey(event: KeyboardEvent) {
    const plan = graph.value.plan;
    if (!plan) return;
    const at = cursor.value ?? plan.slots - 1;
    const jump = event.shiftKey ? 10 : 1;
    const moves: Record<string, number> = { ArrowLeft: at - jump, ArrowRight: at + jump, Home: 0, End: plan.slots - 1 };
    const next = moves[event.key];
    if (next !== undefined) {
      event.preventDefault();
      cursor.value = Math.min(plan.slots - 1, Math.max(0, next));
      say(spoken(cursor.value));
    } else if (event.key === "Enter" && cursor.value !== undefined) {
      event.preventDefault();
      const t = plan.from + (cursor.value + 0.5) * plan.step;
      if (mark.value === undefined) {
        mark.value = t;
        say(`Start marked at ${full(t, zone.value)}. Move on and press Enter.`);
      } else {
        const from = mark.value;
        mark.value = undefined;
        if (from !== t) select(from, t);
      }
    } else if (event.key === "Escape" && (mark.value !== undefined || drag.value || cursor.value !== undefined)) {
      event.stopPropagation();
      batch(() => {
        mark.value = undefined;
        drag.value = undefined;
        cursor.value = undefined;
      });
    }
  }

  const plan = graph.value.plan;
  const selecting = drag.value ?? (mark.value !== undefined && cursor.value !== undefined && plan ? { from: mark.value, to: plan.from + (cursor.value + 0.5) * plan.step } : undefined);
  const selected = panels.value[panelUnder.value];
  return (
    <figure class={`graph ${kind.value}`} ref={box} tabIndex={0} role="application" aria-roledescription="graph" aria-label={inWords.value}
      style={kind.value === "grid" ? { height: `${Math.ceil(drawn.value.length / Math.max(1, Math.min(4, Math.floor(size.value.width / 300)))) * 150}px` } : undefined}
      onPointerDown={onDown} onPointerMove={onMove} onPointerUp={onUp} onPointerCancel={() => (drag.value = undefined)}
      onPointerLeave={() => { if (!drag.value) cursor.value = undefined; }} onKeyDown={onKey}
      onBlur={() => (cursor.value = undefined)}>
      {plan && panels.value.map((p, i) => <Bands key={i} panel={p} x={xOf} />)}
      <div class="canvas" ref={canvas} />
      {kind.value === "grid" && drawn.value.map((e, i) => {
        const p = panels.value[i];
        return p && <div class="panel-title" key={e.id} style={{ left: `${p.left}px`, top: `${p.top - 20}px`, maxWidth: `${p.width}px` }}>{text(e.label)}</div>;
      })}
      {selecting && selected && (() => {
        const [a, b] = [xOf(selecting.from, selected), xOf(selecting.to, selected)].sort((m, n) => m - n) as [number, number];
        return <div class="selection" style={{ left: `${a}px`, width: `${b - a}px`, top: `${selected.top}px`, height: `${selected.height}px` }} />;
      })()}
      {cursor.value !== undefined && plan && panels.value.map((p, i) => (
        <div class="crosshair" key={i} style={{ left: `${xOf(plan.from + ((cursor.value ?? 0) + 0.5) * plan.step, p)}px`, top: `${p.top}px`, height: `${p.height}px` }} />
      ))}
      {cursor.value !== undefined && !drag.value && plan && <Tip slot={cursor.value} panels={panels.value} x={xOf} grid={kind.value === "grid"} />}
    </figure>
  );
}

/** What is not to be read as a fall of traffic: nothing received, and slots that are not over. */
function Bands({ panel, x }: { panel: Panel; x: (seconds: number, panel: Panel) => number }) {
  const { plan, honest } = graph.value;
  if (!plan) return null;
  const clamp = (t: number) => Math.min(plan.to, Math.max(plan.from, t));
  const bands: { from: number; to: number; kind: string; title: string }[] = (honest?.gaps ?? []).map(([from, to]) => ({ from, to, kind: "gap", title: "nothing received" }));
  const done = honest?.complete_until;
  if (done !== undefined && done < plan.to) bands.push({ from: Math.max(done, plan.from), to: plan.to, kind: "unfinished", title: "not finished" });
  return (
    <>
      {bands.map((b) => {
        const left = x(clamp(b.from), panel), right = x(clamp(b.to), panel);
        if (right - left < 0.5) return null;
        return (
          <div class={`band ${b.kind}`} key={`${b.kind}${b.from}`} style={{ left: `${left}px`, width: `${right - left}px`, top: `${panel.top}px`, height: `${panel.height}px` }}>
            {right - left > 74 && <span>{b.title}</span>}
          </div>
        );
      })}
    </>
  );
}

interface Line { id: string; label: string; colour: string; value: number | null; back: number | null | undefined; before: number | null | undefined }
function linesAt(slot: number): Line[] {
  return drawn.value.map((e) => ({ id: e.id, label: e.label, colour: e.colour, value: e.series.values[slot] ?? null, back: e.reverse?.values[slot], before: e.before?.values[slot] }));
}

function spoken(slot: number): string {
  const plan = graph.value.plan;
  if (!plan) return "";
  const t = plan.from + slot * plan.step;
  const lines = linesAt(slot).filter((l) => l.value !== null).sort((a, b) => (b.value ?? 0) - (a.value ?? 0)).slice(0, 4);
  const sum = total.value?.series.values[slot];
  return `${clock(t, zone.value, plan.step < 60)}: ${sum === null || sum === undefined ? "nothing received" : `total ${withUnit(sum, rateUnit.value)}`}${lines.map((l) => `, ${l.label} ${withUnit(l.value ?? 0, rateUnit.value)}`).join("")}`;
}

function Tip({ slot, panels, x, grid }: { slot: number; panels: Panel[]; x: (seconds: number, panel: Panel) => number; grid: boolean }) {
  const { plan, honest } = graph.value;
  const panel = panels[grid ? panelUnder.value : 0];
  if (!plan || !panel) return null;
  const from = plan.from + slot * plan.step;
  const at = x(from + plan.step / 2, panel);
  const right = at > panel.left + panel.width / 2 || at > 520;
  const all = linesAt(slot);
  const lines = (grid ? all.slice(panelUnder.value, panelUnder.value + 1) : all.sort((a, b) => (b.value ?? -1) - (a.value ?? -1))).slice(0, 12);
  const sum = total.value?.series, value = sum?.values[slot] ?? null, before = total.value?.before?.values[slot];
  const both = all.some((l) => l.back !== undefined);
  const unknown = sum?.unknown?.[slot], count = sum?.sampled?.[slot];
  return (
    <div class={`tip ${right ? "at-left" : "at-right"}`} aria-hidden="true" style={right ? { right: `calc(100% - ${at - 12}px)`, top: `${panel.top + 4}px` } : { left: `${at + 12}px`, top: `${panel.top + 4}px` }}>
      <div class="when">{full(from, zone.value)} – {clock(from + plan.step, zone.value, plan.step % 60 !== 0)}</div>
      <table>
        <tbody>
          {lines.map((l) => (
            <tr key={l.id}>
              <td><i class="swatch" style={{ background: `var(${l.colour})` }} /></td>
              <td class="name">{l.label}</td>
              <td class="num">{l.value === null ? "–" : withUnit(l.value, rateUnit.value)}</td>
              {both && <td class="num muted">{l.back === null || l.back === undefined ? "" : `↓ ${withUnit(l.back, rateUnit.value)}`}</td>}
            </tr>
          ))}
          {all.length > lines.length && !grid && <tr><td /><td class="muted">and {all.length - lines.length} more</td></tr>}
          {!grid && all.length > 1 && <tr class="sum"><td /><td>Total</td><td class="num">{value === null ? "–" : withUnit(value, rateUnit.value)}</td>{both && <td />}</tr>}
          {!grid && before !== undefined && before !== null && <tr class="muted"><td /><td>Before</td><td class="num">{withUnit(before, rateUnit.value)}</td>{both && <td />}</tr>}
        </tbody>
      </table>
      {value === null && <div class="note">nothing received from anybody</div>}
      {honest?.complete_until !== undefined && from + plan.step > honest.complete_until && <div class="note">not finished: more will come</div>}
      {typeof count === "number" && count > 0 && <div class="muted">{count < 30 ? "few samples, " : ""}± {percent(Math.min(9.99, 1.96 / Math.sqrt(count)))} by sampling</div>}
      {typeof unknown === "number" && unknown > 0 && value ? <div class="note">at least: {percent(unknown / value)} without a sampling rate</div> : null}
    </div>
  );
}
