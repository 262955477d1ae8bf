import type { Sql } from "@roadbed/core";

import type { Diff } from "../source/compare-snapshot.ts";
import type { Candidate, Enrichment, Snapshot } from "../source/snapshot.ts";

/** What a source says of entities that it does not define. */
interface NewClaim {
  readonly key: string;
  readonly standing: "standby" | "connector";
  readonly ref: string | null;
  readonly annotation: string | null;
  readonly annotationValue: string | null;
  readonly json: string;
  readonly hash: string;
  readonly location: string;
  readonly line: number | null;
  readonly docsRoot: string | null;
  readonly rule: string | null;
  readonly confidence: number | null;
  readonly observedAt: Date | null;
}

type Told = Pick<Snapshot, "enrichments" | "doubtful" | "doubtfulRefs" | "unchangedLocations">;

/**
 * Makes the stored claims of a source what it says now, and answers the entities of which something else is said than before.
 * What could not be read stays as it was. Needs `lockCatalog`.
 */
export async function storeClaims(sql: Sql, sourceId: string, snapshot: Told, losing: Diff["losing"], at: Date): Promise<string[]> {
  const said = new Map([...losing.map(fromLosing), ...(snapshot.enrichments ?? []).map(fromEnrichment)].map((claim) => [claim.key, claim]));
  const stored = new Map((await readStored(sql, sourceId)).map((row) => [row.key, row]));
  if (said.size === 0 && stored.size === 0) return [];
  const gone = [...stored.values()].filter((row) => !said.has(row.key) && !isDoubtful(row, snapshot));
  const news = [...said.values()].filter((claim) => stored.get(claim.key)?.hash !== claim.hash);
  await sql.query("delete from catalog.claim where source_id = $1 and key = any($2)", [sourceId, gone.map(({ key }) => key)]);
  await writeClaims(sql, sourceId, [...said.values()], at);
  const touched = [
    ...gone,
    ...news.map(({ ref, annotation, annotationValue }) => ({ ref, annotation, annotation_value: annotationValue })),
  ];
  return refsOf(sql, touched);
}

interface StoredKey {
  readonly key: string;
  readonly hash: string;
  readonly ref: string | null;
  readonly annotation: string | null;
  readonly annotation_value: string | null;
  readonly location: string;
}

async function readStored(sql: Sql, sourceId: string): Promise<StoredKey[]> {
  const { rows } = await sql.query<Record<string, unknown>>(
    "select key, hash, ref, annotation, annotation_value, location from catalog.claim where source_id = $1",
    [sourceId],
  );
  return rows as unknown as StoredKey[];
}

function isDoubtful({ ref, location }: StoredKey, { doubtful, doubtfulRefs, unchangedLocations = [] }: Told): boolean {
  return (
    doubtful.has(location) || (ref !== null && doubtfulRefs.has(ref)) || unchangedLocations.some((prefix) => location.startsWith(prefix))
  );
}

function fromLosing({ ref, json, hash, location, line, docsRoot }: Candidate): NewClaim {
  return {
    key: ref,
    standing: "standby",
    ref,
    annotation: null,
    annotationValue: null,
    json,
    hash,
    location,
    line,
    docsRoot,
    rule: null,
    confidence: null,
    observedAt: null,
  };
}

function fromEnrichment({ about, json, hash, location, rule, confidence, observedAt }: Enrichment): NewClaim {
  const target = "ref" in about ? about.ref : `${about.annotation}=${about.value}`;
  return {
    key: `${target} ${location}`,
    standing: "connector",
    ref: "ref" in about ? about.ref : null,
    annotation: "ref" in about ? null : about.annotation,
    annotationValue: "ref" in about ? null : about.value,
    json,
    hash,
    location,
    line: null,
    docsRoot: null,
    rule: rule ?? null,
    confidence: confidence ?? null,
    observedAt: observedAt ?? null,
  };
}

/** A claim that says the same as before is as old as before. */
async function writeClaims(sql: Sql, sourceId: string, claims: readonly NewClaim[], at: Date): Promise<void> {
  if (claims.length === 0) return;
  await sql.query(
    `insert into catalog.claim (source_id, key, standing, ref, annotation, annotation_value, document, hash, location, line, docs_root,
       rule, confidence, observed_at, since)
     select $1, w.key, w.standing, w.ref, w.annotation, w.value, w.document, w.hash, w.location, w.line, w.docs_root, w.rule,
       w.confidence, w.observed_at, $2
     from unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::json[], $9::text[], $10::text[], $11::int[], $12::text[],
       $13::text[], $14::float8[], $15::timestamptz[])
       as w(key, standing, ref, annotation, value, document, hash, location, line, docs_root, rule, confidence, observed_at)
     on conflict (source_id, key) do update set standing = excluded.standing, document = excluded.document, hash = excluded.hash,
       location = excluded.location, line = excluded.line, docs_root = excluded.docs_root, rule = excluded.rule,
       confidence = excluded.confidence, observed_at = excluded.observed_at,
       since = case when claim.hash = excluded.hash then claim.since else excluded.since end
     where (claim.hash, claim.location, claim.line, claim.docs_root, claim.rule, claim.confidence, claim.observed_at)
       is distinct from (excluded.hash, excluded.location, excluded.line, excluded.docs_root, excluded.rule, excluded.confidence, excluded.observed_at)`,
    [
      sourceId,
      at,
      claims.map(({ key }) => key),
      claims.map(({ standing }) => standing),
      claims.map(({ ref }) => ref),
      claims.map(({ annotation }) => annotation),
      claims.map(({ annotationValue }) => annotationValue),
      claims.map(({ json }) => json),
      claims.map(({ hash }) => hash),
      claims.map(({ location }) => location),
      claims.map(({ line }) => line),
      claims.map(({ docsRoot }) => docsRoot),
      claims.map(({ rule }) => rule),
      claims.map(({ confidence }) => confidence),
      claims.map(({ observedAt }) => observedAt),
    ],
  );
}

type Target = Pick<StoredKey, "ref" | "annotation" | "annotation_value">;

/** The entities that claims are about. */
export async function refsOf(sql: Sql, targets: readonly Target[]): Promise<string[]> {
  const refs = new Set(targets.flatMap(({ ref }) => (ref === null ? [] : [ref])));
  const values = Map.groupBy(
    targets.filter(({ annotation }) => annotation !== null),
    ({ annotation }) => annotation!,
  );
  for (const [annotation, some] of values) {
    // The text is looked at first: a letter that Postgres does not take as text must not end the reading of a source.
    const { rows } = await sql.query<{ ref: string }>(
      `select ref from catalog.entity where position('\\u0000' in document::text) = 0
       and document->'metadata'->'annotations'->>$1 = any($2)`,
      [annotation, some.map(({ annotation_value }) => annotation_value)],
    );
    for (const { ref } of rows) refs.add(ref);
  }
  return [...refs].sort();
}
