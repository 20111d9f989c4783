// The keyboard: single letters while no field has the focus.
import { editor } from "./filter.ts";
import { cancelAll, runAll } from "./run.ts";
import { dialog, say, state, update } from "./state.ts";
import { copy } from "./cells.tsx";
import { shift, toNow, toPeak, zoomOut } from "./time_range.tsx";
import { format, GRAPHS } from "./url.ts";
import { UNITS } from "./words.ts";
import { range } from "./run.ts";
import { utc } from "./time.ts";

/** The link with absolute times: what is seen now, also tomorrow. */
export function copyLink(relative: boolean): void {
  const r = range();
  const s = relative || !r ? state.value : { ...state.value, from: utc(r.from), to: utc(r.to), refresh: 0 };
  void copy(`${location.origin}/explore${format(s)}`, relative ? "Link, moving with the time," : "Link");
}

const next = <T,>(all: readonly T[], value: T): T => all[(all.indexOf(value) + 1) % all.length] ?? value;

export const KEYS: { keys: string; does: string; run?: (event: KeyboardEvent) => void }[] = [
  { keys: "/", does: "filter", run: () => (editor.focus ? editor.focus() : document.getElementById("filter")?.focus()) },
  { keys: "Esc", does: "cancel what is under way" },
  { keys: "t", does: "time range", run: () => document.querySelector<HTMLElement>("[data-keys=t]")?.click() },
  { keys: "[", does: "earlier", run: () => shift(-0.5) },
  { keys: "]", does: "later", run: () => shift(0.5) },
  { keys: "z", does: "zoom out", run: zoomOut },
  { keys: "p", does: "the peak", run: toPeak },
  { keys: ".", does: "now", run: toNow },
  { keys: "r", does: "ask again", run: () => runAll({ fresh: true }) },
  { keys: "b", does: "both ways", run: () => update({ bothWays: !state.value.bothWays }) },
  ...GRAPHS.map((graph, i) => ({ keys: String(i + 1), does: { stacked: "stacked", lines: "lines", grid: "grid", share: "100 %" }[graph], run: () => update({ graph }) })),
  { keys: "u", does: "next unit", run: () => update({ unit: next(UNITS, state.value.unit) }) },
  { keys: "f", does: "summary or flows", run: () => update({ view: state.value.view === "flows" ? "summary" : "flows" }) },
  { keys: "s", does: "SQL", run: () => (dialog.value = "sql") },
  { keys: "c", does: "export", run: () => (dialog.value = "export") },
  { keys: "y", does: "copy the link; with Shift one that moves with the time", run: (e) => copyLink(e.shiftKey) },
  { keys: "Backspace", does: "back", run: () => history.back() },
  { keys: "?", does: "these keys", run: () => (dialog.value = "help") },
];
const byKey = new Map(KEYS.map((k) => [k.keys, k]));

export function followKeys(): void {
  document.addEventListener("keydown", (event) => {
    const target = event.target as HTMLElement;
    if (event.key === "Escape") {
      if (cancelAll()) say("Cancelled");
      return;
    }
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || dialog.value) return;
    if (target.closest("input, textarea, select, .cm-editor, .surface")) return;
    const found = byKey.get(event.key) ?? byKey.get(event.key.toLowerCase());
    if (!found?.run) return;
    event.preventDefault();
    found.run(event);
  });
}
