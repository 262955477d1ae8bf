import type { PolicyAction } from "@roadbed/contracts/standards";
import { listFindings, summarizeAudit, type AuditFinding } from "@roadbed/contracts/standards/audit";
import type { Waiver } from "@roadbed/contracts/standards/waivers";
import { encodeCursor, handle, NotFoundError, readCursor, z, type Handler, type Row, type Sql } from "@roadbed/core";

import type { LoadedPolicy } from "../policy/policy.ts";
import type { Things } from "../scorecard/things.ts";
import { selectInForce } from "../waiver/waiver-store.ts";

interface Parts {
  readonly policies: readonly LoadedPolicy[];
  readonly things: Pick<Things, "viewOf">;
}

const Place = z.tuple([z.string(), z.string(), z.number(), z.string(), z.string()]);
const AT_ONCE = 1_000;

/** What the audit found, as the caller may see it: what they may not see is neither listed nor counted. */
export function makeFindingReaders({ policies, things }: Parts): Handler[] {
  const known = new Map(policies.map((policy) => [policy.name, policy]));

  const list = handle(listFindings, async (ctx, { limit, cursor, ...filter }) => {
    const view = await things.viewOf(ctx);
    if (filter.entity !== undefined && !view.get(filter.entity)) {
      throw new NotFoundError("entity", filter.entity, "List the entities to see what there is.");
    }
    const waivers = await waiversOf(ctx.sql, ctx.now());
    const items: AuditFinding[] = [];
    let place = readCursor(Place, cursor) ?? ["", "", -1, "", ""];
    // What is not seen, and what the filter of waivers leaves out, is passed over: pages are full.
    for (let more = true; more && items.length <= limit;) {
      const rows = await selectAfter(ctx.sql, place, filter);
      more = rows.length === AT_ONCE;
      for (const row of rows) {
        const waiver = waivers(row);
        const shown = view.get(row.ref) !== undefined && (filter.waived === undefined || filter.waived === (waiver !== undefined));
        if (shown && items.length === limit) return { items, nextCursor: encodeCursor(place) };
        if (shown) items.push(toFinding(row, known.get(row.policy), waiver));
        place = [row.policy, row.ref, row.position, row.binding, row.params];
      }
    }
    return { items };
  });

  const summary = handle(summarizeAudit, async (ctx) => {
    const view = await things.viewOf(ctx);
    const waivers = await waiversOf(ctx.sql, ctx.now());
    const total = makeTally();
    const byPolicy = new Map<string, Tally>();
    const byTeam = new Map<string, Tally>();
    const { rows } = await ctx.sql.query<FindingRow>("select ref, policy, team, severity from standards.audit_finding");
    for (const row of rows) {
      if (!view.get(row.ref)) continue;
      const waived = waivers(row) !== undefined;
      for (const tally of [total, of(byPolicy, row.policy), of(byTeam, row.team ?? "")]) tally.add(row, waived);
    }
    const { rows: states } = await ctx.sql.query<{ looked_at: Date | null; sweep_after: string | null; policies: string }>(
      "select looked_at, sweep_after, policies from standards.audit_state",
    );
    const state = states[0];
    const { findings, entities, waived } = total.count();
    return {
      findings,
      entities,
      waived,
      policies: sorted([...byPolicy].map(([name, tally]) => ({ name, ...titleOf(known.get(name)), ...tally.count() }))),
      teams: sorted([...byTeam].map(([name, tally]) => ({ name, ...tally.count() }))),
      ...(state?.looked_at ? { lookedAt: state.looked_at.toISOString() } : {}),
      behind: state === undefined || state.sweep_after !== null || state.policies === "",
    };
  });

  return [list, summary];
}

interface FindingRow extends Row {
  readonly ref: string;
  readonly policy: string;
  readonly position: number;
  readonly binding: string;
  readonly params: string;
  readonly team: string | null;
  readonly severity: PolicyAction;
  readonly result: "fail" | "error";
  readonly message: string;
  readonly mend: string;
  readonly since: Date;
}

interface Filter {
  readonly policy?: string | undefined;
  readonly entity?: string | undefined;
  readonly team?: string | undefined;
  readonly severity?: PolicyAction | undefined;
}

async function selectAfter(sql: Sql, place: z.infer<typeof Place>, { policy, entity, team, severity }: Filter): Promise<FindingRow[]> {
  const { rows } = await sql.query<FindingRow>(
    `select * from standards.audit_finding
     where (policy, ref, position, binding, params) > ($1, $2, $3, $4, $5)
       and ($6::text is null or policy = $6) and ($7::text is null or ref = $7) and ($8::text is null or team = $8)
       and ($9::text is null or severity = $9)
     order by policy, ref, position, binding, params limit ${AT_ONCE}`,
    [...place, policy ?? null, entity ?? null, team ?? null, severity ?? null],
  );
  return rows;
}

/** The waiver that holds for a finding now. */
async function waiversOf(sql: Sql, now: Date): Promise<(row: Pick<FindingRow, "ref" | "policy" | "team">) => Waiver | undefined> {
  const byPolicy = Map.groupBy(await selectInForce(sql, now), ({ policy }) => policy);
  return ({ ref, policy, team }) => {
    const namespace = ref.slice(ref.indexOf(":") + 1, ref.indexOf("/"));
    return byPolicy
      .get(policy)
      ?.find((one) => one.entity === ref || one.namespace === namespace || (one.team !== undefined && one.team === team));
  };
}

function toFinding(row: FindingRow, policy: LoadedPolicy | undefined, waiver: Waiver | undefined): AuditFinding {
  return {
    policy: row.policy,
    title: policy?.title ?? row.policy,
    severity: row.severity,
    result: row.result,
    message: row.message,
    mend: row.mend,
    why: policy?.why ?? "",
    expression: policy?.rules[row.position]?.expression ?? "",
    resource: row.ref,
    entity: row.ref,
    since: row.since.toISOString(),
    ...(row.team === null ? {} : { team: row.team }),
    ...(row.binding === "" ? {} : { binding: row.binding }),
    ...(row.params === "" ? {} : { params: row.params }),
    ...(waiver === undefined ? {} : { waiver: { id: waiver.id, reason: waiver.reason, owner: waiver.owner, expiresAt: waiver.expiresAt } }),
  };
}

interface Counts {
  findings: number;
  entities: number;
  deny: number;
  warn: number;
  audit: number;
  waived: number;
}

interface Tally {
  add(row: Pick<FindingRow, "ref" | "severity">, waived: boolean): void;
  count(): Counts;
}

function makeTally(): Tally {
  const refs = new Set<string>();
  const counts = { findings: 0, deny: 0, warn: 0, audit: 0, waived: 0 };
  return {
    add({ ref, severity }, waived) {
      refs.add(ref);
      counts.findings++;
      if (waived) counts.waived++;
      else counts[severity]++;
    },
    count: () => ({ ...counts, entities: refs.size }),
  };
}

function of(tallies: Map<string, Tally>, name: string): Tally {
  const before = tallies.get(name);
  if (before) return before;
  const made = makeTally();
  tallies.set(name, made);
  return made;
}

function titleOf(policy: LoadedPolicy | undefined): { title?: string } {
  return policy === undefined ? {} : { title: policy.title };
}

function sorted<T extends { readonly findings: number; readonly name: string }>(counts: T[]): T[] {
  return counts.toSorted((a, b) => b.findings - a.findings || (a.name < b.name ? -1 : 1));
}
