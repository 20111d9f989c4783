// A value that came from flows: shown as text, and a click offers only, not, copy.
import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { draft } from "./filter.ts";
import { graph } from "./run.ts";
import { isAddress } from "./model.ts";
import { narrowed, say, state, update, without } from "./state.ts";
import { away, place } from "./menu.tsx";

const base = () => {
  const plan = graph.value.plan;
  return plan && graph.value.status === "done" && draft.value.trim() === state.value.filter.trim() && state.value.filter.trim() !== "" && plan.filter !== "any" ? plan.filter : state.value.filter;
};
export const only = (term: string): void => update({ filter: narrowed(base(), term) });
export const except = (term: string): void => update({ filter: narrowed(base(), without(term)) });

export async function copy(text: string, what: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    say(`${what} copied`);
  } catch {
    // Without a safe origin there is no clipboard; a selection can be copied by hand.
    const field = document.createElement("textarea");
    field.value = text;
    document.body.append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    say(done ? `${what} copied` : "This browser does not let pages copy");
  }
}

/** Quoted where the language wants it. */
export function literal(value: string): string {
  if (/^[\w:.@%/-]+$/.test(value) && value !== "") return value;
  return value.includes('"') ? `'${value}'` : `"${value}"`;
}

interface Opened { text: string; term: string; name: string; button: HTMLButtonElement }
/** The one value whose menu is open; thousands of values share it. */
const opened = signal<Opened | undefined>(undefined);

export function Value({ text, name, term, title }: { text: string; name?: string | undefined; term?: string | undefined; title?: string | undefined }) {
  const mine = useRef<HTMLButtonElement>(null);
  const named = name !== undefined && name !== "" && name !== text;
  // An address is known by itself; its name is that of its network, which it shares with others.
  const address = isAddress(text);
  const label = (
    <>
      <span class="value">{named && !address ? name : text || "–"}</span>
      {named && <> <span class="also">{address ? name : text}</span></>}
    </>
  );
  if (!term) return <span class="plain" title={title}>{label}</span>;
  return (
    <button ref={mine} type="button" class="cell" title={title ?? term} aria-haspopup="dialog" aria-expanded={opened.value !== undefined && opened.value.button === mine.current}
      onClick={(e) => {
        const button = e.currentTarget;
        opened.value = opened.value?.button === button ? undefined : { text, term, name: named ? `${name} ${text}` : text, button };
      }}>{label}<span class="sr">: actions</span></button>
  );
}

export function ValueMenu() {
  const surface = useRef<HTMLDivElement>(null);
  const now = opened.value;
  useEffect(() => {
    const s = surface.current;
    if (!now || !s) return undefined;
    s.showPopover();
    place(s, now.button);
    s.querySelector("button")?.focus();
    return away(s, now.button, () => (opened.value = undefined));
  }, [now]);
  if (!now) return null;
  const close = () => {
    opened.value = undefined;
    now.button.focus();
  };
  const act = (does: () => void) => () => { close(); does(); };
  return (
    <div class="surface" ref={surface} popover="manual" role="dialog" aria-label={`${now.name}: actions`} tabIndex={-1}
      onKeyDown={(e) => { if (e.key === "Escape") { e.stopPropagation(); close(); } }}>
      <div class="actions">
        <code class="term">{now.term}</code>
        <button type="button" onClick={act(() => only(now.term))}>Only this</button>
        <button type="button" onClick={act(() => except(now.term))}>Not this</button>
        <button type="button" onClick={act(() => void copy(now.text, "Value"))}>Copy</button>
      </div>
    </div>
  );
}
