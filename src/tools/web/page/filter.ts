// The filter while it is typed: a draft, what the server says of it, and running it.
import { effect, signal } from "@preact/signals";
import * as api from "./api.ts";
import { now } from "./run.ts";
import { say, state, update } from "./state.ts";
import { typed, utc } from "./time.ts";

export const draft = signal(state.value.filter);
/** The latest answer, with the text that it is about. */
export const checked = signal<{ text: string; check: api.Check } | undefined>(undefined);
/** The check itself could not be had. */
export const unchecked = signal("");
const DEBOUNCE = 120;

/** Set by the editor, once it is there: puts a text in place of the draft. */
export const editor: { set?: (text: string) => void; focus?: () => void } = {};

export function setDraft(text: string): void {
  draft.value = text;
  editor.set?.(text);
}

const looksPasted = (text: string) => /^\s*(\S*\/)?nfdump\s+-/.test(text);

/** Runs the draft; an nfdump command is read as one. */
export async function submit(): Promise<void> {
  const text = draft.value.trim();
  if (looksPasted(text)) {
    await paste(text);
    return;
  }
  const answer = checked.value;
  if (answer?.text === draft.value && !answer.check.ok) {
    say(`Not run: ${answer.check.errors[0]?.text ?? "the filter has an error"}`);
    return;
  }
  update({ filter: text });
}

/** What the page understood of a pasted command, and what not. */
export const pasted = signal<{ filter: string; warnings: string[] } | undefined>(undefined);

export async function paste(command: string): Promise<string | undefined> {
  try {
    const { query, warnings } = await api.readNfdump(command);
    const texts = (v: unknown): string[] => (Array.isArray(v) ? v.map(String) : []);
    const has = (name: string) => query[name] !== undefined && query[name] !== null;
    const time = (v: unknown) => (typeof v === "number" ? utc(v) : typed(String(v), "UTC", now()) ?? String(v));
    const flowView = query["view"] === "flows" || query["view"] === "table";
    update({
      filter: String(query["filter"] ?? ""),
      view: flowView ? "flows" : "summary",
      aggregate: query["view"] === "table" ? texts(query["by"]) : [],
      ...(has("by") && texts(query["by"]).length ? { by: texts(query["by"]).slice(0, 4) } : {}),
      ...(has("unit") ? { unit: query["unit"] as "bits" } : {}),
      ...(has("from") ? { from: time(query["from"]) } : {}),
      ...(has("to") ? { to: time(query["to"]) } : {}),
      ...(has("limit") ? { rows: Number(query["limit"]) } : {}),
      order: has("order") ? String(query["order"]) : "",
      ascending: query["ascending"] === true,
      ...(Array.isArray(query["columns"]) ? { columns: texts(query["columns"]).join(",") } : typeof query["columns"] === "string" ? { columns: query["columns"] } : {}),
      ...(Array.isArray(query["exporters"]) ? { exporters: texts(query["exporters"]) } : {}),
    });
    setDraft(String(query["filter"] ?? ""));
    pasted.value = { filter: draft.value, warnings };
    return undefined;
  } catch (error) {
    const text = error instanceof api.Refused ? error.failure.text : String(error);
    unchecked.value = text;
    say(text);
    return text;
  }
}

export function followFilter(): void {
  effect(() => {
    // The state may have been changed by anything: a link, the browser's back, a click on a value.
    setDraft(state.value.filter);
  });
  let timer = 0;
  let abort: AbortController | undefined;
  effect(() => {
    const text = draft.value;
    clearTimeout(timer);
    abort?.abort();
    if (looksPasted(text)) {
      checked.value = undefined;
      return;
    }
    timer = setTimeout(async () => {
      const mine = (abort = new AbortController());
      try {
        const check = await api.check(text, mine.signal);
        if (mine === abort) {
          checked.value = { text, check };
          unchecked.value = "";
        }
      } catch (error) {
        if (mine === abort && !mine.signal.aborted) unchecked.value = error instanceof api.Refused ? error.failure.text : String(error);
      }
    }, checked.peek() ? DEBOUNCE : 0) as unknown as number;
  });
}
