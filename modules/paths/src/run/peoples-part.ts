import type { Run } from "@roadbed/contracts/paths";
import type { WaitForPeople } from "@roadbed/contracts/paths/waits";
import { formatActor, type Ctx, type Sql } from "@roadbed/core";

import { votesOf, type ApprovalRow, type VoteRow } from "../approval/approval-store.ts";
import type { RunRow } from "./run-store.ts";

/** What people had to do for a run beside asking for it. */
export interface PeoplesPart {
  readonly humanMinutes: number;
  readonly handOffs: number;
  readonly waits: WaitForPeople[];
}

export interface RetryRow extends Record<string, unknown> {
  readonly run_id: string;
  readonly attempt: number;
  readonly stopped_at: Date;
  readonly stopped_as: "failed" | "cancelled";
  readonly retried_at: Date;
  readonly actor: string;
  readonly name: string;
}

type Asked = Pick<ApprovalRow, "id" | "rule" | "state" | "asked_at" | "expires_at" | "decided_at" | "automatic">;
type Said = Pick<VoteRow, "approval_id" | "actor" | "name" | "at">;
type Begun = Pick<RunRow, "id" | "actor" | "attempt">;

/** Writes down who has a run go on that had stopped; before its row is changed. */
export async function noteRetry(ctx: Ctx, run: RunRow): Promise<void> {
  const { actor } = ctx;
  await ctx.sql.query(
    `insert into paths.run_retry (run_id, attempt, stopped_at, stopped_as, retried_at, actor, name) values ($1, $2, $3, $4, $5, $6, $7)`,
    [
      run.id,
      run.attempt + 1,
      run.ended_at ?? ctx.now(),
      run.status,
      ctx.now(),
      formatActor(actor),
      "name" in actor ? actor.name : formatActor(actor),
    ],
  );
}

/** By run. One whose retries were not all written down is not among them: not known is not zero. */
export async function peoplesParts(sql: Sql, runs: readonly Begun[], now: Date): Promise<ReadonlyMap<string, PeoplesPart>> {
  const ids = runs.map(({ id }) => id);
  const { rows: asked } = await sql.query<ApprovalRow>("select * from paths.approval where run_id = any($1) order by asked_at, id", [ids]);
  const votes = await votesOf(
    sql,
    asked.map(({ id }) => id),
  );
  const { rows: retries } = await sql.query<RetryRow>("select * from paths.run_retry where run_id = any($1) order by attempt", [ids]);
  const found = runs.map((run) => {
    const mine = asked.filter(({ run_id }) => run_id === run.id);
    const parts = { asked: mine, votes, retries: retries.filter(({ run_id }) => run_id === run.id) };
    return [run.id, peoplesPart(run, parts, now)] as const;
  });
  return new Map(found.flatMap(([id, part]) => (part === undefined ? [] : [[id, part] as const])));
}

export function peoplesPart(
  run: Begun,
  { asked, votes, retries }: { readonly asked: readonly Asked[]; readonly votes: readonly Said[]; readonly retries: readonly RetryRow[] },
  now: Date,
): PeoplesPart | undefined {
  if (retries.length < run.attempt - 1) return undefined;
  // A learned rule is nobody, and neither is a program that has a run go on.
  const byPeople = asked.filter(({ automatic }) => automatic === null);
  const waits = [
    ...byPeople.map((one) => waitForApproval(one, votes, now)),
    ...retries.filter(({ actor }) => isPerson(actor)).map(waitForInput),
  ].toSorted((a, b) => a.since.localeCompare(b.since));
  const ids = new Set(byPeople.map(({ id }) => id));
  const said = votes.filter(({ approval_id }) => ids.has(approval_id)).map(({ actor, at }) => ({ actor, at }));
  const hands = [...said, ...retries.map(({ actor, retried_at: at }) => ({ actor, at }))].toSorted(
    (a, b) => a.at.getTime() - b.at.getTime(),
  );
  return { humanMinutes: minutesOf(waits, now), handOffs: handOffs([run.actor, ...hands.map(({ actor }) => actor)]), waits };
}

/** For a list: without each wait. */
export function figuresOf(part: PeoplesPart | undefined): Pick<Run, "humanMinutes" | "handOffs"> {
  return part === undefined ? {} : { humanMinutes: part.humanMinutes, handOffs: part.handOffs };
}

function waitForApproval({ id, rule, state, asked_at, expires_at, decided_at }: Asked, votes: readonly Said[], now: Date): WaitForPeople {
  // What is over has expired, whether the sweep came by or not.
  const until = decided_at ?? (state === "waiting" && expires_at > now ? undefined : expires_at);
  const by = votes.filter(({ approval_id }) => approval_id === id).map(({ actor, name }) => ({ actor, name }));
  return { reason: "approval", what: rule, ...span(asked_at, until, now), by };
}

function waitForInput({ stopped_at, stopped_as, retried_at, actor, name }: RetryRow): WaitForPeople {
  return {
    reason: "input",
    what: `The run ${stopped_as === "failed" ? "failed" : "was cancelled"}`,
    ...span(stopped_at, retried_at, retried_at),
    by: [{ actor, name }],
  };
}

function span(since: Date, until: Date | undefined, now: Date): Pick<WaitForPeople, "since" | "until" | "minutes"> {
  const ms = (until ?? now).getTime() - since.getTime();
  return { since: since.toISOString(), ...(until === undefined ? {} : { until: until.toISOString() }), minutes: toMinutes(ms) };
}

/** Waits in the order of their beginning; what overlaps is counted once. */
function minutesOf(waits: readonly WaitForPeople[], now: Date): number {
  let [ms, over] = [0, 0];
  for (const { since, until = now.toISOString() } of waits) {
    const begun = Math.max(over, Date.parse(since));
    over = Math.max(over, Date.parse(until));
    ms += Math.max(0, over - begun);
  }
  return toMinutes(ms);
}

/** To a hundredth. */
function toMinutes(ms: number): number {
  return Math.round(Math.max(0, ms) / 600) / 100;
}

/** Of people only: what a program does in between goes through nobody's hands. */
function handOffs(actors: readonly string[]): number {
  const people = actors.filter(isPerson);
  return people.filter((actor, at) => at > 0 && actor !== people[at - 1]).length;
}

function isPerson(actor: string): boolean {
  return actor.startsWith("user:");
}
