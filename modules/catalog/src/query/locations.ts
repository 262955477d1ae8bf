import type { Location } from "@roadbed/contracts/catalog/backstage";
import { ConflictError, InvalidError, NotFoundError, type Sql } from "@roadbed/core";

import { branchOf, nameOf, pageOfFile, readTarget, splitTarget } from "../source/git-address.ts";
import type { NewSource } from "../source/source-store.ts";

/** A location as its client wrote it. */
export interface Spec {
  readonly type: string;
  readonly target: string;
}

/** Sources that are locations: what was registered by calls or read through an API is not. */
const KINDS = ["git", "folder", "repository"];

/** The source that a location becomes. Throws `InvalidError` for a sort of location that cannot be read. */
export function sourceOf({ type, target: text }: Spec): NewSource {
  const target = readTarget(text);
  const fits = type === "url" ? target.kind === "git" : type === "file" ? target.kind === "folder" : type === "repository";
  if (!fits) {
    throw new InvalidError(`Registered locations must be of type "url" or "file", and ${type}:${text} is neither`, {
      problems: [
        { at: "type", reason: `does not fit the target ${text}`, mend: "Use url with the address of a repository or of a file in one." },
      ],
    });
  }
  const kind = type === "repository" ? "repository" : target.kind;
  return { kind, target: target.target, name: nameOf(target.target), branch: branchOf(target), watch: true };
}

interface Row {
  readonly id: string;
  readonly kind: string;
  readonly target: string;
  readonly branch: string | null;
  readonly said_type: string | null;
  readonly said_target: string | null;
}

const SELECT = `select s.id, s.kind, s.target, s.branch, l.type as said_type, l.target as said_target
  from catalog.source s left join catalog.location l on l.source_id = s.id`;

export async function listLocations(sql: Sql, after: string, limit: number): Promise<Location[]> {
  const { rows } = await sql.query<Record<string, unknown>>(`${SELECT} where s.kind = any($1) and s.id > $2 order by s.id limit $3`, [
    KINDS,
    after,
    limit,
  ]);
  return (rows as unknown as Row[]).map(locationOf);
}

/** Throws `NotFoundError`. */
export async function getLocation(sql: Sql, id: string): Promise<Location> {
  const { rows } = await sql.query<Record<string, unknown>>(`${SELECT} where s.id = $1 and s.kind = any($2)`, [id, KINDS]);
  if (!rows[0]) throw new NotFoundError("location", id);
  return locationOf(rows[0] as unknown as Row);
}

/** The location that says, or would say, the same. */
export async function findLocation(sql: Sql, spec: Spec): Promise<Location | undefined> {
  const { kind, target, branch } = sourceOf(spec);
  const { rows } = await sql.query<Record<string, unknown>>(
    `${SELECT} where (l.type = $1 and l.target = $2) or (s.kind = $3 and s.target = $4 and s.branch is not distinct from $5) limit 1`,
    [spec.type, spec.target, kind, target, branch ?? null],
  );
  return rows[0] && locationOf(rows[0] as unknown as Row);
}

/** Throws `ConflictError` when another location is called so. */
export async function nameLocation(sql: Sql, sourceId: string, { type, target }: Spec): Promise<void> {
  const { rows } = await sql.query("select 1 from catalog.location where type = $1 and target = $2 and source_id <> $3", [
    type,
    target,
    sourceId,
  ]);
  if (rows.length > 0) throw conflict({ type, target });
  await sql.query(
    `insert into catalog.location (source_id, type, target) values ($1, $2, $3)
     on conflict (source_id) do update set type = excluded.type, target = excluded.target`,
    [sourceId, type, target],
  );
}

export function conflict({ type, target }: Spec): ConflictError {
  return new ConflictError(`Location ${type}:${target} already exists`, { mend: "Refresh it instead: onConflict=refresh." });
}

function locationOf({ id, kind, target, branch, said_type, said_target }: Row): Location {
  if (said_type !== null && said_target !== null) return { id, type: said_type, target: said_target };
  if (kind === "git") {
    const { path } = splitTarget(target);
    return { id, type: "url", target: path === undefined ? target : pageOfFile(target, branch, path) };
  }
  return { id, type: kind === "folder" ? "file" : kind, target };
}

/** A source as it was before a location was pointed elsewhere. */
export async function moveSource(sql: Sql, id: string, next: NewSource): Promise<void> {
  const { rows } = await sql.query(
    "select 1 from catalog.source where kind = $1 and target = $2 and branch is not distinct from $3 and id <> $4",
    [next.kind, next.target, next.branch ?? null, id],
  );
  if (rows.length > 0) throw new ConflictError(`Another source reads ${next.target} already.`, { mend: "Remove this one instead." });
  await sql.query("update catalog.source set kind = $2, target = $3, branch = $4, name = $5, fingerprint = null where id = $1", [
    id,
    next.kind,
    next.target,
    next.branch ?? null,
    next.name,
  ]);
}
