import { checkSource, listSourceEdits } from "@roadbed/contracts/delivery/source";
import { DomainError, encodeCursor, handle, readCursor, type Handler } from "@roadbed/core";
import { z } from "zod";

import type { DeliveryDeps } from "../deps.ts";
import { hiddenFrom } from "../promotion/read-promotions.ts";
import { listEdits } from "./source-store.ts";
import { problemsOf } from "./source-text.ts";
import { become } from "./take-source.ts";

/** What people wrote on `main`, and a look at a file before it is pushed. */
export function makeSourceHandlers(deps: DeliveryDeps): Handler[] {
  return [
    handle(listSourceEdits, async (ctx, { limit, cursor, state, environment }) => {
      const before = readCursor(z.string(), cursor);
      const rows = await listEdits(ctx.sql, { state, environment, hidden: await hiddenFrom(deps, ctx), before, limit: limit + 1 });
      const items = rows.slice(0, limit);
      return { items, ...(rows.length > limit ? { nextCursor: encodeCursor(items.at(-1)!.id) } : {}) };
    }),
    handle(checkSource, async (ctx, { path, text }) => {
      try {
        const { outcome } = await become(deps, ctx, { path, text, reason: "", try: true });
        return { ok: true, outcome, problems: [] };
      } catch (error) {
        if (!(error instanceof DomainError)) throw error;
        return { ok: false, outcome: "It would be refused.", problems: problemsOf(path, text, error) };
      }
    }),
  ];
}
