import { acceptDrift, getDrift, healDrift, listDrift, type Drift } from "@roadbed/contracts/delivery/drift";
import { promotionAdmitted } from "@roadbed/contracts/delivery/promotions";
import {
  ConflictError,
  encodeCursor,
  formatActor,
  handle,
  readCursor,
  type Actor,
  type Ctx,
  type Handler,
  type Operation,
} from "@roadbed/core";
import { z } from "zod";

import type { DeliveryDeps } from "../deps.ts";
import { approversOfAll } from "../promotion/approvals.ts";
import { theEnvironment } from "../promotion/promotion-handlers.ts";
import { aboutOf } from "../promotion/promotion-store.ts";
import { hiddenFrom } from "../promotion/read-promotions.ts";
import { insertPromotion, lockPlace } from "../promotion/request-promotion.ts";
import { findReleases } from "../release/release-store.ts";
import { putAccepted } from "./accepted-store.ts";
import { acceptedFromCluster } from "./cluster-differences.ts";
import { comparePlaces, type Looks, type Place } from "./compare-places.ts";
import { acceptedFrom } from "./differences.ts";
import { endDrift, readDrift, readDrifts, toDrift, type DriftRow } from "./drift-store.ts";
import { healNow } from "./watch-drift.ts";

const ITSELF: Actor = { kind: "system", job: "delivery.drift" };

export function makeDriftHandlers(deps: DeliveryDeps, looks: Looks): Handler[] {
  return [
    handle(listDrift, async (ctx, { limit, cursor, entityRef, environment, open }) => {
      const rows = await readDrifts(
        ctx.sql,
        `($1::text is null or d.entity_ref = $1) and ($2::text is null or d.environment = $2) and (not $3 or d.ended_at is null)
         and d.entity_ref <> all($4::text[]) and ($5::text is null or d.id < $5) order by d.id desc limit $6`,
        [
          entityRef?.toLowerCase() ?? null,
          environment ?? null,
          open === true,
          await hiddenFrom(deps, ctx),
          readCursor(z.string(), cursor) ?? null,
          limit + 1,
        ],
      );
      const items = rows.slice(0, limit).map(toDrift);
      return { items, ...(rows.length > limit ? { nextCursor: encodeCursor(items.at(-1)?.id) } : {}) };
    }),
    handle(getDrift, async (ctx, { id }) => toDrift(await readDrift(ctx.sql, id, await hiddenFrom(deps, ctx)))),
    handle(healDrift, async (ctx, { id, reason }) => {
      const { row, place } = await toDecide(ctx, healDrift, id);
      await healNow(deps, ctx, row, place, { by: formatActor(ctx.actor), why: reason });
      return show(ctx, id);
    }),
    handle(acceptDrift, async (ctx, { id, reason }) => {
      const { row, place } = await toDecide(ctx, acceptDrift, id);
      await requireWord(ctx, place);
      await accept(ctx, place, reason);
      await endDrift(ctx, row, "accepted", { by: formatActor(ctx.actor), why: reason });
      return show(ctx, id);
    }),
  ];

  async function show(ctx: Ctx, id: string): Promise<Drift> {
    return toDrift(await readDrift(ctx.sql, id, []));
  }

  /** What is still different, as it is now: nobody decides about what was so an hour ago. */
  async function toDecide(ctx: Ctx, operation: Operation, id: string): Promise<{ readonly row: DriftRow; readonly place: Place }> {
    const row = await readDrift(ctx.sql, id, await hiddenFrom(deps, ctx), true);
    const { entity_ref: entityRef, environment } = row;
    await deps.runtime.may(ctx, operation, { kind: "entity", id: entityRef });
    if (row.ended_at !== null) throw new ConflictError(`It is ${row.state} already.`, { mend: "See roadbed workload-drift list." });
    await lockPlace(ctx, entityRef, environment);
    const [place] = await comparePlaces(ctx.sql, looks, { entityRef, environment });
    if (place !== undefined && place.differences.length > 0) return { row, place };
    throw new ConflictError(place === undefined ? "A release is on its way there." : "What runs is what Git says by now.", {
      mend: "Wait a moment and look again: roadbed workload-drift list --open.",
    });
  }

  /** Who takes something past the gates into Git has to be somebody who may let a release pass them. */
  async function requireWord(ctx: Ctx, { entityRef, environment: name }: Place): Promise<void> {
    const environment = await theEnvironment(ctx, name);
    if (environment.approvals.length === 0) return;
    await deps.approvers?.require(ctx, ITSELF, await approversOfAll(deps, ctx, environment, entityRef));
  }

  /** Another commit becomes its release in Git; everything else stands beside the release that is there, as long as it is. */
  async function accept(ctx: Ctx, place: Place, reason: string): Promise<void> {
    const { entityRef, environment, releaseId, actual, accepted, differences } = place;
    const changes = place.inCluster
      ? acceptedFromCluster(differences, place.wanted.manifest, accepted)
      : actual && acceptedFrom(differences, actual, accepted);
    if (changes !== undefined) {
      await putAccepted(ctx, { entityRef, environment, releaseId, changes, by: formatActor(ctx.actor), why: reason });
      return;
    }
    if (place.inCluster) {
      throw new ConflictError(
        "Git has no words for it: only how many there are and how much memory and processor they may use can be taken over.",
        {
          problems: differences.map(({ field, git, runs }) => ({
            at: field,
            reason: `${runs ?? "nothing"} instead of ${git ?? "nothing"}`,
          })),
          mend: "Heal it. If it is to stay, say it in roadbed.yaml or deploy/ and release that.",
        },
      );
    }
    if (differences.every(({ field }) => field !== "commit")) {
      throw new ConflictError("A variable whose value changed since the start cannot be taken into Git: its value is not kept there.", {
        mend: "Heal it: it is restarted.",
      });
    }
    const release = actual?.commit === undefined ? undefined : await releaseOf(ctx, entityRef, actual.commit);
    if (release === undefined) {
      throw new ConflictError(
        actual?.commit === undefined
          ? "Nothing runs there that could be taken into Git."
          : `There is no release of the commit ${actual.commit.slice(0, 8)}.`,
        { mend: actual?.commit === undefined ? "Heal it." : `Make one: roadbed release create ${entityRef}. Or heal it.` },
      );
    }
    const row = await insertPromotion(ctx, {
      release,
      environment: await theEnvironment(ctx, environment),
      automatic: false,
      reason: `What runs was accepted: ${reason}`,
      kind: "promote",
      state: "writing",
      from: releaseId,
    });
    ctx.emit(promotionAdmitted, entityRef, { ...aboutOf(row), kind: "promote" });
  }
}

async function releaseOf(ctx: Ctx, entityRef: string, commit: string) {
  const { rows } = await ctx.sql.query<{ id: string }>(
    "select id from delivery.release where entity_ref = $1 and commit = $2 order by number desc limit 1",
    [entityRef, commit],
  );
  return rows[0] && (await findReleases(ctx.sql, [rows[0].id])).get(rows[0].id);
}
