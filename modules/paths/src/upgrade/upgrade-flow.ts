import { upgradeChanged } from "@roadbed/contracts/paths/upgrades";
import type { Call, Ctx } from "@roadbed/core";
import type { Database, PostgresRuntime } from "@roadbed/postgres";
import type { Flow, Workflows } from "@roadbed/workflows";

import type { LedgerRepositories } from "../ledger/check-made.ts";
import { advanceUpgrade } from "../run/internal-operations.ts";
import { proposeItem, type ProposeDeps } from "./propose-item.ts";
import { countUnsettled, lockItem, readUpgrade, type UpgradeRow } from "./upgrade-store.ts";

export interface UpgradeFlowDeps extends Omit<ProposeDeps, "repositories"> {
  readonly db: Database;
  readonly runtime: PostgresRuntime;
  readonly repositories?: LedgerRepositories | undefined;
}

/** So many changes are proposed in one durable step: each can be done again, and a step costs a record. */
const CHUNK = 10;
const PATIENT = { attempts: 1_000, firstDelayMs: 250 };
const LOOK_AGAIN_MS = 6 * 3_600_000;

/**
 * An upgrade as a durable workflow, wave by wave. The tables say how far it is; a step that is done again finds what it did. Between
 * waves it sleeps until it is told of news.
 */
export function defineUpgradeFlow(workflows: Workflows, deps: UpgradeFlowDeps): Flow<{ upgradeId: string }, void> {
  return workflows.define<{ upgradeId: string }, void>("paths.upgrade", async (c, { upgradeId }) => {
    const { waves } = await c.step("begin", async () => ({ waves: (await readUpgrade(deps.db, upgradeId)).waves }), PATIENT);
    let n = 0;
    for (let wave = 1; wave <= waves; wave++) {
      for (;;) {
        const said = await c.step(`propose ${++n}`, () => proposeSome(deps, upgradeId, wave), PATIENT);
        if (said === "cancelled") return;
        if (said === "done") break;
        if (said === "paused") await c.wait("news", LOOK_AGAIN_MS);
      }
      for (;;) {
        const said = await c.step(`look ${++n}`, () => mayGoOn(deps, upgradeId, wave), PATIENT);
        if (said === "cancelled") return;
        if (said === "yes") break;
        await c.wait("news", LOOK_AGAIN_MS);
      }
    }
    await c.step("end", () => endUpgrade(deps, upgradeId), PATIENT);
  });
}

/** Proposes the next few of a wave, each in a transaction of its own. */
async function proposeSome(deps: UpgradeFlowDeps, id: string, wave: number): Promise<"some" | "done" | "paused" | "cancelled"> {
  const upgrade = await readUpgrade(deps.db, id);
  if (upgrade.status === "cancelled" || upgrade.status === "paused") return upgrade.status;
  const { repositories } = deps;
  if (repositories === undefined) return "cancelled";
  if (upgrade.wave < wave) await deps.db.query("update paths.upgrade set wave = $2 where id = $1", [id, wave]);
  const { rows } = await deps.db.query<{ made_id: string }>(
    "select made_id from paths.upgrade_item where upgrade_id = $1 and wave = $2 and state = 'waiting' order by n limit $3",
    [id, wave, CHUNK],
  );
  for (const { made_id } of rows) {
    await write(deps, upgrade, async (ctx) => {
      const item = await lockItem(ctx.sql, id, made_id);
      if (item.state === "waiting") await proposeItem({ ...deps, repositories }, ctx, upgrade, item);
    });
  }
  return rows.length < CHUNK ? "done" : "some";
}

/** Whether the next wave may begin, or, after the last, whether the upgrade is at its end. */
async function mayGoOn({ db }: UpgradeFlowDeps, id: string, wave: number): Promise<"yes" | "no" | "cancelled"> {
  const upgrade = await readUpgrade(db, id);
  if (upgrade.status === "cancelled") return "cancelled";
  if (upgrade.status === "paused") return "no";
  const isLast = wave >= upgrade.waves;
  if (!isLast && (upgrade.wait_for === "nothing" || upgrade.told_go >= wave)) return "yes";
  if (!isLast && upgrade.wait_for === "go") return "no";
  return (await countUnsettled(db, id, wave)) === 0 ? "yes" : "no";
}

async function endUpgrade(deps: UpgradeFlowDeps, id: string): Promise<void> {
  const upgrade = await readUpgrade(deps.db, id);
  await write(deps, upgrade, async (ctx) => {
    await ctx.sql.query("update paths.upgrade set status = 'done', ended_at = $2 where id = $1 and status <> 'cancelled'", [id, ctx.now()]);
    ctx.emit(upgradeChanged, id, { upgradeId: id, state: "done" });
  });
}

/** In the name of who started it. */
async function write(deps: UpgradeFlowDeps, upgrade: UpgradeRow, work: (ctx: Ctx) => Promise<void>): Promise<void> {
  const call: Call = { ...deps.runtime.system("paths.upgrade"), actor: upgrade.actor_detail.actor, reason: `upgrade ${upgrade.id}` };
  await deps.runtime.write(call, advanceUpgrade, { upgradeId: upgrade.id }, { kind: "upgrade", id: upgrade.id }, work);
}
