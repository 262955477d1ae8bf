import { listEnvironments } from "@roadbed/contracts/delivery";
import { encodeCursor, handle, NotFoundError, readCursor, type Handler, type Sql } from "@roadbed/core";
import { z } from "zod";

export function makeListEnvironments(): Handler {
  return handle(listEnvironments, async (ctx, { limit, cursor }) => {
    const after = readCursor(z.string(), cursor) ?? "";
    const { rows } = await ctx.sql.query<{ name: string; title: string; runtime: "local"; workloads: number }>(
      `select name, title, runtime, (select count(*)::int from delivery.workload w where w.environment = e.name) as workloads
       from delivery.environment e where name > $1 order by name limit $2`,
      [after, limit + 1],
    );
    const items = rows.slice(0, limit);
    return { items, ...(rows.length > limit ? { nextCursor: encodeCursor(items.at(-1)!.name) } : {}) };
  });
}

/** Throws `NotFoundError` unless there is one. */
export async function checkEnvironment(sql: Sql, name: string): Promise<void> {
  const { rowCount } = await sql.query("select 1 from delivery.environment where name = $1", [name]);
  if (rowCount === 0) throw new NotFoundError("environment", name);
}
