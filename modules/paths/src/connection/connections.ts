import {
  deletePathConnection,
  listGitHosts,
  listPathConnections,
  savePathConnection,
  type PathConnection,
} from "@roadbed/contracts/paths/connections";
import { encodeCursor, formatActor, handle, readCursor, type Handler, type Sql } from "@roadbed/core";
import type { Sealer } from "@roadbed/postgres";
import { z } from "zod";

import type { Outside } from "../deps.ts";
import type { NamedConnection, NamedConnections } from "../action/outside/named.ts";

interface Row extends Record<string, unknown> {
  readonly name: string;
  readonly url: string;
  readonly header_names: string[];
  readonly signs: boolean;
  readonly sealed: Buffer;
  readonly actor: string;
  readonly at: Date;
}

interface Secrets {
  readonly headers: Readonly<Record<string, string>>;
  readonly signingSecret?: string | undefined;
}

/** The named systems, with what is secret: for steps only. */
export function createNamedConnections({ db, sealer }: { readonly db: Sql; readonly sealer: Sealer }): NamedConnections {
  return {
    async get(name): Promise<NamedConnection | undefined> {
      const row = await read(db, name);
      if (row === undefined) return undefined;
      const { headers, signingSecret } = await sealer.open<Secrets>(row.sealed, `connection:${name}`);
      return { name, url: row.url, headers, signingSecret };
    },
  };
}

export function makeConnectionHandlers({
  sealer,
  outside,
}: {
  readonly sealer: Sealer;
  readonly outside?: Pick<Outside, "hosts"> | undefined;
}): Handler[] {
  return [
    // A handful: all on one page.
    handle(listGitHosts, async () => ({ items: [...((await outside?.hosts()) ?? [])] })),
    handle(listPathConnections, async ({ sql }, { limit, cursor }) => {
      const after = readCursor(z.string(), cursor) ?? "";
      const { rows } = await sql.query<Row>("select * from paths.connection where name > $1 order by name limit $2", [after, limit + 1]);
      const items = rows.slice(0, limit).map(viewOf);
      return { items, ...(rows.length > limit ? { nextCursor: encodeCursor(items.at(-1)?.name ?? "") } : {}) };
    }),
    handle(savePathConnection, async (ctx, { name, address, credential, headers, signingSecret }) => {
      const known = await read(ctx.sql, name);
      const before: Secrets = known === undefined ? { headers: {} } : await sealer.open<Secrets>(known.sealed, `connection:${name}`);
      const kept = sameHost(known?.url, address) ? before : { headers: {} };
      const secrets: Secrets = {
        headers: { ...(headers ?? kept.headers), ...(credential === undefined ? {} : { authorization: `Bearer ${credential}` }) },
        signingSecret: signingSecret ?? kept.signingSecret,
      };
      const { rows } = await ctx.sql.query<Row>(
        `insert into paths.connection (name, url, header_names, signs, sealed, actor, at) values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (name) do update set url = excluded.url, header_names = excluded.header_names, signs = excluded.signs,
           sealed = excluded.sealed, actor = excluded.actor, at = excluded.at
         returning *`,
        [
          name,
          address,
          Object.keys(secrets.headers).sort(),
          secrets.signingSecret !== undefined,
          await sealer.seal(secrets, `connection:${name}`),
          formatActor(ctx.actor),
          ctx.now(),
        ],
      );
      return viewOf(rows[0]!);
    }),
    handle(deletePathConnection, async ({ sql }, { name }) => ({
      deleted: (await sql.query("delete from paths.connection where name = $1", [name])).rowCount > 0,
    })),
  ];
}

/** A credential that is there goes to no other host than the one it was given for. */
function sameHost(before: string | undefined, after: string): boolean {
  return before !== undefined && new URL(before).origin === new URL(after).origin;
}

async function read(sql: Sql, name: string): Promise<Row | undefined> {
  return (await sql.query<Row>("select * from paths.connection where name = $1", [name])).rows[0];
}

function viewOf({ name, url, header_names, signs, actor, at }: Row): PathConnection {
  return { name, address: url, headers: header_names, signs, actor, at: at.toISOString() };
}
