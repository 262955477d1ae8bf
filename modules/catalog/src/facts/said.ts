import type { Entity } from "@roadbed/contracts/catalog";
import type { Sql } from "@roadbed/core";

import type { Claim, DeclaredOrder, Overlay, Voice } from "./merge-claims.ts";
import { parseProperty } from "./property.ts";

/** Who says something, with what a receipt shows of it. */
export interface Witness extends Voice {
  readonly sourceId: string | undefined;
  readonly sourceName: string;
  readonly sourceKind: string;
  readonly location: string | undefined;
  readonly line: number | undefined;
  readonly rule: string | undefined;
  /** Undefined: that of its source. */
  readonly confidence: number | undefined;
  /** When the system itself, or the person, said so; undefined: as its source ages. */
  readonly observedAt: Date | undefined;
  readonly actor: string | undefined;
  readonly reason: string | undefined;
}

/** All that is said of one entity besides what its defining source says. */
export interface Said {
  readonly claims: readonly Claim<Witness>[];
  readonly overlays: readonly Overlay<Witness>[];
}

/** An entity of which it is asked what else is said: by its name, and by its annotations. */
export interface About {
  readonly ref: string;
  readonly entity: Pick<Entity, "metadata">;
}

/** By reference; entities of which nothing else is said are not in it. */
export async function readSaid(sql: Sql, about: readonly About[]): Promise<Map<string, Said>> {
  const found = new Map<string, { claims: Claim<Witness>[]; overlays: Overlay<Witness>[] }>();
  const of = (ref: string) => {
    const known = found.get(ref);
    if (known) return known;
    const made = { claims: [], overlays: [] };
    found.set(ref, made);
    return made;
  };
  if (about.length === 0) return found;
  // Mostly nothing is: then ten thousand names need not be sent to be told so.
  const { rows } = await sql.query<{ said: boolean }>(
    "select exists (select 1 from catalog.overlay) or exists (select 1 from catalog.claim) as said",
  );
  if (rows[0]?.said !== true) return found;
  const refs = about.map(({ ref }) => ref);
  for (const row of await readOverlays(sql, refs)) {
    const path = parseProperty(row.property);
    if (path) of(row.ref).overlays.push({ path, value: row.value, voice: voiceOfPerson(row) });
  }
  for (const row of await readNamed(sql, refs)) of(row.ref!).claims.push(claimOf(row));
  for (const [ref, row] of await readMatching(sql, about)) of(ref).claims.push(claimOf(row));
  return found;
}

/** What a person set, as it is stored. */
export interface OverlayRow {
  readonly ref: string;
  readonly property: string;
  readonly value: unknown;
  readonly locked: boolean;
  readonly reason: string | null;
  readonly actor: string;
  readonly at: Date;
}

export async function readOverlays(sql: Sql, refs: readonly string[]): Promise<OverlayRow[]> {
  const { rows } = await sql.query<Record<string, unknown>>(
    "select ref, property, value, locked, reason, actor, at from catalog.overlay where ref = any($1)",
    [refs],
  );
  return rows as unknown as OverlayRow[];
}

interface ClaimRow {
  readonly ref: string | null;
  readonly source_id: string;
  readonly key: string;
  readonly standing: "standby" | "connector";
  readonly annotation: string | null;
  readonly annotation_value: string | null;
  readonly document: unknown;
  readonly location: string;
  readonly line: number | null;
  readonly rule: string | null;
  readonly confidence: number | null;
  readonly observed_at: Date | null;
  readonly since: Date;
  readonly source_name: string;
  readonly source_kind: string;
}

const COLUMNS = `c.ref, c.source_id, c.key, c.standing, c.annotation, c.annotation_value, c.document, c.location, c.line, c.rule,
  c.confidence, c.observed_at, c.since, s.name as source_name, s.kind as source_kind`;

async function readNamed(sql: Sql, refs: readonly string[]): Promise<ClaimRow[]> {
  const { rows } = await sql.query<Record<string, unknown>>(
    `select ${COLUMNS} from catalog.claim c join catalog.source s on s.id = c.source_id where c.ref = any($1)`,
    [refs],
  );
  return rows as unknown as ClaimRow[];
}

/** Claims about whatever has a value of an annotation. Without any such claim this costs one small question. */
async function readMatching(sql: Sql, about: readonly About[]): Promise<[string, ClaimRow][]> {
  const { rows: asked } = await sql.query<{ annotation: string }>(
    "select distinct annotation from catalog.claim where annotation is not null",
  );
  if (asked.length === 0) return [];
  const wanted = about.flatMap(({ ref, entity }) =>
    asked.flatMap(({ annotation }) => {
      const value = entity.metadata.annotations?.[annotation];
      return value === undefined ? [] : [{ ref, annotation, value }];
    }),
  );
  if (wanted.length === 0) return [];
  const { rows } = await sql.query<Record<string, unknown>>(
    `select ${COLUMNS} from catalog.claim c join catalog.source s on s.id = c.source_id
     where (c.annotation, c.annotation_value) in (select * from unnest($1::text[], $2::text[]))`,
    [wanted.map(({ annotation }) => annotation), wanted.map(({ value }) => value)],
  );
  const claims = rows as unknown as ClaimRow[];
  return wanted.flatMap(({ ref, annotation, value }) =>
    claims
      .filter((claim) => claim.annotation === annotation && claim.annotation_value === value)
      .map((claim): [string, ClaimRow] => [ref, claim]),
  );
}

function claimOf(row: ClaimRow): Claim<Witness> {
  return {
    document: row.document,
    voice: {
      id: `${row.source_id} ${row.key}`,
      standing: row.standing,
      names: namesOf(row.source_id, row.source_name, row.source_kind),
      since: row.since.getTime(),
      sourceId: row.source_id,
      sourceName: row.source_name,
      sourceKind: row.source_kind,
      location: row.location,
      line: row.line ?? undefined,
      rule: row.rule ?? undefined,
      confidence: row.confidence ?? undefined,
      observedAt: row.observed_at ?? undefined,
      actor: undefined,
      reason: undefined,
    },
  };
}

function voiceOfPerson({ property, locked, reason, actor, at }: OverlayRow): Witness {
  return {
    id: `person ${property}`,
    standing: locked ? "lock" : "person",
    names: [actor.toLowerCase()],
    since: at.getTime(),
    sourceId: undefined,
    sourceName: "set by hand",
    sourceKind: "person",
    location: undefined,
    line: undefined,
    rule: undefined,
    confidence: undefined,
    observedAt: at,
    actor,
    reason: reason ?? undefined,
  };
}

/** The words by which an order may mean a source. */
export function namesOf(id: string, name: string, kind: string): readonly string[] {
  return [id, name, kind].map((word) => word.toLowerCase());
}

/** The voice of the source that defines an entity. */
export function definingVoice(o: {
  readonly sourceId: string;
  readonly sourceName: string;
  readonly sourceKind: string;
  readonly location?: string;
  readonly line?: number | null;
}): Witness {
  return {
    id: "definition",
    standing: "definition",
    names: namesOf(o.sourceId, o.sourceName, o.sourceKind),
    since: 0,
    sourceId: o.sourceId,
    sourceName: o.sourceName,
    sourceKind: o.sourceKind,
    location: o.location,
    line: o.line ?? undefined,
    rule: undefined,
    confidence: undefined,
    observedAt: undefined,
    actor: undefined,
    reason: undefined,
  };
}

/** Declared orders by kind in lower case; those of a kind hide those of every kind for the same property. */
export async function readPrecedence(sql: Sql): Promise<(kind: string) => readonly DeclaredOrder[]> {
  const { rows } = await sql.query<{ kind: string; property: string; sources: string[] }>(
    "select kind, property, sources from catalog.precedence order by kind, property",
  );
  const byKind = new Map<string, DeclaredOrder[]>();
  for (const { kind, property, sources } of rows) {
    const order = { property: parseProperty(property) ?? [], order: sources };
    byKind.set(kind, [...(byKind.get(kind) ?? []), order]);
  }
  // The merge takes the first that fits, so the kind's own come first.
  return (kind) => [...(byKind.get(kind.toLowerCase()) ?? []), ...(byKind.get("*") ?? [])];
}
