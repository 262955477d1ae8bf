import { z } from "zod";

/** `kind:namespace/name`, lower case: the one name of a thing everywhere in Roadbed. */
export const EntityRef = z
  .string()
  .trim()
  .max(200)
  .regex(/^[a-z][a-z0-9]*:(?:[a-z0-9-]+\/)?[^\s/:]+$/i, "must look like kind:namespace/name, e.g. component:default/orders")
  .transform((ref) => (ref.includes("/") ? ref : ref.replace(":", ":default/")).toLowerCase());

export interface RefParts {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/**
 * Splits `[kind:][namespace/]name`; a short one takes `defaults`. A slash before the first colon means that there is no kind.
 * Throws `TypeError` for an empty part or a missing kind.
 */
export function parseRef(text: string, defaults: { readonly kind?: string; readonly namespace?: string } = {}): RefParts {
  const ref = text.trim();
  const slash = ref.indexOf("/");
  const colon = slash >= 0 && slash < ref.indexOf(":") ? -1 : ref.indexOf(":");
  const kind = colon < 0 ? defaults.kind : ref.slice(0, colon);
  const namespace = slash < 0 ? (defaults.namespace ?? "default") : ref.slice(colon + 1, slash);
  const name = ref.slice(Math.max(colon, slash) + 1);
  if (!kind || namespace === "" || name === "") throw new TypeError(`"${text}" is not a reference of the form kind:namespace/name`);
  return { kind, namespace, name };
}

/** The canonical form: all three parts in lower case. */
export function formatRef({ kind, namespace, name }: RefParts): string {
  return `${kind}:${namespace}/${name}`.toLowerCase();
}
