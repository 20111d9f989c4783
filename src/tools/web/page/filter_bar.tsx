// The filter bar: a plain input that becomes an editor at its first focus, and one line under it that says what was
// understood, or what is wrong and where.
import type { JSX } from "preact";
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { checked, draft, editor, pasted, submit, unchecked } from "./filter.ts";
import { state } from "./state.ts";
import { Icon } from "./icons.tsx";

export function FilterBar() {
  const host = useRef<HTMLDivElement>(null), input = useRef<HTMLInputElement>(null);
  const swapped = useSignal(false);
  const unmount = useRef<() => void>(() => undefined);
  useEffect(() => () => unmount.current(), []);

  async function swap() {
    if (swapped.value) return;
    const module = await import("./editor.ts");
    if (swapped.value || !host.current) return;
    const hadFocus = document.activeElement === input.current;
    const at = input.current?.selectionStart ?? draft.value.length;
    swapped.value = true;
    unmount.current = module.mount(host.current, at);
    if (!hadFocus) (document.activeElement as HTMLElement | null)?.blur();
  }

  const dirty = draft.value.trim() !== state.value.filter.trim();
  const bad = checked.value?.text === draft.value && !checked.value.check.ok;
  return (
    <div class={`filter ${bad ? "bad" : ""} ${dirty ? "dirty" : ""}`} role="search">
      <Icon name="search" />
      <div class="field" ref={host}>
        {!swapped.value && (
          <input id="filter" ref={input} type="text" aria-label="Filter" aria-describedby="filter-says" aria-invalid={bad} autocomplete="off" spellcheck={false}
            placeholder="every flow: type a filter, or paste an nfdump command" value={draft.value} onFocus={() => void swap()}
            onInput={(e) => (draft.value = e.currentTarget.value)} onKeyDown={(e) => { if (e.key === "Enter") void submit(); }} />
        )}
      </div>
      {draft.value !== "" && (
        <button class="quiet" type="button" aria-label="Clear the filter" onClick={() => { draft.value = ""; editor.set?.(""); void submit(); }}><Icon name="close" /></button>
      )}
      <button class={dirty ? "run primary" : "run"} type="button" title="Enter" onClick={() => void submit()}>Run</button>
    </div>
  );
}

export function FilterSays() {
  const answer = checked.value?.text === draft.value ? checked.value.check : undefined;
  const error = answer?.errors[0];
  const from = pasted.value;
  let line: JSX.Element | undefined;
  if (unchecked.value) line = <span class="bad">{unchecked.value}</span>;
  else if (error) {
    line = (
      <>
        <span class="bad">At character {error.from + 1}: {error.text}</span>
        {error.expected && error.expected.length > 0 && <span class="muted"> Possible there: {error.expected.join(", ")}</span>}
        {answer && answer.errors.length > 1 && <span class="muted"> And {answer.errors.length - 1} more.</span>}
      </>
    );
  } else if (from && from.filter === draft.value) {
    line = <span class={from.warnings.length ? "warn" : "muted"}>From the nfdump command{from.warnings.length ? `: ${from.warnings.join("; ")}` : ", all of it understood."}</span>;
  } else if (answer && answer.warnings.length > 0) line = <span class="warn">{answer.warnings.map((w) => w.text).join("; ")}</span>;
  else if (answer && draft.value.trim() !== "" && answer.canonical !== draft.value.trim()) line = <span class="muted">understood: <code>{answer.canonical}</code></span>;
  return <div id="filter-says" class="says" role="status">{line ?? "\u00a0"}</div>;
}
