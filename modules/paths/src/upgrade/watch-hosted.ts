import { DomainError, type Ctx } from "@roadbed/core";
import type { PostgresRuntime } from "@roadbed/postgres";
import type { Flow, Workflows } from "@roadbed/workflows";

import { enterHosted, openAdoptions, refuseHosted } from "../action/change/hear-adopted.ts";
import { checkMade, type LedgerRepositories } from "../ledger/check-made.ts";
import { advanceUpgrade } from "../run/internal-operations.ts";
import { hearMerged, tellNews } from "./follow-upgrades.ts";
import { stateOfHosted, type HostedDeps } from "./propose-hosted.ts";
import { changeItem, findItemOfChange } from "./upgrade-store.ts";

const AT_ONCE = 100;

export interface HostedWatchDeps extends HostedDeps {
  readonly runtime: PostgresRuntime;
  readonly repositories: LedgerRepositories | undefined;
}

/** Hosts elsewhere tell us nothing: every few minutes their requests are asked about, and once an hour what was made there. */
export function defineHostedWatch(workflows: Workflows, deps: HostedWatchDeps): Flow<Date, void> {
  return workflows.define<Date, void>("paths.watch-hosted", async (c) => {
    await c.step("look", () => watchHosted(deps), { attempts: 2 });
  });
}

export async function watchHosted(deps: HostedWatchDeps): Promise<void> {
  const { repositories } = deps;
  if (repositories === undefined || deps.outside === undefined) return;
  const { rows: open } = await deps.db.query<{ change_id: string; repository: string }>(
    `select i.change_id, m.repository from paths.upgrade_item i join paths.made m on m.id = i.made_id
     where i.state in ('open', 'conflicting') and i.change_id like 'http%' order by i.updated_at limit $1`,
    [AT_ONCE],
  );
  for (const { change_id: url, repository } of open) {
    await quietly(deps, repository, async () => {
      const state = await stateOfHosted(deps, repository, url);
      if (state !== "open") await write(deps, (ctx) => hear(repositories, ctx, url, state));
    });
  }
  for (const adoption of await openAdoptions(deps.db, AT_ONCE)) {
    await quietly(deps, adoption.value.repository, async () => {
      const state = await stateOfHosted(deps, adoption.value.repository, adoption.value.request);
      if (state === "merged") await write(deps, (ctx) => enterHosted(repositories, ctx, adoption));
      if (state === "closed") await write(deps, (ctx) => refuseHosted(ctx, adoption));
    });
  }
  const { rows: things } = await deps.db.query<{ id: string; repository: string }>(
    "select id, repository from paths.made where repository like '%/%' and gone_at is null and (checked_at is null or checked_at < now() - interval '1 hour') order by checked_at nulls first limit $1",
    [AT_ONCE],
  );
  for (const { id, repository } of things) await quietly(deps, repository, () => write(deps, (ctx) => checkMade(repositories, ctx, id)));
}

async function hear(repositories: LedgerRepositories, ctx: Ctx, url: string, state: "merged" | "closed"): Promise<void> {
  if (state === "merged") return hearMerged(repositories, ctx, url);
  const item = await findItemOfChange(ctx.sql, url);
  if (item === undefined || (item.state !== "open" && item.state !== "conflicting")) return;
  await changeItem(ctx.sql, item.upgrade_id, item.made_id, { state: "closed", reason: "The request was closed." }, ctx.now());
  await tellNews(ctx, item.upgrade_id, item.made_id, item.wave, "closed");
}

/** A host that is away, or that golden paths have no way to any more, keeps the others from nothing. */
async function quietly(deps: HostedWatchDeps, repository: string, work: () => Promise<void>): Promise<void> {
  await work().catch((error: unknown) => {
    if (!(error instanceof DomainError)) throw error;
    deps.log.debug("a repository elsewhere could not be looked at", { repository, reason: error.message });
  });
}

function write(deps: HostedWatchDeps, work: (ctx: Ctx) => Promise<void>): Promise<void> {
  return deps.runtime.write(deps.runtime.system("paths.hosted"), advanceUpgrade, {}, undefined, work);
}
