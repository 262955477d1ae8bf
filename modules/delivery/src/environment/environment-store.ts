import type {
  CustomGate,
  DriftPolicy,
  Environment,
  ErrorBudgetRule,
  EvaluationRequirement,
  PromotedBy,
  RequiredPromotionApproval,
} from "@roadbed/contracts/delivery/environments";
import type { KubernetesPlace } from "@roadbed/contracts/delivery/kubernetes-place";
import { NotFoundError, type Ctx, type Row, type Sql } from "@roadbed/core";

/** Where a push to the default branch is deployed to by itself. */
export const FIRST_ENVIRONMENT = "dev";

/** Where workloads run, and what has to hold before a release comes there. */
export interface EnvironmentRecord {
  readonly name: string;
  readonly title: string;
  readonly description: string | undefined;
  readonly runtime: Environment["runtime"];
  /** Of the runtime `kubernetes`, and of no other. */
  readonly kubernetes: KubernetesPlace | undefined;
  /** Absent: shared, and the platform's. */
  readonly owner: string | undefined;
  readonly region: string | undefined;
  readonly residency: string | undefined;
  /** Whose verified releases may come here; none: releases begin here. */
  readonly upstream: readonly string[];
  readonly automatic: boolean;
  readonly soakMinutes: number;
  /** Whether the platform writes its branch by itself, or somebody merges what it proposes. */
  readonly by: PromotedBy;
  /** What is done when something runs there that Git does not say. */
  readonly drift: DriftPolicy;
  readonly approvals: readonly RequiredPromotionApproval[];
  readonly gates: readonly CustomGate[];
  /** Absent: nothing has to be shown by scores. */
  readonly evaluation: EvaluationRequirement | undefined;
  /** Packs and names of the policies that are asked; none: all. */
  readonly policies: readonly string[];
  readonly budget: { readonly amount: string; readonly currency: string; readonly blockUnknown: boolean } | undefined;
  /** What has to be left of the error budget of whatever comes. */
  readonly errorBudget: ErrorBudgetRule | undefined;
  readonly madeBy: string | undefined;
  readonly expiresAt: Date | undefined;
  readonly endedAt: Date | undefined;
  readonly workloads: number;
}

/** What people say of an environment; everything else comes of itself. */
export type EnvironmentText = Omit<EnvironmentRecord, "workloads" | "endedAt">;

/** Of an environment into which whatever comes may come. */
export const NOTHING_ASKED: Omit<EnvironmentText, "name" | "title"> = {
  description: undefined,
  runtime: "local",
  kubernetes: undefined,
  owner: undefined,
  region: undefined,
  residency: undefined,
  upstream: [],
  automatic: false,
  soakMinutes: 0,
  by: "commit",
  drift: "tell",
  approvals: [],
  gates: [],
  evaluation: undefined,
  policies: [],
  budget: undefined,
  errorBudget: undefined,
  madeBy: undefined,
  expiresAt: undefined,
};

/** What two people say at once of the order of promotion must not close a circle. */
export async function lockEnvironments(ctx: Pick<Ctx, "sql">): Promise<void> {
  await ctx.sql.query("select pg_advisory_xact_lock(hashtext('delivery.environments'))");
}

const COLUMNS = `e.*, (select count(*)::int from delivery.workload w where w.environment = e.name) as workloads`;

/** Those that have not ended; undefined for others and for what never was. */
export async function findEnvironment(sql: Sql, name: string): Promise<EnvironmentRecord | undefined> {
  const { rows } = await sql.query(`select ${COLUMNS} from delivery.environment e where name = $1 and ended_at is null`, [name]);
  return rows[0] && toRecord(rows[0]);
}

/** All that there are, each after those from which releases come to it. */
export async function listEnvironmentRecords(sql: Sql, o: { readonly ended?: boolean } = {}): Promise<EnvironmentRecord[]> {
  const { rows } = await sql.query(
    `select ${COLUMNS} from delivery.environment e where $1 or ended_at is null order by ended_at is not null, name limit 2000`,
    [o.ended === true],
  );
  return inOrder(rows.map(toRecord));
}

/** Throws `NotFoundError` unless there is one. */
export async function checkEnvironment(sql: Sql, name: string): Promise<void> {
  if ((await findEnvironment(sql, name)) === undefined) throw new NotFoundError("environment", name, "See roadbed environment list.");
}

/** Writes an environment as it is to be from now on; one that had ended begins anew. */
export async function putEnvironment(sql: Sql, e: EnvironmentText): Promise<void> {
  await sql.query(
    `insert into delivery.environment (name, title, runtime, description, owner, region, residency, upstream, automatic, soak_minutes, approvals,
       gates, budget_amount, budget_currency, made_by, expires_at, by, drift, error_budget, kubernetes, evaluation, policies, budget_block_unknown)
     values ($1, $2, $19, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $20, $21, $22, $23)
     on conflict (name) do update set title = $2, description = $3, owner = $4, region = $5, residency = $6, upstream = $7, automatic = $8,
       soak_minutes = $9, approvals = $10, gates = $11, budget_amount = $12, budget_currency = $13, made_by = $14, expires_at = $15, by = $16, drift = $17,
       error_budget = $18, runtime = $19, kubernetes = $20, evaluation = $21, policies = $22,
       budget_block_unknown = $23, ended_at = null`,
    [
      e.name,
      e.title,
      e.description ?? null,
      e.owner ?? null,
      e.region ?? null,
      e.residency ?? null,
      e.upstream,
      e.automatic,
      e.soakMinutes,
      JSON.stringify(e.approvals),
      JSON.stringify(e.gates),
      e.budget?.amount ?? null,
      e.budget?.currency ?? null,
      e.madeBy ?? null,
      e.expiresAt ?? null,
      e.by,
      e.drift,
      e.errorBudget === undefined ? null : JSON.stringify(e.errorBudget),
      e.runtime,
      e.kubernetes === undefined ? null : JSON.stringify(e.kubernetes),
      e.evaluation === undefined ? null : JSON.stringify(e.evaluation),
      e.policies,
      e.budget?.blockUnknown ?? false,
    ],
  );
}

/** Sources first; among equals what stays before what ends by itself, then by name. A graph without cycles: what would close one is refused when it is said. */
export function inOrder(records: readonly EnvironmentRecord[]): EnvironmentRecord[] {
  const byName = new Map(records.map((record) => [record.name, record]));
  const depths = new Map<string, number>();
  const depthOf = (name: string): number => {
    const known = depths.get(name);
    if (known !== undefined) return known;
    const depth = 1 + Math.max(-1, ...(byName.get(name)?.upstream ?? []).filter((one) => byName.has(one)).map(depthOf));
    depths.set(name, depth);
    return depth;
  };
  const passing = ({ expiresAt }: EnvironmentRecord): number => (expiresAt === undefined ? 0 : 1);
  return records.toSorted((a, b) => depthOf(a.name) - depthOf(b.name) || passing(a) - passing(b) || (a.name < b.name ? -1 : 1));
}

function toRecord(row: Row): EnvironmentRecord {
  const optional = <T>(name: string): T | undefined => (row[name] as T | null) ?? undefined;
  const amount = optional<string>("budget_amount");
  return {
    name: row["name"] as string,
    title: row["title"] as string,
    description: optional("description"),
    runtime: row["runtime"] as EnvironmentRecord["runtime"],
    kubernetes: optional("kubernetes"),
    owner: optional("owner"),
    region: optional("region"),
    residency: optional("residency"),
    upstream: row["upstream"] as string[],
    automatic: row["automatic"] as boolean,
    soakMinutes: row["soak_minutes"] as number,
    by: row["by"] as PromotedBy,
    drift: row["drift"] as DriftPolicy,
    approvals: row["approvals"] as RequiredPromotionApproval[],
    gates: row["gates"] as CustomGate[],
    evaluation: optional("evaluation"),
    policies: row["policies"] as string[],
    budget:
      amount === undefined
        ? undefined
        : { amount, currency: row["budget_currency"] as string, blockUnknown: row["budget_block_unknown"] as boolean },
    errorBudget: optional("error_budget"),
    madeBy: optional("made_by"),
    expiresAt: optional("expires_at"),
    endedAt: optional("ended_at"),
    workloads: row["workloads"] as number,
  };
}
