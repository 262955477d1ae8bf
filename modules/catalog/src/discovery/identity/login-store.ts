import type { Sql } from "@roadbed/core";
import type { Identity } from "@roadbed/contracts/catalog/proposals";

import { clean } from "../proposal/proposal-store.ts";
import { optional } from "../proposal/proposal-row.ts";
import type { KnownEntity } from "../combine/draft.ts";
import { ACCEPT_BAR, candidatesFor, clearly, type Candidate, type SeenLogin } from "./match-logins.ts";

export interface LoginRow {
  readonly login: string;
  readonly name: string | null;
  readonly state: Identity["state"];
  readonly user_ref: string | null;
  readonly confidence: number;
  readonly reason: string;
  readonly candidates: readonly Candidate[];
  readonly seen_in: readonly string[];
  readonly refused: readonly string[];
  readonly decided_by: string | null;
  readonly decided_at: Date | null;
}

export const LOGIN_COLUMNS = "login, name, state, user_ref, confidence, reason, candidates, seen_in, refused, decided_by, decided_at";

export async function readLogins(sql: Sql): Promise<LoginRow[]> {
  const { rows } = await sql.query<Record<string, unknown>>(`select ${LOGIN_COLUMNS} from catalog.login`);
  return rows as unknown as LoginRow[];
}

/** Compares logins with the people of the catalogue and writes what is different. What a person decided stays as it is. */
export async function proposeLogins(sql: Sql, seen: readonly SeenLogin[], users: readonly KnownEntity[], now: Date): Promise<void> {
  const rows = new Map((await readLogins(sql)).map((row) => [row.login, row]));
  const people = users.filter(({ kind }) => kind === "user");
  const writes = seen.flatMap((one) => {
    const row = rows.get(one.login);
    const next = {
      login: one.login,
      name: one.name ?? null,
      seen_in: one.seenIn,
      ...(row?.decided_by ? pickDecision(row) : guess(one, people, row)),
    };
    return row && same(row, next) ? [] : [next];
  });
  const gone = [...rows.values()]
    .filter((row) => row.decided_by === null && !seen.some(({ login }) => login === row.login))
    .map(({ login }) => login);
  for (let start = 0; start < writes.length; start += 500) {
    await sql.query(
      `insert into catalog.login (login, name, state, user_ref, confidence, reason, candidates, seen_in, updated_at)
       select l.login, l.name, l.state, l.user_ref, l.confidence, l.reason, l.candidates, array(select json_array_elements_text(l.seen_in)), $2
       from json_to_recordset($1::json) as l(login text, name text, state text, user_ref text, confidence float8, reason text, candidates json, seen_in json)
       on conflict (login) do update set name = excluded.name, state = excluded.state, user_ref = excluded.user_ref, confidence = excluded.confidence,
         reason = excluded.reason, candidates = excluded.candidates, seen_in = excluded.seen_in, updated_at = excluded.updated_at`,
      [clean(JSON.stringify(writes.slice(start, start + 500))), now],
    );
  }
  if (gone.length > 0) await sql.query("delete from catalog.login where login = any($1) and decided_by is null", [gone]);
}

type Guess = Pick<LoginRow, "state" | "user_ref" | "confidence" | "reason" | "candidates">;

function pickDecision({ state, user_ref, confidence, reason, candidates }: LoginRow): Guess {
  return { state, user_ref, confidence, reason, candidates };
}

function guess(seen: SeenLogin, people: readonly KnownEntity[], row: LoginRow | undefined): Guess {
  const candidates = candidatesFor(seen, people, new Set(row?.refused));
  const best = clearly(candidates);
  if (!best) {
    const reason =
      candidates.length === 0
        ? "nobody in the catalogue is like it"
        : candidates.length === 1
          ? "one person may be it, but not surely enough"
          : "several people may be it";
    return { state: "open", user_ref: null, confidence: candidates[0]?.confidence ?? 0, reason, candidates };
  }
  return {
    state: best.confidence >= ACCEPT_BAR ? "accepted" : "proposed",
    user_ref: best.user,
    confidence: best.confidence,
    reason: best.reason,
    candidates,
  };
}

function same(row: LoginRow, next: Guess & { readonly name: string | null; readonly seen_in: readonly string[] }): boolean {
  const essence = (one: typeof next | LoginRow): string =>
    JSON.stringify([one.name, one.state, one.user_ref, one.confidence, one.reason, one.candidates, one.seen_in]);
  return essence(row) === essence(next);
}

/** As it is answered. `hidden`: references that the caller may not see. */
export function identityView(row: LoginRow, hidden: ReadonlySet<string>): Identity {
  const isHidden = row.user_ref !== null && hidden.has(row.user_ref);
  return {
    login: row.login,
    ...optional("name", row.name ?? undefined),
    state: row.state,
    ...optional("user", isHidden ? undefined : (row.user_ref ?? undefined)),
    confidence: row.confidence,
    reason: row.reason,
    candidates: row.candidates.filter(({ user }) => !hidden.has(user)).map((one) => ({ ...one })),
    seenIn: [...row.seen_in],
    ...optional("decidedBy", row.decided_by ?? undefined),
    ...optional("decidedAt", row.decided_at?.toISOString()),
  };
}
