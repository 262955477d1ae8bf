import { type Entity, parseRef } from "@roadbed/contracts/catalog";

/**
 * The relations that are built in; kinds may bring more (kinds/relation-types.ts). Every relation has a way there (even code) and a way back (odd code). The code of the way back is the other with its last bit
 * turned, so that one stored edge answers for both ends.
 */
export const RELATION_TYPES = [
  "ownedBy",
  "ownerOf",
  "partOf",
  "hasPart",
  "providesApi",
  "apiProvidedBy",
  "consumesApi",
  "apiConsumedBy",
  "dependsOn",
  "dependencyOf",
  "childOf",
  "parentOf",
  "memberOf",
  "hasMember",
] as const;

export type RelationType = (typeof RELATION_TYPES)[number];

/** The code of a built-in relation. */
export function builtInCode(type: RelationType): number {
  return RELATION_TYPES.indexOf(type);
}

/** A relation that an entity's own document states, as seen from it. */
export interface Statement {
  readonly code: number;
  /** Canonical, lower case. The entity it names need not exist. */
  readonly target: string;
}

/** The relations that the fields of a valid entity state, in the order of the fields. The other end has each of them too, the other way round. */
export function statementsOf(entity: Entity, kinds: Stating): Statement[] {
  const { spec } = entity;
  if (!spec) return [];
  const namespace = entity.metadata.namespace ?? "default";
  const statements: Statement[] = [];
  for (const { name, code, defaultKind } of kinds.statingOf(entity.kind)) {
    const value = spec[name];
    if (typeof value === "string") statements.push({ code, target: canonical(value, defaultKind, namespace) });
    else if (Array.isArray(value))
      for (const item of value) statements.push({ code, target: canonical(String(item), defaultKind, namespace) });
  }
  return statements;
}

/** A short reference in its canonical form. */
export function canonical(text: string, defaultKind: string | undefined, namespace: string): string {
  // Most references are bare names, and this runs for each of them.
  if (defaultKind !== undefined && /^[\w.-]+$/.test(text)) return `${defaultKind}:${namespace}/${text}`.toLowerCase();
  const parts = parseRef(text, { ...(defaultKind === undefined ? {} : { kind: defaultKind }), namespace });
  return `${parts.kind}:${parts.namespace}/${parts.name}`.toLowerCase();
}

/** Which fields of a kind state relations. */
export interface Stating {
  statingOf(kind: string): readonly StatingField[];
}

export interface StatingField {
  readonly name: string;
  readonly code: number;
  readonly defaultKind: string | undefined;
}
