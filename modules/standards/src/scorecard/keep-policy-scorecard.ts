import type { Logger } from "@roadbed/core";
import type { Database } from "@roadbed/postgres";

import type { Expressions } from "../deps.ts";
import type { LoadedPolicy } from "../policy/policy.ts";
import { makeStageOf } from "../stage/stage.ts";
import { selectStages } from "../stage/stage-store.ts";
import { lockScorecards, lookAnew, readScorecard } from "./definition-store.ts";
import { storeShipped } from "./load-shipped.ts";
import { POLICY_SCORECARD, scorecardOfPolicies, type NoRule } from "./policy-rules.ts";

/** A stage that was announced begins without anybody saying so. */
const LOOK_MS = 60_000;

/** Keeps the scorecard that is made of policies what the policies and their stages say. */
export function createPolicyScorecard(o: {
  readonly db: Database;
  readonly log: Logger;
  readonly cel: Pick<Expressions, "check">;
  readonly policies: readonly LoadedPolicy[];
  readonly now: () => Date;
}) {
  let timer: NodeJS.Timeout | undefined;
  let underway: Promise<void> = Promise.resolve();
  let last: string | undefined;

  return {
    look,
    start(): void {
      if (o.policies.length > 0) timer = setInterval(() => void look(), LOOK_MS).unref();
    },
    async stop(): Promise<void> {
      clearInterval(timer);
      await underway;
    },
  };

  function look(): Promise<void> {
    return (underway = underway.then(make).catch((error: unknown) => {
      o.log.warn("the scorecard of the policies was not looked at", { error: String(error) });
    }));
  }

  async function make(): Promise<void> {
    if (o.policies.length === 0) return;
    const stages = await o.db.transaction((sql) => selectStages(sql));
    const { shipped, left } = scorecardOfPolicies(o.policies, makeStageOf(stages, o.now()), o.cel);
    const mark = shipped?.digest ?? "";
    if (mark === last) return;
    for (const one of left) tell(one);
    if (shipped) await storeShipped(o, [shipped]);
    else await remove();
    last = mark;
  }

  function tell({ policy, reason }: NoRule): void {
    o.log.warn("a policy holds at the scorecard and cannot be a rule there", { policy, reason });
  }

  /** No policy holds there any more. What a person made of it stays. */
  async function remove(): Promise<void> {
    await o.db.transaction(async (sql) => {
      await lockScorecards(sql);
      const stored = await readScorecard(sql, POLICY_SCORECARD);
      if (!stored || stored.shipped === null) return;
      await sql.query("delete from standards.scorecard where name = $1", [POLICY_SCORECARD]);
      await lookAnew(sql, "scorecard");
    });
  }
}
