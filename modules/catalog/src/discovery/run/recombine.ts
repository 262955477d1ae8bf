import type { Discovery } from "@roadbed/contracts/catalog/proposals";
import type { Sql } from "@roadbed/core";

import type { Stating } from "../../entity/relations.ts";
import { breathe } from "../../source/breathe.ts";
import { drafting, settle } from "../combine/combine.ts";
import { loginsOf } from "../identity/match-logins.ts";
import { proposeLogins, readLogins } from "../identity/login-store.ts";
import { lockProposals, readProposals, writeSettlement } from "../proposal/proposal-store.ts";
import { settleProposals } from "../proposal/settle-proposals.ts";
import { readPeopleOf, readEntitiesOf } from "./known-entities.ts";
import { writeOwners } from "./owner-store.ts";
import { readRepositories } from "./repository-store.ts";

export type ProposalCounts = NonNullable<Discovery["proposals"]>;

/**
 * Makes the proposals anew from everything that repositories said at their last reading: in the transaction of `sql`, one at a time.
 * Doing it twice changes nothing the second time.
 */
export async function recombine(sql: Sql, kinds: Stating, now: Date): Promise<ProposalCounts> {
  await lockProposals(sql);
  const repositories = await readRepositories(sql);
  const people = await readPeopleOf(sql, kinds);
  await proposeLogins(sql, loginsOf(repositories), people, now);
  const logins = await readLogins(sql);
  const identities = new Map(
    logins.flatMap(({ login, state, user_ref }) => (state === "accepted" && user_ref !== null ? [[login, user_ref] as const] : [])),
  );
  const drafts = await unhurried(
    drafting({ repositories, known: { entities: people, identities }, today: now.toISOString().slice(0, 10) }),
  );
  await writeOwners(sql, drafts);
  const there = await readEntitiesOf(
    sql,
    kinds,
    drafts.map(({ ref }) => ref),
  );
  const settled = settle(drafts, { repositories, known: { entities: there, identities } });
  const settlement = settleProposals(await readProposals(sql), settled);
  await writeSettlement(sql, settlement, now);
  const { rows } = await sql.query<{ open: number }>("select count(*)::int as open from catalog.proposal where state = 'open'");
  return {
    added: settlement.added.length,
    changed: settlement.changed.length - settlement.reopened,
    reopened: settlement.reopened,
    withdrawn: settlement.withdrawn.length,
    open: rows[0]!.open,
  };
}

async function unhurried<T>(steps: Generator<void, T>): Promise<T> {
  for (;;) {
    await breathe();
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}
