import { asObject } from "../../schema-form/schema.ts";

type Json = Readonly<Record<string, unknown>>;

/** The parts of a kind's document that a form can show; all else is kept as it is. */
export interface KindDraft {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Json;
  readonly spec: Json;
}

/** Any document as a draft; what is missing is empty. */
export function asKind(document: unknown): KindDraft {
  const given = asObject(document);
  return { ...given, apiVersion: "roadbed.dev/v1", kind: "Kind", metadata: asObject(given["metadata"]), spec: asObject(given["spec"]) };
}

/** A copy with one part set; what becomes empty is left out. */
export function setPart(draft: KindDraft, part: "metadata" | "spec", key: string, value: unknown): KindDraft {
  const { [key]: _, ...rest } = draft[part];
  const isEmpty = value === undefined || value === "" || (typeof value === "object" && value !== null && Object.keys(value).length === 0);
  // Kept in its place: what one types must not jump about in the text.
  const next = isEmpty ? rest : Object.hasOwn(draft[part], key) ? { ...draft[part], [key]: value } : { ...rest, [key]: value };
  return { ...draft, [part]: next };
}

/** A name that is not among these yet. */
export function freshName(taken: Json, stem: string): string {
  for (let at = 1; ; at++) {
    const name = at === 1 ? stem : `${stem}${at}`;
    if (!Object.hasOwn(taken, name)) return name;
  }
}

/** The same entries with one under another name, in its place. */
export function renamed(entries: Json, from: string, to: string): Json {
  if (to === from || to === "" || Object.hasOwn(entries, to)) return entries;
  return Object.fromEntries(Object.entries(entries).map(([key, value]) => [key === from ? to : key, value]));
}
