// The filter bar's editor, loaded at the first focus. What is coloured, completed and underlined comes from the server's
// parser; there is no second grammar here. One line; Enter runs; Tab moves on.
import { autocompletion, closeCompletion, completionKeymap, completionStatus, type CompletionContext, type CompletionResult } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { linter, setDiagnostics } from "@codemirror/lint";
import { EditorSelection, EditorState, StateEffect, StateField } from "@codemirror/state";
import { Decoration, EditorView, keymap, placeholder, type DecorationSet } from "@codemirror/view";
import { effect } from "@preact/signals";
import * as api from "./api.ts";
import { checked, draft, editor, submit } from "./filter.ts";

const setTokens = StateEffect.define<api.Check["tokens"]>();
const marks = new Map<string, Decoration>();
function mark(name: string): Decoration {
  const safe = name.replace(/[^a-z]/g, "");
  let found = marks.get(safe);
  if (!found) marks.set(safe, (found = Decoration.mark({ class: `tok-${safe}` })));
  return found;
}

const tokens = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(value, transaction) {
    let next = value.map(transaction.changes);
    for (const e of transaction.effects) {
      if (!e.is(setTokens)) continue;
      const length = transaction.newDoc.length;
      next = Decoration.set(e.value.filter((t) => t.from < t.to && t.to <= length).map((t) => mark(t.class).range(t.from, t.to)), true);
    }
    return next;
  },
  provide: (field) => EditorView.decorations.from(field),
});

async function source(context: CompletionContext): Promise<CompletionResult | null> {
  const text = context.state.doc.toString();
  if (!context.explicit && context.pos > 0 && !/[\w\s.:"%@([,/=<>]$/.test(text.slice(0, context.pos))) return null;
  const abort = new AbortController();
  context.addEventListener("abort", () => abort.abort());
  try {
    const got = await api.complete(text, context.pos, abort.signal);
    if (got.items.length === 0) return null;
    return {
      from: got.from, to: got.to, filter: false,
      options: got.items.slice(0, 60).map((i) => ({ label: i.label, apply: i.insert, ...(i.detail ? { detail: i.detail } : {}), ...(i.kind ? { type: i.kind } : {}) })),
    };
  } catch {
    return null;
  }
}

export function mount(parent: HTMLElement, at: number): () => void {
  const nonce = document.querySelector<HTMLScriptElement>("script[src]")?.nonce ?? "";
  const view = new EditorView({
    parent,
    state: EditorState.create({
      doc: draft.value,
      selection: EditorSelection.cursor(Math.min(at, draft.value.length)),
      extensions: [
        EditorView.cspNonce.of(nonce),
        history(), tokens, linter(null),
        autocompletion({ override: [source], icons: false, activateOnTyping: true, maxRenderedOptions: 14 }),
        placeholder("every flow: type a filter, or paste an nfdump command"),
        EditorState.transactionFilter.of((transaction) => {
          if (!transaction.docChanged || transaction.newDoc.lines === 1) return transaction;
          // A pasted command of several lines becomes one.
          const flat = transaction.newDoc.toString().replace(/\s*\n\s*/g, " ");
          return { changes: { from: 0, to: transaction.startState.doc.length, insert: flat }, selection: EditorSelection.cursor(flat.length) };
        }),
        keymap.of([
          { key: "Enter", run: (v) => {
            if (completionStatus(v.state) === "active") return false;
            closeCompletion(v);
            void submit();
            return true;
          } },
          { key: "Mod-Enter", run: (v) => {
            closeCompletion(v);
            void submit();
            return true;
          } },
          ...completionKeymap, ...historyKeymap, ...defaultKeymap.filter((k) => k.key !== "Enter" && k.key !== "Tab" && k.key !== "Mod-Enter"),
        ]),
        EditorView.updateListener.of((u) => {
          if (u.docChanged) draft.value = u.state.doc.toString();
        }),
        EditorView.contentAttributes.of(() => {
          const bad = checked.peek()?.check.ok === false;
          return { "aria-label": "Filter", "aria-multiline": "false", "aria-describedby": "filter-says", "aria-invalid": String(bad), autocapitalize: "off", spellcheck: "false" };
        }),
      ],
    }),
  });
  editor.set = (text) => {
    if (view.state.doc.toString() !== text) view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } });
  };
  editor.focus = () => view.focus();
  const stop = effect(() => {
    const got = checked.value;
    if (!got || got.text !== view.state.doc.toString()) return;
    const length = got.text.length;
    view.dispatch(
      { effects: setTokens.of(got.check.tokens) },
      setDiagnostics(view.state, got.check.errors.map((e) => ({
        from: Math.min(e.from, length), to: Math.min(Math.max(e.to, e.from), length), severity: "error" as const, message: e.text,
      }))),
    );
  });
  view.focus();
  return () => {
    stop();
    delete editor.set;
    delete editor.focus;
    view.destroy();
  };
}
