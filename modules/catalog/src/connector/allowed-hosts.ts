import { allowHost, forbidHost, listHosts } from "@roadbed/contracts/catalog/connections";
import { encodeCursor, formatActor, handle, readCursor, type Handler, type Sql } from "@roadbed/core";
import { z } from "zod";

/** Hosts in private networks are refused unless an administrator named them here. */
export async function isHostAllowed(sql: Sql, host: string): Promise<boolean> {
  return (await sql.query("select 1 from catalog.allowed_host where host = $1", [host.toLowerCase()])).rowCount > 0;
}

export function makeHostHandlers(): readonly Handler[] {
  return [
    handle(listHosts, async ({ sql }, { limit, cursor }) => {
      const rows = await readHosts(sql, readCursor(z.string(), cursor) ?? "", limit + 1);
      const items = rows.slice(0, limit).map(viewOf);
      return { items, ...(rows.length > limit ? { nextCursor: encodeCursor(items.at(-1)!.host) } : {}) };
    }),
    handle(allowHost, async (ctx, { host, reason }) => {
      const { rows } = await ctx.sql.query<HostRow>(
        `insert into catalog.allowed_host (host, actor, reason, at) values ($1, $2, $3, $4)
         on conflict (host) do update set actor = excluded.actor, reason = excluded.reason, at = excluded.at returning host, actor, reason, at`,
        [host, formatActor(ctx.actor), reason ?? ctx.reason ?? null, ctx.now()],
      );
      return viewOf(rows[0]!);
    }),
    handle(forbidHost, async (ctx, { host }) => ({
      forbidden: (await ctx.sql.query("delete from catalog.allowed_host where host = $1", [host])).rowCount > 0,
    })),
  ];
}

type HostRow = { host: string; actor: string; reason: string | null; at: Date };

async function readHosts(sql: Sql, after: string, limit: number): Promise<HostRow[]> {
  const { rows } = await sql.query<HostRow>(
    "select host, actor, reason, at from catalog.allowed_host where host > $1 order by host limit $2",
    [after, limit],
  );
  return rows;
}

function viewOf({ host, actor, reason, at }: HostRow) {
  return { host, actor, at: at.toISOString(), ...(reason === null ? {} : { reason }) };
}
