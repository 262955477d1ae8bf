import { posix } from "node:path";

import type { Sql } from "@roadbed/core";

import { keyOfAddress } from "../../source/git-address.ts";
import { targetOfFault } from "../../source/location-targets.ts";
import { resolveInside } from "../../source/tree.ts";
import type { Standpoint } from "../standpoints.ts";
import type { Step } from "./explain-entity.ts";
import { optional, pages } from "./look.ts";

/** A target of a Location that led to no file: a path, a pattern or an address. */
export interface Unmatched {
  readonly sourceId: string;
  readonly sourceName: string;
  readonly file: string;
  readonly line: number | null;
  readonly at: string;
  readonly reason: string;
  readonly mend: string | null;
  readonly target: string;
}

const MOST = 200;

/** Targets of locations that led nowhere, of all sources or of one. */
export async function listUnmatched(sql: Sql, { visible }: Standpoint, sourceId?: string): Promise<Unmatched[]> {
  const { rows } = await sql.query<Record<string, unknown>>(
    `select s.id as "sourceId", s.name as "sourceName", p.file, p.line, p.at, p.reason, p.mend
     from catalog.source_problem p join catalog.source s on s.id = p.source_id
     where p.at like 'spec.target%' and ($1::text is null or s.id = $1) order by s.name, p.position limit ${MOST}`,
    [sourceId ?? null],
  );
  return (rows as unknown as Omit<Unmatched, "target">[]).flatMap((row) => {
    const target = targetOfFault(row.reason);
    return target !== undefined && visible.seesSource(row.sourceId) ? [{ ...row, target }] : [];
  });
}

/** Whether somebody meant this file of the source, or this address, by it. */
export function isMeant({ target, file }: Unmatched, place: string): boolean {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(target)) return target === place || keyOfAddress(target) === keyOfAddress(place);
  const inside = resolveInside(file, target);
  if (inside === undefined) return false;
  return inside === place || posix.matchesGlob(place, inside) || isNear(place, inside);
}

/** The same folder and nearly the same name: `services/a.yml` where `services/*.yaml` is looked for. */
function isNear(place: string, pattern: string): boolean {
  const bare = (path: string): string => path.replace(/\.[a-z]+$/i, "").toLowerCase();
  return posix.matchesGlob(bare(place), bare(pattern));
}

export function stepOf({ sourceId, sourceName, file, line, at, reason }: Unmatched): Step {
  return {
    looked: `a location of "${sourceName}"`,
    outcome: "stopped",
    detail: `${at}: ${reason}`,
    sourceId,
    file,
    link: pages.source(sourceId),
    ...optional("line", line),
  };
}
