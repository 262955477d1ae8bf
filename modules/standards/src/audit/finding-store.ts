import type { Finding } from "@roadbed/contracts/standards";
import type { Sql } from "@roadbed/core";

import { storable } from "../decision/decision-store.ts";

export interface StoredFinding {
  readonly ref: string;
  readonly team: string | undefined;
  readonly position: number;
  readonly finding: Finding;
}

/** These are all that is found of these entities now. What was found before keeps its day. */
export async function replaceFindings(
  sql: Sql,
  refs: readonly string[],
  findings: readonly StoredFinding[],
  at: Date,
): Promise<{ found: number; mended: number }> {
  if (refs.length === 0) return { found: 0, mended: 0 };
  const rows = findings.map(({ ref, team, position, finding }) => ({
    ref,
    policy: finding.policy,
    position,
    binding: finding.binding ?? "",
    params: finding.params ?? "",
    team: team ?? null,
    severity: finding.severity,
    result: finding.result,
    message: storable(finding.message),
    mend: storable(finding.mend),
  }));
  const { rows: counts } = await sql.query<{ found: number; mended: number }>(
    `with given as (
       select * from jsonb_to_recordset($2::jsonb) as g
         (ref text, policy text, position int, binding text, params text, team text, severity text, result text, message text, mend text)
     ), mended as (
       delete from standards.audit_finding f where f.ref = any($1) and not exists (
         select 1 from given g where (g.ref, g.policy, g.position, g.binding, g.params) = (f.ref, f.policy, f.position, f.binding, f.params))
       returning 1
     ), put as (
       insert into standards.audit_finding as f (ref, policy, position, binding, params, team, severity, result, message, mend, since)
       select g.ref, g.policy, g.position, g.binding, g.params, g.team, g.severity, g.result, g.message, g.mend, $3 from given g
       on conflict (ref, policy, position, binding, params) do update
         set team = excluded.team, severity = excluded.severity, result = excluded.result, message = excluded.message, mend = excluded.mend
         where (f.team, f.severity, f.result, f.message, f.mend)
           is distinct from (excluded.team, excluded.severity, excluded.result, excluded.message, excluded.mend)
       returning (xmax = 0) as new
     )
     select (select count(*) from put where new)::int as found, (select count(*) from mended)::int as mended`,
    [refs, JSON.stringify(rows), at],
  );
  return counts[0] ?? { found: 0, mended: 0 };
}
