import type { Call, Sql } from "@roadbed/core";

import { KINDS } from "../entity/kinds.ts";
import { kindRef } from "../kinds/kind-ref.ts";
import type { Problem, Snapshot } from "./snapshot.ts";
import type { SourceRow } from "./source-store.ts";

/**
 * A kind says what every entity of it may be, so it comes only from where somebody connected who may save kinds by a call as well. What
 * the system does by itself is nobody's leave.
 */
export function mayDefineKinds({ actor, scopes }: Pick<Call, "actor" | "scopes">): boolean {
  return actor.kind !== "system" && (scopes.has("catalog:admin") || scopes.has("*"));
}

/** The snapshot without the kinds that this source may not define, and without entities of kinds that there are not otherwise. */
export async function withoutKinds(
  sql: Sql,
  source: { readonly defines_kinds?: SourceRow["defines_kinds"] },
  snapshot: Snapshot,
): Promise<Snapshot> {
  if (source.defines_kinds !== false) return snapshot;
  const given = snapshot.candidates.filter(({ entity }) => entity.kind === "Kind");
  if (given.length === 0) return snapshot;
  const { rows } = await sql.query<{ ref: string }>("select ref from catalog.entity where ref = any($1)", [given.map(({ ref }) => ref)]);
  const stored = new Set(rows.map(({ ref }) => ref));
  const missing = new Set(
    given.flatMap(({ ref, entity }) =>
      stored.has(ref) || Object.hasOwn(KINDS, entity.metadata.name) ? [] : [kindRef(entity.metadata.name)],
    ),
  );
  const problems: Problem[] = [];
  const refused = snapshot.candidates.filter(({ ref, entity, file, line }) => {
    const isKind = entity.kind === "Kind";
    if (!isKind && !missing.has(kindRef(entity.kind))) return false;
    const reason = isKind
      ? "a kind changes what every entity of it may be: this source may not define any"
      : `no such kind: ${entity.kind}, which this source may not define`;
    const mend = "Let somebody with catalog:admin import the source, or save the kind with roadbed kind save.";
    problems.push({ file, ...(line === null ? {} : { line }), at: "kind", reason, mend, ref });
    return true;
  });
  const left = new Set(refused);
  return {
    ...snapshot,
    failed: snapshot.failed + refused.length,
    candidates: snapshot.candidates.filter((candidate) => !left.has(candidate)),
    problems: [...snapshot.problems, ...problems],
    doubtfulRefs: new Set([...snapshot.doubtfulRefs, ...refused.map(({ ref }) => ref)]),
  };
}
