import { formatRef, parseRef } from "@roadbed/contracts/catalog";
import { listApprovals, showApproval } from "@roadbed/contracts/paths/approvals";
import { encodeCursor, formatActor, handle, readCursor, type Ctx, type Handler } from "@roadbed/core";
import { z } from "zod";

import { listApprovalRows, readApproval, toApproval, votesOf } from "./approval-store.ts";
import { makeDecideApproval, type DecideParts } from "./decide-approval.ts";
import { mayDecide } from "./may-decide.ts";

/** Approvals of runs: lists, one, and the decisions. What is about an entity that one may not see is not there. */
export function makeApprovalHandlers(deps: DecideParts): Handler[] {
  const hiddenOf = async (ctx: Ctx): Promise<readonly string[]> => (await deps.catalog.hiddenFrom?.(ctx)) ?? [];
  return [
    handle(listApprovals, async (ctx, { limit, cursor, state, mine, run, path }) => {
      const rows = await listApprovalRows(ctx.sql, {
        state,
        run,
        path: path === undefined ? undefined : formatRef(parseRef(path, { kind: "template" })),
        deciders: mine === true ? await decidersOf(ctx) : undefined,
        hidden: await hiddenOf(ctx),
        before: readCursor(z.string(), cursor),
        now: ctx.now(),
        limit: limit + 1,
      });
      const shown = rows.slice(0, limit);
      const votes = await votesOf(
        ctx.sql,
        shown.map(({ id }) => id),
      );
      const items = await Promise.all(shown.map(async (row) => toApproval(row, votes, await mayDecide(deps, ctx, row), ctx.now())));
      return { items, ...(rows.length > limit ? { nextCursor: encodeCursor(shown.at(-1)?.id) } : {}) };
    }),
    handle(showApproval, async (ctx, { id }) => {
      const row = await readApproval(ctx.sql, id, await hiddenOf(ctx));
      return toApproval(row, await votesOf(ctx.sql, [id]), await mayDecide(deps, ctx, row), ctx.now());
    }),
    ...makeDecideApproval(deps),
  ];

  async function decidersOf(ctx: Ctx): Promise<{ refs: string[]; all: boolean; actor: string }> {
    const own = (await deps.people?.identitiesOf?.(ctx)) ?? new Set<string>();
    return { refs: [...own], all: ctx.scopes.has("*") || ctx.scopes.has("paths:admin"), actor: formatActor(ctx.actor) };
  }
}
