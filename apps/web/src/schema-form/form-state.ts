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
  /** What is sent beside the values and kept nowhere: a token that somebody types for a host. */
  readonly secrets?: Readonly<Record<string, string>>;
  readonly onSecret?: (name: string, value: string) => void;
}

/** Names that are letters are written large, wherever they stand. */
const LETTERS = /\b(https|http|dns|tls|aws|api|url|uri|dn|id|ca|ssl|ip|sso|ldap|scim|json|yaml|csv|sql|gcp|s3)(s?)\b/gi;

/** The words before a field; where its schema has no title, `providesApis` is Provides APIs and `baseDn` is Base DN. */
export function titleOf({ schema, name }: FieldSpec): string {
  return typeof schema["title"] === "string"
    ? schema["title"]
    : name
        .replace(/([a-z])([A-Z])(?![A-Z])/g, (_, before: string, letter: string) => `${before} ${letter.toLowerCase()}`)
        .replace(LETTERS, (_, letters: string, many: string) => letters.toUpperCase() + many.toLowerCase())
        .replace(/^./, (first) => first.toUpperCase());
}

/** Sets one field and tells the form. */
export function change(state: FormState, path: string, value: unknown): void {
  state.onChange(setAt(state.values, path, value));
}
