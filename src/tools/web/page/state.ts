// The state of the page as signals: what stands in the address bar, and what is of this browser alone.
import { computed, signal } from "@preact/signals";
import { DEFAULTS, format, parse, type State } from "./url.ts";
import { browserZone, validZone } from "./time.ts";

const first = parse(location.search);
export const state = signal<State>(first.state);
/** Parameters of the link that this version does not know. */
export const unknownParameters = signal<string[]>(first.unknown);

export const zone = computed(() => (state.value.zone && validZone(state.value.zone) ? state.value.zone : browserZone()));

const same = (a: State, b: State) => format(a) === format(b);

/** Changes the state, and the link with it. `replace`: no step of its own for the browser's back. */
export function update(change: Partial<State>, replace = false): void {
  const next = { ...state.value, ...change };
  if (same(next, state.value)) return;
  state.value = next;
  const url = `/explore${format(next)}`;
  if (replace) history.replaceState(null, "", url);
  else history.pushState(null, "", url);
}

export function followHistory(): void {
  if (location.pathname !== "/explore") history.replaceState(null, "", `/explore${location.search}`);
  addEventListener("popstate", () => {
    const got = parse(location.search);
    unknownParameters.value = got.unknown;
    state.value = got.state;
  });
}

export const reset = (): void => update({ ...DEFAULTS, zone: state.value.zone });

/** The filter with one term more. `base` is the canonical text, which has no comment that would swallow it. */
export function narrowed(base: string, term: string): string {
  if (!base.trim()) return term;
  return /\bor\b|\|\|/i.test(base) ? `(${base}) and ${term}` : `${base} and ${term}`;
}
export const without = (term: string): string => (/\s/.test(term) ? `not (${term})` : `not ${term}`);

// Of this browser alone.
export type Theme = "auto" | "light" | "dark";
const kept = (name: string): string | null => {
  try {
    return localStorage.getItem(`sluice.${name}`);
  } catch {
    return null; // storage is forbidden
  }
};
export function keep(name: string, value: string): void {
  try {
    localStorage.setItem(`sluice.${name}`, value);
  } catch {
    // then it lasts as long as the page
  }
}
const keptTheme = kept("theme");
export const theme = signal<Theme>(keptTheme === "light" || keptTheme === "dark" ? keptTheme : "auto");
export const patterns = signal(kept("patterns") === "1");

/** What is said to screen readers, and shown for a moment. */
export const said = signal("");
export function say(text: string): void {
  said.value = "";
  queueMicrotask(() => (said.value = text));
}
export const dialog = signal<"" | "help" | "sql" | "nfdump" | "paste" | "export">("");
/** Keys of series that are not drawn. */
export const hidden = signal<ReadonlySet<string>>(new Set());
