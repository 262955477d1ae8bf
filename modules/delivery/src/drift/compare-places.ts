import type { DriftDifference } from "@roadbed/contracts/delivery/drift";
import type { DriftPolicy } from "@roadbed/contracts/delivery/environments";
import type { Sql } from "@roadbed/core";

import { MANIFEST_FILE, parseManifest, type Manifest } from "../workload/manifest.ts";
import { differencesOf, withAccepted, type Accepted, type Actual, type Wanted } from "./differences.ts";

/** What a runtime can tell beyond what is written down of a workload. */
export interface Seen {
  /** What it keeps running; undefined where this server does not know. */
  readonly running?: { readonly commit: string; readonly manifest: Manifest } | undefined;
  readonly stale: readonly string[];
}

/** Asked of each place: the local runtime answers for its processes, another one for its objects. */
export type Look = (place: { readonly entityRef: string; readonly environment: string; readonly name: string }) => Promise<Seen>;

export interface Place {
  readonly entityRef: string;
  readonly environment: string;
  readonly policy: DriftPolicy;
  readonly releaseId: string;
  readonly repository: string;
  readonly wanted: Wanted;
  readonly actual: Actual | undefined;
  readonly accepted: Accepted;
  readonly differences: readonly DriftDifference[];
}

interface Row extends Record<string, unknown> {
  readonly entity_ref: string;
  readonly environment: string;
  readonly policy: DriftPolicy;
  readonly release_id: string;
  readonly repository: string;
  readonly commit: string;
  readonly text: string;
  readonly changes: Accepted | null;
  readonly name: string | null;
  readonly runs_commit: string | null;
  readonly runs_manifest: Manifest | null;
  readonly desired: string | null;
}

const AT_ONCE = 5_000;
/**
 * Nothing is on its way there: what is being changed is no drift. Where releases begin, one is made of what was just deployed well and written to
 * Git a moment later.
 */
const QUIET = `not exists (select 1 from delivery.promotion p where p.entity_ref = d.entity_ref and p.environment = d.environment
    and p.state in ('writing', 'deploying', 'held'))
  and not exists (select 1 from delivery.deployment t where t.entity_ref = d.entity_ref and t.environment = d.environment and t.ended_at is null)
  and not (cardinality(e.upstream) = 0 and exists (select 1 from delivery.deployment t where t.entity_ref = d.entity_ref and t.environment = d.environment
    and t.ended_at > now() - interval '30 seconds'))`;

/** Everything that an environment is to run, beside what runs. Of one place where one is named. */
export async function comparePlaces(
  sql: Sql,
  look: Look,
  one?: { readonly entityRef: string; readonly environment: string },
): Promise<Place[]> {
  const { rows } = await sql.query<Row>(
    `select d.entity_ref, d.environment, e.drift as policy, d.release_id, r.repository, r.commit, r.config ->> '${MANIFEST_FILE}' as text,
       a.changes, w.name, w.commit as runs_commit, w.manifest as runs_manifest, w.desired
     from delivery.desired d join delivery.release r on r.id = d.release_id join delivery.environment e on e.name = d.environment and e.ended_at is null
     left join delivery.accepted a on a.entity_ref = d.entity_ref and a.environment = d.environment and a.release_id = d.release_id
     left join delivery.workload w on w.entity_ref = d.entity_ref and w.environment = d.environment
     where r.commit is not null and r.repository is not null and r.config ? '${MANIFEST_FILE}' and e.runtime = 'local'
       and ($1::text is null or (d.entity_ref, d.environment) = ($1, $2)) and ${QUIET}
     order by d.environment, d.entity_ref limit ${AT_ONCE}`,
    [one?.entityRef ?? null, one?.environment ?? null],
  );
  return Promise.all(rows.map((row) => placeOf(row, look)));
}

async function placeOf(row: Row, look: Look): Promise<Place> {
  const { entity_ref: entityRef, environment, name, changes } = row;
  const accepted = changes ?? {};
  const wanted = { commit: row.commit, manifest: withAccepted(parseManifest(row.text), accepted), suspended: accepted.suspended === true };
  const seen = name === null ? undefined : await look({ entityRef, environment, name });
  const actual = seen && actualOf(row, seen);
  return {
    entityRef,
    environment,
    policy: row.policy,
    releaseId: row.release_id,
    repository: row.repository,
    wanted,
    actual,
    accepted,
    differences: differencesOf(wanted, actual),
  };
}

/** The process counts where it is known; else what was written down of it. */
function actualOf(row: Row, { running, stale }: Seen): Actual {
  const suspended = row.desired === "stopped";
  const written = { commit: row.runs_commit ?? undefined, manifest: row.runs_manifest ?? undefined };
  return { ...(suspended || running === undefined ? written : running), suspended, stale };
}
