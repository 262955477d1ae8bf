import { setAt, type FieldSpec, type Values } from "./schema.ts";

/** A problem the server found, by the field's dotted path. */
export interface FieldProblem {
  readonly field: string;
  readonly reason: string;
  readonly mend?: string | undefined;
}

export interface FormState {
  readonly values: Values;
  readonly problems: readonly FieldProblem[];
  /** Fields one has been in: only these complain while one types. */
  readonly touched: ReadonlySet<string>;
  readonly onChange: (values: Values) => void;
  readonly onTouch: (path: string) => void;
}

/** The words before a field; where its schema has no title, `providesApis` is Provides APIs. */
export function titleOf({ schema, name }: FieldSpec): string {
  return typeof schema["title"] === "string"
    ? schema["title"]
    : name
        .replace(/([a-z])([A-Z])(?![A-Z])/g, (_, before: string, letter: string) => `${before} ${letter.toLowerCase()}`)
        .replace(/\b[Aa]pi(s?)\b/g, "API$1")
        .replace(/^./, (first) => first.toUpperCase());
}

/** Sets one field and tells the form. */
export function change(state: FormState, path: string, value: unknown): void {
  state.onChange(setAt(state.values, path, value));
}
