import { getPolicy, listPolicies, Policy } from "@roadbed/contracts/standards";
import { decodeCursor, encodeCursor, handle, InvalidError, NotFoundError, type Handler } from "@roadbed/core";

/** The two operations that show the policies. There are tens of them, kept in memory in the order of their names. */
export function makePolicyReaders(policies: readonly Policy[]): Handler[] {
  const list = handle(listPolicies, async (_ctx, { limit, cursor }) => {
    const after = cursor === undefined ? "" : decodeCursor(Policy.shape.name, cursor);
    if (after === undefined) throw new InvalidError("The cursor is not one of ours.", { mend: "Begin again without a cursor." });
    const rest = policies.filter(({ name }) => name > after);
    const items = rest.slice(0, limit);
    const last = items.at(-1);
    return { items, total: policies.length, ...(last && rest.length > limit ? { nextCursor: encodeCursor(last.name) } : {}) };
  });

  const get = handle(getPolicy, async (_ctx, { name }) => {
    const policy = policies.find((one) => one.name === name);
    if (!policy) throw new NotFoundError("policy", name, "`roadbed policy list` shows the names.");
    return policy;
  });

  return [list, get];
}
