import { getDeployment, listDeployments } from "@roadbed/contracts/delivery";
import { encodeCursor, handle, NotFoundError, readCursor, type Handler } from "@roadbed/core";
import { z } from "zod";

import { findDeployment, listDeploymentRecords } from "./deployment-store.ts";

export function makeDeploymentReaders(): Handler[] {
  return [
    handle(listDeployments, async (ctx, { limit, cursor, entityRef, environment }) => {
      const before = readCursor(z.string(), cursor);
      const found = await listDeploymentRecords(ctx.sql, { entityRef: entityRef?.toLowerCase(), environment, before, limit: limit + 1 });
      const items = found.slice(0, limit);
      return { items, ...(found.length > limit ? { nextCursor: encodeCursor(items.at(-1)!.id) } : {}) };
    }),
    handle(getDeployment, async (ctx, { id }) => {
      const deployment = await findDeployment(ctx.sql, id);
      if (deployment === undefined) throw new NotFoundError("deployment", id);
      return deployment;
    }),
  ];
}
