import { resourceChanged } from "@roadbed/contracts/paths/resources";
import { stopsTheAct, type Resource } from "@roadbed/contracts/standards";
import { DeniedError, DomainError, InvalidError, type Call, type Ctx, type Logger } from "@roadbed/core";
import type { Database, PostgresRuntime, Sealer } from "@roadbed/postgres";
import type { Flow, Workflows } from "@roadbed/workflows";

import type { PathsDeps } from "../deps.ts";
import { advanceResource } from "../run/internal-operations.ts";
import { deniedBy } from "../run/perform-step.ts";
import { judgedOf } from "./judged.ts";
import type { Plan, Provisioner, Secrets, Work } from "./provisioner.ts";
import { provisionerOf, refuseProblems } from "./request-resource.ts";
import { sayEntity } from "./resource-entity.ts";
import { readResource, sayOfResource, wantedOf, type ResourceRow } from "./resource-store.ts";

export interface ResourceFlowDeps extends Pick<PathsDeps, "catalog" | "standards"> {
  readonly log: Logger;
  readonly db: Database;
  readonly runtime: PostgresRuntime;
  readonly sealer: Sealer;
  readonly provisioners: ReadonlyMap<string, Provisioner>;
}

export interface ResourceFlowInput {
  readonly resource: string;
  readonly generation: number;
}

/** The workflow of one thing that was asked of a resource. */
export function resourceWorkflowId({ resource, generation }: ResourceFlowInput): string {
  return `${resource}.${generation}`;
}

/** Only an absent database makes these fail, and it comes back. */
const PATIENT = { attempts: 1_000, firstDelayMs: 250 };
/** What is outside may be away for a moment; the verbs of provisioners may be begun again. */
const TRIED = { attempts: 4, firstDelayMs: 500 };

/**
 * Plan, policy, apply, read back, each a durable step; or destroy. A crash at any place goes on there: provisioners find what they made.
 * Whatever fails is the resource's state, in words, never a workflow that hangs.
 */
export function defineResourceFlow(workflows: Workflows, deps: ResourceFlowDeps): Flow<ResourceFlowInput, void> {
  return workflows.define<ResourceFlowInput, void>("paths.resource", async (c, input) => {
    const act = await c.step("begin", () => begin(deps, input), PATIENT);
    if (act === "stale") return;
    try {
      if (act === "destroy") {
        await c.step("destroy", (s) => destroy(deps, input, s.signal), TRIED);
      } else {
        await c.step("plan", (s) => planAndJudge(deps, input, s.signal), TRIED);
        await c.step("apply", (s) => apply(deps, input, s.signal), TRIED);
      }
    } catch (error) {
      const words = wordsOf(error);
      await c.step("fail", () => fail(deps, input, words), PATIENT);
      return;
    }
    await c.step("end", () => end(deps, input, act), PATIENT);
  });
}

async function begin(deps: ResourceFlowDeps, { resource, generation }: ResourceFlowInput): Promise<"apply" | "destroy" | "stale"> {
  const row = await readResource(deps.db, resource);
  if (row.generation !== generation || row.state === "destroyed") return "stale";
  await write(deps, row, async (ctx) => {
    await ctx.sql.query(
      "update paths.resource set state = $2, error = null, plan = null, changed_at = $3 where id = $1 and generation = $4",
      [resource, row.act === "destroy" ? "destroying" : "applying", ctx.now(), generation],
    );
  });
  return row.act;
}

/** What would be made, then the policies; the plan that they saw is kept, and it is the one that is applied. */
async function planAndJudge(deps: ResourceFlowDeps, { resource }: ResourceFlowInput, signal: AbortSignal): Promise<void> {
  const row = await readResource(deps.db, resource);
  const provisioner = provisionerOf(deps.provisioners, row.provisioner);
  const wanted = await wantedOf(deps.db, row);
  const before = await openSecrets(deps, row);
  const secrets = provisioner.prepare?.(wanted, before) ?? before;
  // Before anything is made: an act that begins again makes it with the same password.
  if (secrets !== before) await keepSecrets(deps, row, secrets);
  const plan = await provisioner.plan(workOf(deps, row, signal), wanted, secrets, "apply");
  refuseProblems(plan);
  const judgement = await write(deps, row, async (ctx) => {
    const answer = await deps.standards.judge(ctx, {
      subject: row.entity_ref,
      resources: judgedOf({ ...row, consumer: row.consumer ?? undefined, cost: row.cost ?? undefined }, plan) as Resource[],
    });
    await ctx.sql.query("update paths.resource set decision_id = $2 where id = $1", [resource, answer.decisionId]);
    return answer;
  });
  for (const { severity, message, mend } of judgement.findings) {
    if (severity !== "deny") await sayOf(deps, row, `Policy: ${message} ${mend}`);
  }
  if (stopsTheAct(judgement.verdict)) throw deniedBy(judgement);
  if (plan.document !== undefined) await judgePlan(deps, row, plan.document);
  await sayOf(deps, row, `${plan.words} Policies answered ${judgement.verdict}.`);
  const { file, ...rest } = plan;
  const kept = { ...rest, document: undefined, ...(file === undefined ? {} : { file: Buffer.from(file).toString("base64") }) };
  await deps.db.query("update paths.resource set plan = $2 where id = $1", [resource, await deps.sealer.seal(kept, `plan:${resource}`)]);
}

/** What is known only after an apply is unknown to them, and that is no pass. */
async function judgePlan(deps: ResourceFlowDeps, row: ResourceRow, document: unknown): Promise<void> {
  const judgement = await write(deps, row, async (ctx) => {
    if (deps.standards.judgePlan === undefined) throw new InvalidError("Policies cannot judge Terraform plans here, so none is applied.");
    const answer = await deps.standards.judgePlan(ctx, { subject: row.entity_ref, plan: document });
    await ctx.sql.query("update paths.resource set decision_id = $2 where id = $1", [row.id, answer.decisionId]);
    return answer;
  });
  for (const { severity, message, mend } of judgement.findings) {
    if (severity !== "deny") await sayOf(deps, row, `Policy, of the plan: ${message} ${mend}`);
  }
  if (stopsTheAct(judgement.verdict)) throw deniedBy(judgement);
}

async function apply(deps: ResourceFlowDeps, { resource }: ResourceFlowInput, signal: AbortSignal): Promise<void> {
  const row = await readResource(deps.db, resource);
  if (row.plan === null) throw new InvalidError("There is no plan to apply.");
  const { file, ...rest } = await deps.sealer.open<Plan & { readonly file?: string }>(row.plan, `plan:${resource}`);
  const plan: Plan = { ...rest, ...(file === undefined ? {} : { file: Buffer.from(file, "base64") }) };
  const provisioner = provisionerOf(deps.provisioners, row.provisioner);
  const secrets = await openSecrets(deps, row);
  const made = await provisioner.apply(workOf(deps, row, signal), await wantedOf(deps.db, row), secrets, plan);
  if (made.secrets !== undefined) await keepSecrets(deps, row, { ...secrets, ...made.secrets });
  await deps.db.query("update paths.resource set facts = facts || $2::jsonb where id = $1", [resource, JSON.stringify(made.facts)]);
}

async function destroy(deps: ResourceFlowDeps, { resource }: ResourceFlowInput, signal: AbortSignal): Promise<void> {
  const row = await readResource(deps.db, resource);
  const provisioner = provisionerOf(deps.provisioners, row.provisioner);
  await provisioner.destroy(workOf(deps, row, signal), await wantedOf(deps.db, row), await openSecrets(deps, row));
}

/** Looks at what was made, and tells: the catalogue, whoever waits, the consumer's workload. */
async function end(deps: ResourceFlowDeps, { resource, generation }: ResourceFlowInput, act: "apply" | "destroy"): Promise<void> {
  const row = await readResource(deps.db, resource);
  const seen = act === "apply" ? await look(deps, row).catch(() => undefined) : undefined;
  await write(deps, row, async (ctx) => {
    const now = await readResource(ctx.sql, resource, true);
    // Something else was asked of it meanwhile, or this step is done again.
    if (now.generation !== generation || (now.state !== "applying" && now.state !== "destroying")) return;
    if (act === "destroy") {
      await ctx.sql.query(
        "update paths.resource set state = 'destroyed', sealed = null, plan = null, seen = 'gone', seen_words = null, drift = '[]', changed_at = $2 where id = $1",
        [resource, ctx.now()],
      );
    } else {
      await ctx.sql.query(
        `update paths.resource set state = 'ready', plan = null, changed_at = $2, seen = coalesce($3, seen), seen_words = coalesce($4, seen_words),
           drift = coalesce($5::jsonb, drift), read_at = case when $3::text is null then read_at else $2 end, facts = facts || coalesce($6::jsonb, '{}')
         where id = $1`,
        [
          resource,
          ctx.now(),
          seen?.state ?? null,
          seen?.words ?? null,
          seen === undefined ? null : JSON.stringify(seen.drift),
          seen === undefined ? null : JSON.stringify(seen.facts),
        ],
      );
    }
    await sayOfResource(ctx.sql, resource, {
      at: ctx.now(),
      actor: row.actor,
      words: act === "destroy" ? "It is gone." : `It is there: ${row.type}/${row.class}${seen === undefined ? "" : `, ${seen.words}`}.`,
    });
    await sayEntity(deps, ctx, row.entity_ref);
    tell(ctx, row, act === "destroy" ? "destroyed" : "ready");
  });
}

async function fail(deps: ResourceFlowDeps, { resource, generation }: ResourceFlowInput, words: string): Promise<void> {
  const row = await readResource(deps.db, resource);
  await write(deps, row, async (ctx) => {
    const { rowCount } = await ctx.sql.query(
      "update paths.resource set state = 'failed', error = $2, plan = null, changed_at = $3 where id = $1 and generation = $4 and state in ('applying', 'destroying')",
      [resource, words, ctx.now(), generation],
    );
    if (rowCount === 0) return;
    await sayOfResource(ctx.sql, resource, { at: ctx.now(), actor: row.actor, words, failed: true });
    tell(ctx, row, "failed", words);
  });
}

/** Asks the provisioner what is there. */
export async function look(deps: Pick<ResourceFlowDeps, "db" | "sealer" | "provisioners">, row: ResourceRow, signal?: AbortSignal) {
  const provisioner = provisionerOf(deps.provisioners, row.provisioner);
  const work: Work = { signal: signal ?? AbortSignal.timeout(60_000), say: async () => {} };
  return provisioner.read(work, await wantedOf(deps.db, row), await openSecrets(deps, row));
}

export async function openSecrets({ sealer }: Pick<ResourceFlowDeps, "sealer">, { id, sealed }: ResourceRow): Promise<Secrets> {
  return sealed === null ? {} : sealer.open<Secrets>(sealed, `resource:${id}`);
}

async function keepSecrets({ db, sealer }: ResourceFlowDeps, { id }: ResourceRow, secrets: Secrets): Promise<void> {
  await db.query("update paths.resource set sealed = $2 where id = $1", [id, await sealer.seal(secrets, `resource:${id}`)]);
}

export function tell(
  ctx: Ctx,
  { id, entity_ref, consumer, name, type, environment }: ResourceRow,
  state: "ready" | "failed" | "destroyed" | "drifted" | "restored",
  reason?: string,
): void {
  ctx.emit(resourceChanged, id, {
    resource: id,
    entityRef: entity_ref,
    ...(consumer === null ? {} : { consumer }),
    name,
    type,
    environment,
    state,
    ...(reason === undefined ? {} : { reason: reason.slice(0, 500) }),
  });
}

function workOf(deps: ResourceFlowDeps, row: ResourceRow, signal: AbortSignal): Work {
  return { signal, say: (words) => sayOf(deps, row, words) };
}

function sayOf({ db }: ResourceFlowDeps, { id, actor }: ResourceRow, words: string): Promise<void> {
  return sayOfResource(db, id, { at: new Date(), actor, words });
}

/** In the name of who asked for it. */
function write<T>(deps: ResourceFlowDeps, row: ResourceRow, work: (ctx: Ctx) => Promise<T>): Promise<T> {
  const call: Call = { ...deps.runtime.system("paths.resource"), actor: row.actor_detail, reason: `resource ${row.id}` };
  return deps.runtime.write(call, advanceResource, { resource: row.id }, { kind: "resource", id: row.id }, work);
}

function wordsOf(error: unknown): string {
  if (error instanceof DeniedError) return error.message;
  if (error instanceof DomainError) return error.mend === undefined ? error.message : `${error.message} ${error.mend}`;
  return error instanceof Error ? error.message : String(error);
}
