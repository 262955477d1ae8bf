import {
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
  type Completion,
  type CompletionContext,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { bracketMatching, HighlightStyle, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { lintGutter, lintKeymap, setDiagnostics, type Diagnostic } from "@codemirror/lint";
import { Compartment, EditorState, type Extension } from "@codemirror/state";
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightSpecialChars,
  keymap,
  lineNumbers,
  placeholder as empty,
} from "@codemirror/view";
import { tags } from "@lezer/highlight";

import type { Suggest, TextProblem } from "./editor-types.ts";

export interface Parts {
  readonly label: string;
  readonly describedBy: string;
  readonly suggest: () => Suggest | undefined;
  readonly onChange: (text: string) => void;
  readonly minLines: number;
  readonly maxLines: number;
  readonly isYaml: boolean;
  readonly placeholder: string;
}

/** The editor in an element: YAML in colour, completion, marks. Given back: what changes it from outside. */
export function openEditor(parent: HTMLElement, text: string, parts: Parts) {
  const language = new Compartment();
  const view = new EditorView({
    parent,
    state: EditorState.create({ doc: text, extensions: [language.of(parts.isYaml ? yaml() : []), extensionsOf(parts)] }),
  });
  return {
    /** From outside: what was typed meanwhile is the same text, and stays. */
    write(next: string): void {
      const now = view.state.doc.toString();
      if (now !== next) view.dispatch({ changes: { from: 0, to: now.length, insert: next } });
    },
    colour: (isYaml: boolean) => view.dispatch({ effects: language.reconfigure(isYaml ? yaml() : []) }),
    mark: (problems: readonly TextProblem[]) =>
      view.dispatch(
        setDiagnostics(
          view.state,
          problems.flatMap((one) => markOf(view.state, one)),
        ),
      ),
    show(line: number, column: number): void {
      const at = placeIn(view.state, line, column);
      view.dispatch({ selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: "center" }) });
      view.focus();
    },
    close: () => view.destroy(),
  };
}

function extensionsOf({ label, describedBy, suggest, onChange, minLines, maxLines, placeholder }: Parts): Extension {
  return [
    lineNumbers(),
    highlightSpecialChars(),
    history(),
    drawSelection(),
    EditorState.allowMultipleSelections.of(true),
    EditorState.tabSize.of(2),
    indentUnit.of("  "),
    indentOnInput(),
    bracketMatching(),
    closeBrackets(),
    highlightActiveLine(),
    lintGutter(),
    empty(placeholder),
    syntaxHighlighting(COLOURS),
    autocompletion({ override: [async (context) => await completionsAt(context, suggest())], maxRenderedOptions: 100, icons: false }),
    // Tab indents; Esc and then Tab leaves.
    keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...historyKeymap, ...completionKeymap, ...lintKeymap, indentWithTab]),
    EditorView.lineWrapping,
    EditorView.contentAttributes.of({ "aria-label": label, "aria-describedby": describedBy, tabindex: "0", spellcheck: "false" }),
    EditorView.updateListener.of(({ docChanged, state }) => {
      if (docChanged) onChange(state.doc.toString());
    }),
    EditorView.theme({
      ".cm-scroller": { minHeight: `${minLines * LINE_PX + 10}px`, maxHeight: `${maxLines * LINE_PX + 10}px` },
    }),
    THEME,
  ];
}

async function completionsAt(context: CompletionContext, suggest: Suggest | undefined) {
  if (suggest === undefined) return null;
  const { number, from } = context.state.doc.lineAt(context.pos);
  const before = context.state.sliceDoc(Math.max(0, context.pos - 1), context.pos);
  // While typing: after what opens something, or inside a word.
  if (!context.explicit && !/[\w.?/:]/.test(before)) return null;
  const abort = new AbortController();
  context.addEventListener("abort", () => abort.abort());
  const found = await suggest({ text: context.state.doc.toString(), line: number, column: context.pos - from + 1, signal: abort.signal });
  if (context.aborted || found === undefined || found.options.length === 0) return null;
  return {
    from: from + found.from - 1,
    validFor: /^[\w./-]*$/,
    options: found.options.map(({ label, kind, detail, info, apply }): Completion => ({
      label,
      type: kind,
      ...(detail === undefined ? {} : { detail }),
      ...(info === undefined ? {} : { info }),
      ...(apply === undefined ? {} : { apply }),
      // What the objects have stands before what the language has.
      boost: kind === "function" ? -10 : 0,
    })),
  };
}

function markOf(state: EditorState, { line, column, reason, mend, severity = "error" }: TextProblem): Diagnostic[] {
  if (line < 1) return [];
  const from = placeIn(state, line, column ?? 1);
  const whole = state.doc.lineAt(from);
  // From the column the word that is meant, without one the line.
  const word = /^[\w$.?-]+/.exec(state.sliceDoc(from, whole.to))?.[0].length ?? 1;
  const start = column === undefined ? from + (whole.text.length - whole.text.trimStart().length) : from;
  const to = column === undefined ? whole.to : Math.min(whole.to, from + word);
  return [{ from: Math.min(start, to), to, severity, message: mend === undefined ? reason : `${reason} ${mend}` }];
}

function placeIn(state: EditorState, line: number, column: number): number {
  const at = state.doc.line(Math.min(Math.max(line, 1), state.doc.lines));
  return Math.min(at.to, at.from + column - 1);
}

const LINE_PX = 19;

/** Colours of the app, so that light and dark need no second theme. */
const COLOURS = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: "var(--rb-accent)" },
  { tag: [tags.string, tags.content], color: "var(--rb-text)" },
  { tag: [tags.number, tags.bool, tags.null, tags.keyword, tags.labelName], color: "var(--rb-busy)" },
  { tag: tags.comment, color: "var(--rb-dim)", fontStyle: "italic" },
  { tag: [tags.punctuation, tags.separator, tags.squareBracket, tags.brace, tags.meta], color: "var(--rb-dim)" },
  { tag: tags.invalid, color: "var(--rb-fail)" },
]);

const THEME = EditorView.theme({
  "&": { fontSize: "12.5px", color: "var(--rb-text)", backgroundColor: "var(--mantine-color-body)", borderRadius: "6px" },
  "&.cm-focused": { outline: "2px solid var(--rb-accent)", outlineOffset: "-1px" },
  ".cm-scroller": { fontFamily: "var(--mantine-font-family-monospace)", lineHeight: `${LINE_PX}px`, borderRadius: "6px" },
  ".cm-content": { caretColor: "var(--rb-text)", padding: "5px 0" },
  ".cm-cursor": { borderLeftColor: "var(--rb-text)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "color-mix(in srgb, var(--rb-accent) 24%, transparent)",
  },
  ".cm-gutters": {
    backgroundColor: "var(--rb-surface)",
    color: "var(--rb-dim)",
    border: "none",
    borderRight: "1px solid var(--rb-border)",
  },
  ".cm-placeholder": { color: "var(--rb-dim)" },
  ".cm-activeLine": { backgroundColor: "color-mix(in srgb, var(--rb-hover) 60%, transparent)" },
  ".cm-matchingBracket": { backgroundColor: "var(--rb-accent-soft)" },
  ".cm-tooltip": {
    backgroundColor: "var(--rb-raised)",
    color: "var(--rb-text)",
    border: "1px solid var(--rb-border-strong)",
    borderRadius: "6px",
    boxShadow: "0 4px 16px rgb(0 0 0 / 12%)",
    maxWidth: "min(560px, 90vw)",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": {
    fontFamily: "var(--mantine-font-family-monospace)",
    fontSize: "12.5px",
    maxHeight: "264px",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { padding: "3px 8px" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: "var(--rb-accent-soft)", color: "var(--rb-text)" },
  ".cm-completionDetail": { color: "var(--rb-dim)", fontStyle: "normal", marginLeft: "12px" },
  ".cm-completionMatchedText": { textDecoration: "none", fontWeight: "650" },
  ".cm-diagnostic": { padding: "6px 10px", fontFamily: "var(--mantine-font-family)", fontSize: "13px", borderLeftWidth: "3px" },
  ".cm-diagnostic-error": { borderLeftColor: "var(--rb-fail)" },
  ".cm-diagnostic-warning": { borderLeftColor: "var(--rb-warn)" },
  ".cm-lintRange-error": { backgroundImage: "none", textDecoration: "underline wavy var(--rb-fail)", textUnderlineOffset: "3px" },
  ".cm-lintRange-warning": { backgroundImage: "none", textDecoration: "underline wavy var(--rb-warn)", textUnderlineOffset: "3px" },
  ".cm-lint-marker": { width: "10px", height: "10px" },
});
