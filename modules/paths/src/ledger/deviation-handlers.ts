import { formatRef, parseRef } from "@roadbed/contracts/catalog";
import {
  approveDeviation,
  declareDeviation,
  deviationChanged,
  endDeviation,
  listDeviations,
  refuseDeviation,
} from "@roadbed/contracts/paths/deviations";
import type { Deviation } from "@roadbed/contracts/paths/ledger";
import {
  ConflictError,
  encodeCursor,
  ForbiddenError,
  formatActor,
  handle,
  InvalidError,
  newId,
  readCursor,
  type Ctx,
  type Handler,
} from "@roadbed/core";
import { z } from "zod";

import type { PathsDeps } from "../deps.ts";
import type { Promises } from "../template/golden-path.ts";
import { listDeviationRows, lockDeviation, toDeviation, type DeviationOfThing } from "./deviation-store.ts";
import { lookFrom, type LedgerDeps } from "./ledger-handlers.ts";
import { readDrift, readMadeFiles, readStanding, type StandingRow } from "./made-store.ts";

export type DeviationDeps = LedgerDeps & Pick<PathsDeps, "people">;

const DAY_MS = 86_400_000;

/** Deviating knowingly: declared with a reason and an end, approved where the path asks for it. */
export function makeDeviationHandlers(deps: DeviationDeps): Handler[] {
  const hiddenOf = async (ctx: Ctx): Promise<readonly string[]> => (await deps.catalog.hiddenFrom?.(ctx)) ?? [];
  return [
    makeDeclare(deps),
    handle(listDeviations, async (ctx, { limit, cursor, status, thing, path }) => {
      const rows = await listDeviationRows(ctx.sql, {
        status,
        thing,
        path: path === undefined ? undefined : formatRef(parseRef(path, { kind: "template" })),
        before: readCursor(z.string(), cursor),
        hidden: await hiddenOf(ctx),
        now: ctx.now(),
        limit: limit + 1,
      });
      const items = rows.slice(0, limit).map((row) => ({ ...toDeviation(row, ctx.now()), repository: row.repository, path: row.path_ref }));
      return { items, ...(rows.length > limit ? { nextCursor: encodeCursor(items.at(-1)?.id) } : {}) };
    }),
    handle(approveDeviation, async (ctx, { id, note }) => {
      const row = await lockDeviation(ctx.sql, id, await hiddenOf(ctx));
      refuseDecided(row);
      await refuseWrongApprover(deps, ctx, row);
      if (row.expires_at <= ctx.now()) {
        throw new ConflictError("The deviation's last day is over: there is nothing to approve any more.", { mend: "Declare it anew." });
      }
      return settle(ctx, row, "active", note);
    }),
    handle(refuseDeviation, async (ctx, { id, note }) => {
      const row = await lockDeviation(ctx.sql, id, await hiddenOf(ctx));
      refuseDecided(row);
      await refuseWrongApprover(deps, ctx, row);
      return settle(ctx, row, "refused", note);
    }),
    handle(endDeviation, async (ctx, { id }) => {
      const row = await lockDeviation(ctx.sql, id, await hiddenOf(ctx));
      if (row.status !== "active" && row.status !== "requested") throw new ConflictError(`The deviation was ${row.status} already.`);
      return settle(ctx, row, "ended", undefined);
    }),
  ];
}

function makeDeclare(deps: DeviationDeps): Handler {
  return handle(declareDeviation, async (ctx, { thing, files, reason, owner, days }) => {
    const { view, paths } = await lookFrom(deps, ctx);
    const made = await readStanding(ctx.sql, view, thing);
    const rules = paths.get(made.path_ref)?.promises.deviations ?? NO_RULES;
    if (days > rules.maxDays) {
      throw new InvalidError(`${made.path_title} lets things deviate for ${rules.maxDays} days at most.`, {
        problems: [{ at: "days", reason: `must be ${rules.maxDays} at most` }],
      });
    }
    const wanted =
      files ?? (await readDrift(ctx.sql, made.id, ctx.now())).flatMap(({ path, deviation_id }) => (deviation_id === null ? [path] : []));
    await refuseStrangers(ctx, made, wanted);
    const id = newId("deviation", ctx.now().getTime());
    await ctx.sql.query(
      `insert into paths.deviation (id, made_id, paths, reason, owner, requested_by, status, created_at, expires_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
      [
        id,
        made.id,
        wanted,
        reason,
        await ownerOf(deps, ctx, made, owner),
        formatActor(ctx.actor),
        rules.approval ? "requested" : "active",
        ctx.now(),
        new Date(ctx.now().getTime() + days * DAY_MS),
      ],
    );
    const row = await lockDeviation(ctx.sql, id, view.hidden);
    tell(ctx, row, row.status, rules.approval ? paths.get(made.path_ref)?.owner : undefined);
    return toDeviation(row, ctx.now());
  });
}

const NO_RULES: Promises["deviations"] = { approval: false, maxDays: 365 };

async function refuseStrangers(ctx: Ctx, made: StandingRow, wanted: readonly string[]): Promise<void> {
  if (wanted.length === 0)
    throw new ConflictError("Nothing in it differs that was not declared.", { mend: "Name the files that are going to." });
  const managed = new Set((await readMadeFiles(ctx.sql, made.id)).filter((file) => file.managed).map(({ path }) => path));
  const strange = wanted.filter((path) => !managed.has(path));
  if (strange.length === 0) return;
  throw new InvalidError(
    `${strange.slice(0, 5).join(", ")} ${strange.length === 1 ? "is" : "are"} not the path's: nobody minds what becomes of it.`,
    {
      problems: strange.map((path) => ({ at: "files", reason: `${path} is no managed file` })),
    },
  );
}

/** Who answers for it: who was named, else the thing's owner, else who declares it. */
async function ownerOf({ catalog }: DeviationDeps, ctx: Ctx, made: StandingRow, given: string | undefined): Promise<string> {
  if (given !== undefined) {
    const ref = formatRef(parseRef(given, { kind: "group" }));
    if ((await catalog.get(ctx, ref)) !== undefined) return ref;
    throw new InvalidError(`There is no ${ref} in the catalogue.`, { problems: [{ at: "owner", reason: "is not in the catalogue" }] });
  }
  const entity = made.entity_ref === null ? undefined : await catalog.get(ctx, made.entity_ref);
  const owner = entity?.spec?.["owner"];
  return typeof owner === "string" && owner !== "" ? formatRef(parseRef(owner, { kind: "group" })) : formatActor(ctx.actor);
}

function refuseDecided({ status }: DeviationOfThing): void {
  if (status !== "requested") throw new ConflictError(`The deviation was decided already: it is ${status}.`);
}

/** Nobody decides what they asked for; who decides answers for the path, or administers paths. */
async function refuseWrongApprover(deps: DeviationDeps, ctx: Ctx, row: DeviationOfThing): Promise<void> {
  if (row.requested_by === formatActor(ctx.actor)) {
    throw new ForbiddenError("Nobody approves what they asked for.", { mend: "Ask somebody else of those who answer for the path." });
  }
  if (ctx.scopes.has("*") || ctx.scopes.has("paths:admin")) return;
  const path = (await deps.library.list(ctx)).find(({ ref }) => ref === row.path_ref);
  const owner = path?.owner === undefined ? undefined : formatRef(parseRef(path.owner, { kind: "group" }));
  const own = (await deps.people?.identitiesOf?.(ctx)) ?? new Set<string>();
  if (owner !== undefined && own.has(owner)) return;
  throw new ForbiddenError(`Only ${owner ?? "administrators of paths"} may decide this.`, { mend: "Ask one of them." });
}

async function settle(
  ctx: Ctx,
  row: DeviationOfThing,
  status: "active" | "refused" | "ended",
  note: string | undefined,
): Promise<Deviation> {
  await ctx.sql.query("update paths.deviation set status = $2, decided_by = $3, decided_at = $4, note = coalesce($5, note) where id = $1", [
    row.id,
    status,
    formatActor(ctx.actor),
    ctx.now(),
    note ?? null,
  ]);
  tell(ctx, row, status, undefined);
  return toDeviation({ ...row, status, decided_by: formatActor(ctx.actor), note: note ?? row.note }, ctx.now());
}

function tell(ctx: Ctx, row: DeviationOfThing, status: string, to: string | undefined): void {
  ctx.emit(deviationChanged, row.id, {
    deviation: row.id,
    thing: row.made_id,
    repository: row.repository,
    ...(row.entity_ref === null ? {} : { entityRef: row.entity_ref }),
    ...(to === undefined ? {} : { to }),
    status,
  });
}
