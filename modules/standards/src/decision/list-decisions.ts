import { Decision, getDecision, listDecisions } from "@roadbed/contracts/standards";
import { decodeCursor, encodeCursor, handle, InvalidError, NotFoundError, type Handler } from "@roadbed/core";

import { findDecision, selectDecisions } from "./decision-store.ts";

/** The two operations that show stored decisions. */
export function makeDecisionReaders(): Handler[] {
  const list = handle(listDecisions, async (ctx, { limit, cursor, verdict }) => {
    const before = cursor === undefined ? undefined : decodeCursor(Decision.shape.id, cursor);
    if (cursor !== undefined && before === undefined) {
      throw new InvalidError("The cursor is not one of ours.", { mend: "Begin again without a cursor." });
    }
    const rows = await selectDecisions(ctx.sql, { before, verdict, limit: limit + 1 });
    const items = rows.slice(0, limit);
    const last = items.at(-1);
    return { items, ...(last && rows.length > limit ? { nextCursor: encodeCursor(last.id) } : {}) };
  });

  const get = handle(getDecision, async (ctx, { id }) => {
    const decision = await findDecision(ctx.sql, id);
    if (!decision) throw new NotFoundError("decision", id, "`roadbed decision list` shows the newest.");
    return decision;
  });

  return [list, get];
}
