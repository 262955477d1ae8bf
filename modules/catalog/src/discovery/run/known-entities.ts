import type { Entity } from "@roadbed/contracts/catalog";
import type { Sql } from "@roadbed/core";

import { canonical, statementsOf, type Stating } from "../../entity/relations.ts";
import type { KnownEntity } from "../combine/draft.ts";

/** The source under which accepted proposals stand in the catalogue. */
export const PROPOSALS_SOURCE = "proposals";

interface EntityRow {
  readonly ref: string;
  readonly document: Entity;
  readonly target: string;
  readonly kind: string;
}

const COLUMNS = "e.ref, e.document, s.target, s.kind from catalog.entity e join catalog.source s on s.id = e.source_id";

/** People and groups, but for those of the sample: no person of an invented company is anybody who commits. */
export async function readPeopleOf(sql: Sql, kinds: Stating): Promise<KnownEntity[]> {
  const { rows } = await sql.query<Record<string, unknown>>(
    `select ${COLUMNS} where not s.sample and (e.ref like 'user:%' or e.ref like 'group:%') order by e.ref`,
  );
  const people = (rows as unknown as EntityRow[]).map((row) => knownOf(row, kinds));
  // Membership may be said by either end.
  const memberships = new Map<string, string[]>();
  for (const { ref, document } of rows as unknown as EntityRow[]) {
    if (!ref.startsWith("group:")) continue;
    const members = document.spec?.members;
    for (const member of Array.isArray(members) ? members : []) {
      const user = canonical(String(member), "user", document.metadata.namespace ?? "default");
      memberships.set(user, [...(memberships.get(user) ?? []), ref]);
    }
  }
  return people.map((one) =>
    memberships.has(one.ref) ? { ...one, memberOf: [...new Set([...one.memberOf, ...memberships.get(one.ref)!])].sort() } : one,
  );
}

/** Those of the references that are there, but for the sample. */
export async function readEntitiesOf(sql: Sql, kinds: Stating, refs: readonly string[]): Promise<KnownEntity[]> {
  const { rows } = await sql.query<Record<string, unknown>>(`select ${COLUMNS} where not s.sample and e.ref = any($1) order by e.ref`, [
    refs,
  ]);
  return (rows as unknown as EntityRow[]).map((row) => knownOf(row, kinds));
}

function knownOf({ ref, document, target, kind }: EntityRow, kinds: Stating): KnownEntity {
  const { metadata, spec = {} } = document;
  const profile = (spec.profile ?? {}) as { displayName?: unknown; email?: unknown };
  const title = typeof profile.displayName === "string" ? profile.displayName : metadata.title;
  const memberOf = Array.isArray(spec.memberOf)
    ? spec.memberOf.map((group) => canonical(String(group), "group", metadata.namespace ?? "default"))
    : [];
  const accounts = Object.entries(metadata.annotations ?? {}).flatMap(([name, value]) =>
    name.endsWith("/user-login") && typeof value === "string" ? [value.toLowerCase()] : [],
  );
  return {
    ref,
    kind: document.kind.toLowerCase(),
    ...(title === undefined ? {} : { title }),
    ...(typeof profile.email === "string" ? { email: profile.email.toLowerCase() } : {}),
    ...(accounts.length === 0 ? {} : { accounts }),
    memberOf,
    states: statementsOf(document, kinds).map((one) => one.target),
    proposed: kind === "inline" && target === PROPOSALS_SOURCE,
  };
}
