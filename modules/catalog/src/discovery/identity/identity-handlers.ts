import {
  acceptIdentities,
  listIdentities,
  proposalsChanged,
  proposeIdentities,
  refuseIdentities,
  setIdentity,
} from "@roadbed/contracts/catalog/proposals";
import {
  encodeCursor,
  formatActor,
  handle,
  InvalidError,
  NotFoundError,
  readCursor,
  type Ctx,
  type Handler,
  type Sql,
} from "@roadbed/core";
import { z } from "zod";

import type { Catalogue } from "../../estate/catalogue.ts";
import { hiddenRefs } from "../hidden-refs.ts";
import { lockProposals } from "../proposal/proposal-store.ts";
import { recombine } from "../run/recombine.ts";
import { identityView, LOGIN_COLUMNS, type LoginRow } from "./login-store.ts";
import { PROPOSE_BAR } from "./match-logins.ts";

export function makeIdentityHandlers(catalogue: Catalogue): readonly Handler[] {
  return [makePropose(catalogue), makeList(catalogue), makeAccept(catalogue), makeRefuse(catalogue), makeSet(catalogue)];
}

function makePropose(catalogue: Catalogue): Handler {
  return handle(proposeIdentities, async (ctx) => {
    await follow(catalogue, ctx);
    const { rows } = await ctx.sql.query<{ state: string; count: number }>(
      "select state, count(*)::int as count from catalog.login group by state",
    );
    const of = (state: string): number => rows.find((row) => row.state === state)?.count ?? 0;
    return {
      logins: rows.reduce((sum, { count }) => sum + count, 0),
      accepted: of("accepted"),
      proposed: of("proposed"),
      open: of("open"),
    };
  });
}

/** Owners of open proposals follow who somebody is, in the same transaction. */
async function follow({ kinds }: Catalogue, ctx: Ctx): Promise<void> {
  const { added, changed, reopened, withdrawn } = await recombine(ctx.sql, kinds, ctx.now());
  const count = added + changed + reopened + withdrawn;
  if (count > 0) ctx.emit(proposalsChanged, "proposals", { count });
}

function makeList(catalogue: Catalogue): Handler {
  return handle(listIdentities, async (ctx, { limit, cursor, state, text }) => {
    const hidden = await hiddenRefs(catalogue, ctx);
    const after = readCursor(z.tuple([z.number(), z.string()]), cursor);
    const pattern = text === undefined ? null : `%${text.trim().replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
    const condition = "($1::text is null or state = $1) and ($2::text is null or login ilike $2 or name ilike $2 or user_ref ilike $2)";
    const { rows } = await ctx.sql.query<Record<string, unknown>>(
      `select ${LOGIN_COLUMNS} from catalog.login where ${condition}
       and ($3::float8 is null or confidence < $3 or (confidence = $3 and login > $4)) order by confidence desc, login limit ${limit + 1}`,
      [state ?? null, pattern, after?.[0] ?? null, after?.[1] ?? null],
    );
    const page = (rows as unknown as LoginRow[]).slice(0, limit);
    const states = await ctx.sql.query<{ value: string; count: number }>(
      "select state as value, count(*)::int as count from catalog.login group by 1 order by 2 desc, 1",
    );
    const last = page.at(-1);
    return {
      items: page.map((row) => identityView(row, hidden)),
      ...(rows.length > limit && last ? { nextCursor: encodeCursor([last.confidence, last.login]) } : {}),
      states: states.rows,
    };
  });
}

function makeAccept(catalogue: Catalogue): Handler {
  return handle(acceptIdentities, async (ctx, { logins, minConfidence }) => {
    if (logins === undefined && minConfidence === undefined) {
      throw new InvalidError("Neither logins nor a least confidence is given.", {
        mend: "Name one of them.",
        problems: [{ at: "logins", reason: "is missing" }],
      });
    }
    await lockProposals(ctx.sql);
    // Several at once only where one was clearly the best: the others a person has to look at.
    const { rowCount } = await ctx.sql.query(
      `update catalog.login set state = 'accepted', decided_by = $3, decided_at = $4, updated_at = $4
       where state = 'proposed' and user_ref is not null and ($1::text[] is null or login = any($1)) and confidence >= $2`,
      [logins ?? null, Math.max(minConfidence ?? 0, PROPOSE_BAR), formatActor(ctx.actor), ctx.now()],
    );
    if (rowCount > 0) await follow(catalogue, ctx);
    return { accepted: rowCount };
  });
}

function makeRefuse(catalogue: Catalogue): Handler {
  return handle(refuseIdentities, async (ctx, { logins }) => {
    await lockProposals(ctx.sql);
    // Who it is not is remembered; somebody else may still be it.
    const { rowCount } = await ctx.sql.query(
      `update catalog.login set refused = case when user_ref is null or user_ref = any(refused) then refused else refused || user_ref end,
         state = 'open', user_ref = null, decided_by = null, decided_at = null, updated_at = $2 where login = any($1)`,
      [logins, ctx.now()],
    );
    if (rowCount > 0) await follow(catalogue, ctx);
    return { refused: rowCount };
  });
}

function makeSet(catalogue: Catalogue): Handler {
  return handle(setIdentity, async (ctx, { login, user }) => {
    const hidden = await hiddenRefs(catalogue, ctx);
    await lockProposals(ctx.sql);
    if (!user.startsWith("user:")) {
      throw new InvalidError(`${user} is no user.`, {
        mend: "Name a User entity, e.g. user:default/ada.",
        problems: [{ at: "user", reason: "is no user" }],
      });
    }
    const known = await ctx.sql.query("select 1 from catalog.entity where ref = $1", [user]);
    if (known.rowCount === 0 || hidden.has(user))
      throw new NotFoundError("entity", user, "Add the person to the catalogue first, or accept the proposal of them.");
    await ctx.sql.query(
      `insert into catalog.login (login, state, user_ref, confidence, reason, candidates, seen_in, decided_by, decided_at, updated_at)
       values ($1, 'accepted', $2, 1, 'a person said so', '[]', '{}', $3, $4, $4)
       on conflict (login) do update set state = 'accepted', user_ref = $2, confidence = 1, reason = 'a person said so', refused = array_remove(catalog.login.refused, $2),
         decided_by = $3, decided_at = $4, updated_at = $4`,
      [login, user, formatActor(ctx.actor), ctx.now()],
    );
    await follow(catalogue, ctx);
    return identityView(await loginRow(ctx.sql, login), hidden);
  });
}

async function loginRow(sql: Sql, login: string): Promise<LoginRow> {
  const { rows } = await sql.query<Record<string, unknown>>(`select ${LOGIN_COLUMNS} from catalog.login where login = $1`, [login]);
  return rows[0] as unknown as LoginRow;
}
