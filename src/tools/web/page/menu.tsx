// A small surface that opens at a button and closes by Escape, by a click elsewhere, or when focus leaves it.
import type { ComponentChildren } from "preact";
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";

interface Properties {
  label: ComponentChildren;
  name: string; // of what opens, for screen readers; of the button too, where its label is a picture
  spoken?: string; // after a label of text, for screen readers
  class?: string;
  title?: string;
  children: (close: () => void) => ComponentChildren;
  onOpen?: () => void;
  keys?: string;
}

export function place(surface: HTMLElement | null, button: HTMLElement | null): void {
  if (!surface || !button) return;
  const at = button.getBoundingClientRect(), size = surface.getBoundingClientRect();
  const below = at.bottom + 4, above = at.top - 4 - size.height;
  surface.style.left = `${Math.max(8, Math.min(at.left, innerWidth - 8 - size.width))}px`;
  surface.style.top = `${below + size.height > innerHeight - 8 && above > 8 ? above : below}px`;
}

/** Until the returned function is called: closes at a click elsewhere, stays beside the button when things move. */
export function away(surface: HTMLElement | null, button: HTMLElement | null, close: () => void): () => void {
  const inside = (event: Event) => [surface, button].some((e) => e?.contains(event.target as Node));
  const outside = (event: Event) => {
    if (!inside(event)) close();
  };
  const moved = (event: Event) => {
    if (!surface?.contains(event.target as Node)) place(surface, button);
  };
  document.addEventListener("pointerdown", outside, true);
  addEventListener("scroll", moved, true);
  addEventListener("resize", moved);
  return () => {
    document.removeEventListener("pointerdown", outside, true);
    removeEventListener("scroll", moved, true);
    removeEventListener("resize", moved);
  };
}

export function Menu({ label, name, spoken, class: style, title, children, onOpen, keys }: Properties) {
  const open = useSignal(false);
  const box = useRef<HTMLDivElement>(null), button = useRef<HTMLButtonElement>(null), surface = useRef<HTMLDivElement>(null);
  const close = () => {
    open.value = false;
    button.current?.focus();
  };
  useEffect(() => {
    if (!open.value) return undefined;
    const s = surface.current;
    if (s) {
      // In the top layer, since tables that scroll would cut it off; beside its button, inside the window.
      s.showPopover();
      place(s, button.current);
      (s.querySelector<HTMLElement>("[autofocus], input, [aria-checked=true], [aria-pressed=true], button") ?? s).focus();
    }
    return away(surface.current, button.current, () => (open.value = false));
  }, [open.value]);
  return (
    <div class="menu" ref={box} onKeyDown={(e) => { if (e.key === "Escape" && open.value) { e.stopPropagation(); close(); } }}>
      <button ref={button} type="button" class={style ?? ""} aria-haspopup="dialog" aria-expanded={open.value} aria-label={spoken === undefined ? name : undefined} title={title} data-keys={keys}
        onClick={() => { open.value = !open.value; if (open.value) onOpen?.(); }}>{label}{spoken !== undefined && <span class="sr">{spoken}</span>}</button>
      {open.value && <div class="surface" ref={surface} popover="manual" role="dialog" aria-label={name} tabIndex={-1}>{children(close)}</div>}
    </div>
  );
}

interface Choice<T extends string | number> { value: T; label: string; title?: string }
/** A row of choices, one of which is on. */
export function Choices<T extends string | number>({ name, choices, value, onChange }: { name: string; choices: Choice<T>[]; value: T; onChange: (v: T) => void }) {
  return (
    <div class="choices" role="group" aria-label={name}>
      {choices.map((c) => (
        <button type="button" key={c.value} aria-pressed={c.value === value} title={c.title} onClick={() => onChange(c.value)}>{c.label}</button>
      ))}
    </div>
  );
}

export function Switch({ label, on, onChange, title }: { label: string; on: boolean; onChange: (on: boolean) => void; title?: string }) {
  return (
    <label class="switch" title={title}>
      <input type="checkbox" checked={on} onChange={(e) => onChange(e.currentTarget.checked)} />
      <span>{label}</span>
    </label>
  );
}

export function Select<T extends string | number>({ name, choices, value, onChange }: { name: string; choices: Choice<T>[]; value: T; onChange: (v: T) => void }) {
  return (
    <select aria-label={name} value={String(value)} onChange={(e) => {
      const got = choices.find((c) => String(c.value) === e.currentTarget.value);
      if (got) onChange(got.value);
    }}>
      {choices.map((c) => <option key={c.value} value={String(c.value)}>{c.label}</option>)}
    </select>
  );
}
