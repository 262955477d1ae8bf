import { deploymentFinished } from "@roadbed/contracts/delivery";
import { changeClosed, changeMerged, changeMoved, changeOpened } from "@roadbed/contracts/delivery/changes";
import { environmentChanged } from "@roadbed/contracts/delivery/environments";
import { InvalidError, type Ctx, type Subscription } from "@roadbed/core";

import { readChange, type ChangeRow } from "../change/change-store.ts";
import { findDeployment } from "../deployment/deployment-store.ts";
import { requestDeployment } from "../deployment/request-deployment.ts";
import type { DeliveryDeps } from "../deps.ts";
import { endNow } from "../environment/end-environments.ts";
import { NOTHING_ASKED } from "../environment/environment-store.ts";
import { findEnvironment, putEnvironment } from "../environment/environment-store.ts";
import { hear } from "../hear.ts";
import { MANIFEST_FILE, parseManifest } from "../workload/manifest.ts";

/** How many changes of one repository have a preview at once, and how long one lives without a push. */
export const PREVIEW_LIMITS = { perRepository: 5, hours: 72 };
const HOUR_MS = 3_600_000;

/** A change that is open runs in an environment of its own, which follows its pushes and ends with it. */
export function hearPreviews(deps: DeliveryDeps): Subscription[] {
  return [
    hear("delivery.preview-opened-change", changeOpened, (ctx, { payload }) => show(deps, ctx, payload.changeId)),
    hear("delivery.preview-moved-change", changeMoved, (ctx, { payload }) => show(deps, ctx, payload.changeId)),
    hear("delivery.end-preview-of-merged", changeMerged, (ctx, { payload }) => end(ctx, payload.changeId, "The change was merged.")),
    hear("delivery.end-preview-of-closed", changeClosed, (ctx, { payload }) => end(ctx, payload.changeId, "The change was closed.")),
    hear("delivery.follow-preview", deploymentFinished, async (ctx, { payload: { deploymentId, environment, commit, status } }) => {
      if (status === "superseded") return;
      const error = status === "healthy" ? undefined : (await findDeployment(ctx.sql, deploymentId))?.error;
      await ctx.sql.query(
        "update delivery.preview set state = $3, why = $4 where environment = $1 and commit = $2 and state in ('starting', 'ready', 'failed')",
        [environment, commit, status === "healthy" ? "ready" : "failed", error ?? null],
      );
    }),
    hear("delivery.follow-preview-environment", environmentChanged, async (ctx, { payload: { environment, change, reason } }) => {
      if (change !== "ended") return;
      await ctx.sql.query(
        "update delivery.preview set state = 'ended', why = coalesce($2, why) where environment = $1 and state <> 'ended'",
        [environment, reason ?? null],
      );
    }),
  ];
}

/** Doing it twice for the same commit is doing it once. */
async function show(deps: DeliveryDeps, ctx: Ctx, changeId: string): Promise<void> {
  const change = await readChange(ctx.sql, changeId).catch(() => undefined);
  if (change?.status !== "open") return;
  const wanted = await wantedBy(deps, change);
  if (wanted === undefined) return;
  await ctx.sql.query("select pg_advisory_xact_lock(hashtext('delivery.preview'), hashtext($1))", [change.repository]);
  const { rows } = await ctx.sql.query<{ commit: string; environment: string | null; state: string }>(
    "select commit, environment, state from delivery.preview where change_id = $1",
    [changeId],
  );
  const [before] = rows;
  if (before?.commit === change.head && before.state !== "refused") return;
  const full = before?.environment == null && (await countOf(ctx, change.repository)) >= PREVIEW_LIMITS.perRepository;
  if (full)
    return write(ctx, change, {
      environment: null,
      state: "refused",
      why: `${change.repository} has ${PREVIEW_LIMITS.perRepository} previews already: end one, or close its change.`,
    });
  const environment = nameOf(change);
  await makeEnvironment(ctx, change, environment, wanted.hours);
  const [commit] = await deps.repositories.log(change.repository, { ref: change.head, limit: 1 });
  if (commit === undefined) return;
  await write(ctx, change, { environment, state: "starting", why: null });
  await requestDeployment(ctx, { entityRef: change.entity_ref, environment, repository: change.repository, commit });
}

/** Whether its `roadbed.yaml` wants previews. What cannot be read is told by the deployment that fails for it, once merged. */
async function wantedBy({ repositories }: DeliveryDeps, { repository, head }: ChangeRow): Promise<{ readonly hours: number } | undefined> {
  const content = await repositories.readFile(repository, head, MANIFEST_FILE);
  if (content === undefined) return undefined;
  try {
    const { previews = false } = parseManifest(Buffer.from(content).toString("utf8"));
    if (previews === false) return undefined;
    return { hours: previews === true ? PREVIEW_LIMITS.hours : previews.hours };
  } catch (error) {
    if (error instanceof InvalidError) return undefined;
    throw error;
  }
}

/** A push gives it its whole time again. */
async function makeEnvironment(ctx: Ctx, change: ChangeRow, name: string, hours: number): Promise<void> {
  const known = await findEnvironment(ctx.sql, name);
  const expiresAt = new Date(ctx.now().getTime() + hours * HOUR_MS);
  await putEnvironment(ctx.sql, {
    ...(known ?? NOTHING_ASKED),
    name,
    title: `Preview of ${change.title}`.slice(0, 100),
    description: `What ${change.repository} is with the change ${change.id}.`,
    madeBy: change.opened_by,
    expiresAt,
  });
  ctx.emit(environmentChanged, name, {
    environment: name,
    title: change.title,
    change: known === undefined ? "made" : "extended",
    expiresAt: expiresAt.toISOString(),
  });
}

/** Of the last letters of its id, which differ most. */
function nameOf({ repository, id }: ChangeRow): string {
  const short = id
    .replaceAll(/[^a-z0-9]/gi, "")
    .toLowerCase()
    .slice(-8);
  return `pr-${repository
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .slice(0, 24)}-${short}`.replaceAll(/-+/g, "-");
}

async function countOf(ctx: Ctx, repository: string): Promise<number> {
  const { rows } = await ctx.sql.query<{ n: number }>(
    "select count(*)::int as n from delivery.preview where repository = $1 and state in ('starting', 'ready', 'failed')",
    [repository],
  );
  return rows[0]?.n ?? 0;
}

async function write(
  ctx: Ctx,
  { id, repository, head }: ChangeRow,
  o: { environment: string | null; state: string; why: string | null },
): Promise<void> {
  await ctx.sql.query(
    `insert into delivery.preview (change_id, repository, environment, commit, state, why, asked_at) values ($1, $2, $3, $4, $5, $6, $7)
     on conflict (change_id) do update set environment = excluded.environment, commit = excluded.commit, state = excluded.state, why = excluded.why, asked_at = excluded.asked_at`,
    [id, repository, o.environment, head, o.state, o.why, ctx.now()],
  );
}

async function end(ctx: Ctx, changeId: string, why: string): Promise<void> {
  const { rows } = await ctx.sql.query<{ environment: string | null }>(
    "update delivery.preview set state = 'ended', why = $2 where change_id = $1 and state <> 'ended' returning environment",
    [changeId, why],
  );
  const record = rows[0]?.environment == null ? undefined : await findEnvironment(ctx.sql, rows[0].environment);
  if (record !== undefined) await endNow(ctx, record, why);
}
