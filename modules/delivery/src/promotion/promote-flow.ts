import { isDeepStrictEqual } from "node:util";

import { holdChanged, promotionAdmitted } from "@roadbed/contracts/delivery/promotions";
import { workloadCommanded } from "@roadbed/contracts/delivery";
import { formatActor, type Ctx } from "@roadbed/core";
import type { Flow } from "@roadbed/workflows";

import type { DeliveryDeps } from "../deps.ts";
import { withAccepted } from "../drift/differences.ts";
import { requestDeployment } from "../deployment/request-deployment.ts";
import { findEnvironment } from "../environment/environment-store.ts";
import { writeEnvironment } from "../gitops/write-environment.ts";
import { movePromotion } from "../internal-operations.ts";
import { readRelease, findReleases } from "../release/release-store.ts";
import { intended } from "../source/intent.ts";
import { MANIFEST_FILE, parseManifest } from "../workload/manifest.ts";
import { findWorkload, setDesired } from "../workload/workload-store.ts";
import type { PromotionEvent } from "./machine.ts";
import { aboutOf, advancePromotion, readPromotion, readPromotions, type PromotionRow } from "./promotion-store.ts";
import { insertPromotion, lockPlace } from "./request-promotion.ts";

export interface PromoteInput {
  readonly promotionId: string;
  readonly environment: string;
}

/** Writes what was let through to Git, then asks for its deployment. Each step can be done again, and has its effect once. */
export function definePromoteFlow(deps: DeliveryDeps): Flow<PromoteInput, string> {
  return deps.workflows.define<PromoteInput, string>(
    "delivery.promote",
    async (c, { promotionId, environment }) => {
      try {
        await c.step("write", () => writeEnvironment(deps, environment), { attempts: 4 });
        return await c.step("deploy", (s) => move(deps, promotionId, s.key, (ctx) => deploy(deps, ctx, promotionId)), { attempts: 4 });
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        return c.step("give up", (s) =>
          move(deps, promotionId, s.key, async (ctx) => {
            const row = await advancePromotion(ctx, promotionId, "fail", { error: reason });
            return row?.state ?? "ended";
          }),
        );
      }
    },
    { queue: "promote" },
  );
}

/** What runs is left alone where it is this already; what has nothing to run is there once Git says so. */
async function deploy(deps: DeliveryDeps, ctx: Ctx, id: string): Promise<string> {
  const row = await readPromotion(ctx.sql, id, [], true);
  if (row.state !== "writing" || row.git_commit === null) return row.state;
  const release = await readRelease(ctx.sql, row.release_id, []);
  const { repository, commit, entity_ref: entityRef } = release;
  const done = async (event: PromotionEvent, deploymentId?: string): Promise<string> =>
    (await advancePromotion(ctx, id, event, deploymentId === undefined ? {} : { deploymentId }))?.state ?? row.state;
  if (repository === null || commit === null || release.config[MANIFEST_FILE] === undefined) return done("succeed");
  const workload = await findWorkload(ctx.sql, entityRef, row.environment);
  // In a cluster what Git says is on its way already, and only the cluster can say what came of it.
  const isHere = (await findEnvironment(ctx.sql, row.environment))?.runtime !== "kubernetes";
  const wanted = intended(row, release)?.changes ?? {};
  if (wanted.suspended === true) {
    // Git says that nothing of it runs: a cluster sees that for itself.
    if (isHere && workload !== undefined && (await setDesired(ctx.sql, entityRef, row.environment, "stopped")) !== undefined)
      ctx.emit(workloadCommanded, entityRef, { entityRef, environment: row.environment, command: "stop" });
    return done("succeed");
  }
  const manifest = withAccepted(parseManifest(release.config[MANIFEST_FILE]), wanted);
  // It runs already. A newer push that is on its way there is let go on; only who goes back wants to be before it.
  if (
    isHere &&
    workload?.commit === commit &&
    workload.desired === "running" &&
    (row.intent === null || isDeepStrictEqual(workload.manifest, JSON.parse(JSON.stringify(manifest)))) &&
    (row.kind === "promote" || !(await isDeploying(ctx, row)))
  ) {
    return done("succeed", workload.deploymentId);
  }
  const [found] = await deps.repositories.log(repository, { ref: commit, limit: 1 });
  if (found === undefined) {
    const error = `The commit ${commit.slice(0, 8)} is not in ${repository} any more.`;
    return (await advancePromotion(ctx, id, "fail", { error }))?.state ?? row.state;
  }
  const deployment = await requestDeployment(ctx, { entityRef, environment: row.environment, repository, commit: found });
  return done("deploy", deployment.id);
}

/** Another deployment into the same place is under way, and would replace what runs. */
async function isDeploying(ctx: Ctx, { entity_ref, environment }: PromotionRow): Promise<boolean> {
  const { rowCount } = await ctx.sql.query(
    "select 1 from delivery.deployment where entity_ref = $1 and environment = $2 and ended_at is null",
    [entity_ref, environment],
  );
  return rowCount > 0;
}

const BY_STATUS: Readonly<Record<string, PromotionEvent>> = {
  healthy: "succeed",
  failed: "fail",
  superseded: "supersede",
  held: "hold",
  "rolled-back": "roll back",
};

/** What became of a deployment is what becomes of its promotion. What failed is taken out of Git again, and nothing comes by itself until somebody has looked. */
export async function followDeployment(
  ctx: Ctx,
  { deploymentId, status }: { readonly deploymentId: string; readonly status: string },
): Promise<void> {
  const event = BY_STATUS[status];
  const [found] = await readPromotions(ctx.sql, "p.deployment_id = $1 and p.ended_at is null", [deploymentId]);
  if (event === undefined || found === undefined) return;
  await lockPlace(ctx, found.entity_ref, found.environment);
  const error = await whyOf(ctx, deploymentId);
  const row = await advancePromotion(ctx, found.id, event, error === undefined || event === "succeed" ? {} : { error });
  if (row?.state === "failed" || row?.state === "rolled-back") await takeBack(ctx, row);
}

/** A forward commit that brings Git back to what goes on running. */
async function takeBack(ctx: Ctx, row: PromotionRow): Promise<void> {
  const environment = await findEnvironment(ctx.sql, row.environment);
  const before = row.from_release_id === null ? undefined : (await findReleases(ctx.sql, [row.from_release_id])).get(row.from_release_id);
  await hold(ctx, row, `Release ${row.number} ${row.state === "failed" ? "failed" : "was rolled back"}.`);
  if (environment === undefined || row.git_commit === null) return;
  if (before === undefined) {
    // Its first release there: Git goes back to what was there before, which is nothing.
    await ctx.sql.query("update delivery.desired set rewrite = $4 where entity_ref = $1 and environment = $2 and release_id = $3", [
      row.entity_ref,
      row.environment,
      row.release_id,
      JSON.stringify({
        by: formatActor(ctx.actor),
        why: `Release ${row.number} was the first there, and ${row.state === "failed" ? "failed" : "was rolled back"}.`,
        remove: true,
      }),
    ]);
    return;
  }
  const back = await insertPromotion(ctx, {
    release: before,
    environment,
    automatic: true,
    reason: `Release ${row.number} ${row.state === "failed" ? "failed" : "was rolled back"}: ${(row.error ?? "see its deployment").split("\n")[0]!.slice(0, 300)}`,
    kind: "rollback",
    state: "writing",
    from: row.release_id,
  });
  ctx.emit(promotionAdmitted, back.entity_ref, { ...aboutOf(back), kind: "rollback" });
}

/** Nothing comes by itself until it is lifted. */
export async function hold(
  ctx: Ctx,
  { entity_ref, environment }: { readonly entity_ref: string; readonly environment: string },
  why: string,
): Promise<void> {
  await ctx.sql.query(
    `insert into delivery.hold (entity_ref, environment, why, held_by, at) values ($1, $2, $3, $4, $5)
     on conflict (entity_ref, environment) do update set why = $3, held_by = $4, at = $5`,
    [entity_ref, environment, why, formatActor(ctx.actor), ctx.now()],
  );
  ctx.emit(holdChanged, entity_ref, { entityRef: entity_ref, environment, held: true, why });
}

async function whyOf(ctx: Ctx, deploymentId: string): Promise<string | undefined> {
  const { rows } = await ctx.sql.query<{ error: string | null }>("select error from delivery.deployment where id = $1", [deploymentId]);
  return rows[0]?.error ?? undefined;
}

function move<T>(deps: DeliveryDeps, id: string, key: string, work: (ctx: Ctx) => Promise<T>): Promise<T> {
  const call = { ...deps.runtime.system("delivery.promotion"), idempotencyKey: key };
  return deps.runtime.write(call, movePromotion, { id }, undefined, work);
}
