import { getPolicy, listPolicies, Policy } from "@roadbed/contracts/standards";
import { encodeCursor, handle, NotFoundError, readCursor, type Handler, type Sql } from "@roadbed/core";

/** The policies as they are now, in the order of their names. There are tens of them, kept in memory. */
export type ReadPolicies = (sql: Sql, now: Date) => Promise<readonly Policy[]>;

/** The two operations that show the policies. */
export function makePolicyReaders(read: ReadPolicies): Handler[] {
  const list = handle(listPolicies, async (ctx, { limit, cursor, pack }) => {
    const after = readCursor(Policy.shape.name, cursor) ?? "";
    const policies = (await read(ctx.sql, ctx.now())).filter((policy) => pack === undefined || policy.pack === pack);
    const rest = policies.filter(({ name }) => name > after);
    const items = rest.slice(0, limit);
    const last = items.at(-1);
    return { items, total: policies.length, ...(last && rest.length > limit ? { nextCursor: encodeCursor(last.name) } : {}) };
  });

  const get = handle(getPolicy, async (ctx, { name }) => {
    const policy = (await read(ctx.sql, ctx.now())).find((one) => one.name === name);
    if (!policy) throw new NotFoundError("policy", name, "`roadbed policy list` shows the names.");
    return policy;
  });

  return [list, get];
}
