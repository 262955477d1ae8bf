import { formatRef, parseRef } from "@roadbed/contracts/catalog";
import {
  cancelUpgrade,
  goUpgrade,
  listUpgradeItems,
  listUpgrades,
  pauseUpgrade,
  previewUpgrade,
  refreshUpgrade,
  resumeUpgrade,
  showUpgrade,
  startUpgrade,
  upgradeRequested,
  type Upgrade,
} from "@roadbed/contracts/paths/upgrades";
import { ConflictError, encodeCursor, formatActor, handle, newId, NotFoundError, readCursor, type Ctx, type Handler } from "@roadbed/core";
import { z } from "zod";

import type { PathsDeps } from "../deps.ts";
import type { LedgerRepositories } from "../ledger/check-made.ts";
import { lookFrom, needRepositories } from "../ledger/ledger-handlers.ts";
import { readStanding } from "../ledger/made-store.ts";
import { userOf } from "../run/user.ts";
import type { Library } from "../template/library.ts";
import { proposeItem, type ProposeDeps } from "./propose-item.ts";
import { countItems, listItems, lockItem, readUpgrade, toItem, toUpgrade, type UpgradeRow } from "./upgrade-store.ts";
import { reasonOf, workOut } from "./work-out.ts";

export interface UpgradeDeps extends Omit<ProposeDeps, "repositories">, Pick<PathsDeps, "people"> {
  readonly repositories?: LedgerRepositories | undefined;
  readonly library: Library;
}

export function makeUpgradeHandlers(deps: UpgradeDeps): Handler[] {
  const show = async (ctx: Ctx, id: string): Promise<Upgrade> => {
    const row = await readUpgrade(ctx.sql, id);
    return toUpgrade(row, (await countItems(ctx.sql, [id], await hiddenOf(deps, ctx))).get(id)!);
  };
  return [
    makePreview(deps),
    makeStart(deps, show),
    handle(showUpgrade, (ctx, { id }) => show(ctx, id)),
    handle(listUpgrades, async (ctx, { limit, cursor, path }) => {
      const { rows } = await ctx.sql.query<UpgradeRow>(
        "select * from paths.upgrade where ($1::text is null or path_ref = $1) and ($2::text is null or id < $2) order by id desc limit $3",
        [path === undefined ? null : formatRef(parseRef(path, { kind: "template" })), readCursor(z.string(), cursor) ?? null, limit + 1],
      );
      const shown = rows.slice(0, limit);
      const ids = shown.map(({ id }) => id);
      const counts = await countItems(ctx.sql, ids, await hiddenOf(deps, ctx));
      const items = shown.map((row) => toUpgrade(row, counts.get(row.id)!));
      return { items, ...(rows.length > limit ? { nextCursor: encodeCursor(ids.at(-1)) } : {}) };
    }),
    handle(listUpgradeItems, async (ctx, { id, limit, cursor, state }) => {
      await readUpgrade(ctx.sql, id);
      const after = readCursor(z.number().int(), cursor) ?? -1;
      const rows = await listItems(ctx.sql, id, { state, after, hidden: await hiddenOf(deps, ctx), limit: limit + 1 });
      const shown = rows.slice(0, limit);
      return { items: shown.map(toItem), ...(rows.length > limit ? { nextCursor: encodeCursor(shown.at(-1)?.n) } : {}) };
    }),
    handle(pauseUpgrade, (ctx, { id }) => steer(ctx, id, ["running"], "status = 'paused'")),
    handle(resumeUpgrade, (ctx, { id }) => steer(ctx, id, ["paused"], "status = 'running'")),
    handle(goUpgrade, (ctx, { id }) => steer(ctx, id, ["running"], "told_go = greatest(told_go, wave)")),
    handle(cancelUpgrade, (ctx, { id }) => steer(ctx, id, ["running", "paused"], "status = 'cancelled', ended_at = now()")),
    handle(refreshUpgrade, async (ctx, { id, thing }) => {
      const upgrade = await readUpgrade(ctx.sql, id);
      const item = await lockItem(ctx.sql, id, thing);
      if (item.entity_ref !== null && (await hiddenOf(deps, ctx)).includes(item.entity_ref))
        throw new NotFoundError("part of the upgrade", thing);
      if (item.state !== "open" && item.state !== "conflicting" && item.state !== "refused") {
        throw new ConflictError(`Its change is ${item.state}: there is nothing to make anew.`);
      }
      const again = item.state === "refused" ? { ...item, state: "waiting" as const } : item;
      await proposeItem({ ...deps, repositories: needRepositories(deps) }, ctx, upgrade, again);
      return toItem(await lockItem(ctx.sql, id, thing));
    }),
  ];

  async function steer(ctx: Ctx, id: string, from: readonly string[], change: string): Promise<Upgrade> {
    const { status } = await readUpgrade(ctx.sql, id, true);
    if (!from.includes(status)) throw new ConflictError(`The upgrade is ${status}.`, { mend: `It must be ${from.join(" or ")}.` });
    await ctx.sql.query(`update paths.upgrade set ${change} where id = $1`, [id]);
    ctx.emit(upgradeRequested, id, { upgradeId: id, why: "news" });
    return show(ctx, id);
  }
}

function makePreview(deps: UpgradeDeps): Handler {
  return handle(previewUpgrade, async (ctx, { thing }) => {
    const { view } = await lookFrom(deps, ctx);
    const made = await readStanding(ctx.sql, view, thing);
    const path = await deps.library.get(ctx, made.path_ref);
    const versions = {
      ...(made.version === null ? {} : { fromVersion: made.version }),
      ...(path.promises.version === undefined ? {} : { toVersion: path.promises.version }),
    };
    if (!made.older) return { ...versions, files: [] };
    try {
      const { said } = await workOut({ ...deps, repositories: needRepositories(deps) }, ctx, made, { path, title: made.path_title });
      return { ...versions, files: [...said] };
    } catch (error) {
      const refused = reasonOf(error);
      if (refused === undefined) throw error;
      return { ...versions, refused, files: [] };
    }
  });
}

function makeStart(deps: UpgradeDeps, show: (ctx: Ctx, id: string) => Promise<Upgrade>): Handler {
  return handle(startUpgrade, async (ctx, { path: name, things, waveSize, waitFor }) => {
    needRepositories(deps);
    const path = await deps.library.get(ctx, name);
    // Two starts at once: the second finds what the first has begun.
    await ctx.sql.query("select pg_advisory_xact_lock(hashtextextended($1, 0))", [`paths.upgrade ${path.ref}`]);
    const digest = await deps.sources.keep(ctx.sql, path);
    if (digest === undefined) throw new ConflictError("The files of this path are not on this server, or too large to be kept.");
    const hidden = await hiddenOf(deps, ctx);
    const { rows } = await ctx.sql.query<{ id: string; version: string | null }>(
      `select m.id, m.version from paths.made m where m.path_ref = $1 and m.gone_at is null and m.source_digest is distinct from $2
       and ($3::text[] is null or m.id = any($3)) and (m.entity_ref is null or m.entity_ref <> all($4::text[]))
       and not exists (select 1 from paths.upgrade_item i join paths.upgrade u on u.id = i.upgrade_id
         where i.made_id = m.id and u.to_digest = $2 and u.status in ('running', 'paused') and i.state in ('waiting', 'open', 'conflicting'))
       order by m.id`,
      [path.ref, digest, things ?? null, hidden],
    );
    if (rows.length === 0)
      throw new ConflictError("Nothing is on an older version, or an upgrade to this one is under way.", {
        mend: "See roadbed upgrade list.",
      });
    const id = newId("upgrade", ctx.now().getTime());
    const user = await userOf(deps, ctx);
    const profile = (user.entity.spec?.["profile"] ?? {}) as { displayName?: string; email?: string };
    const detail = { actor: ctx.actor, name: profile.displayName ?? user.entity.metadata.name, email: profile.email ?? "" };
    await ctx.sql.query(
      `insert into paths.upgrade (id, path_ref, path_title, to_version, to_digest, status, wait_for, waves, actor, actor_detail, started_at)
       values ($1, $2, $3, $4, $5, 'running', $6, $7, $8, $9, $10)`,
      [
        id,
        path.ref,
        path.title,
        path.promises.version ?? null,
        digest,
        waitFor,
        Math.ceil(rows.length / waveSize),
        formatActor(ctx.actor),
        JSON.stringify(detail),
        ctx.now(),
      ],
    );
    await ctx.sql.query(
      `insert into paths.upgrade_item (upgrade_id, made_id, n, wave, state, from_version, updated_at)
       select $1, made_id, n, (n - 1) / $4 + 1, 'waiting', version, $5
       from unnest($2::text[], $3::text[]) with ordinality as t (made_id, version, n)`,
      [id, rows.map((row) => row.id), rows.map((row) => row.version), waveSize, ctx.now()],
    );
    ctx.emit(upgradeRequested, id, { upgradeId: id, why: "started" });
    return show(ctx, id);
  });
}

async function hiddenOf({ catalog }: UpgradeDeps, ctx: Ctx): Promise<readonly string[]> {
  return (await catalog.hiddenFrom?.(ctx)) ?? [];
}
