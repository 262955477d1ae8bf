import { stopsTheAct, type PolicyMoment, type Verdict } from "@roadbed/contracts/standards";
import type { PastDecisions } from "@roadbed/contracts/standards/workbench";
import type { Ctx } from "@roadbed/core";

import { selectDecisions, type StoredDecision } from "../decision/decision-store.ts";
import { selectInputs, type KeptInput } from "../decision/input-store.ts";
import { makeSees } from "../decision/list-decisions.ts";
import type { Expressions } from "../deps.ts";
import { findViolations, verdictOf } from "../policy/evaluate-policies.ts";
import type { ParamObject } from "../policy/params.ts";
import type { LoadedPolicy } from "../policy/policy.ts";
import { aboutOf, applyWaivers } from "../waiver/apply-waivers.ts";
import type { Entities } from "../waiver/parts.ts";
import { selectInForce } from "../waiver/waiver-store.ts";

interface Parts {
  readonly cel: Expressions;
  readonly params: readonly ParamObject[];
  readonly entities?: Entities | undefined;
}

/** Most decisions that one back-test asks again: it is waited for. */
const MOST = 3_000;
const SLICE = 200;
const EXAMPLES = 50;

/**
 * Asks policies about what was judged in the last days, as they hold by their own text, and puts their answer in the place of what
 * the policies of the same name said then. Waivers count as they stand now.
 */
export async function askThePast(parts: Parts, ctx: Ctx, policies: readonly LoadedPolicy[], days: number): Promise<PastDecisions> {
  const since = new Date(ctx.now().getTime() - days * 86_400_000);
  const names = new Set(policies.map(({ name }) => name));
  const waivers = (await selectInForce(ctx.sql, ctx.now())).filter(({ policy }) => names.has(policy));
  const sees = makeSees(ctx, parts.entities);
  const tally = makeTally(since);
  const known = new Map<string, Promise<Found>>();
  let before: string | undefined;
  for (let more = true; more && !ctx.signal.aborted;) {
    const rows = await selectDecisions(ctx.sql, { before, since, limit: SLICE });
    more = rows.length === SLICE;
    before = rows.at(-1)?.id;
    const seen: StoredDecision[] = [];
    for (const row of rows) if (await sees(row)) seen.push(row);
    const inputs = tally.isFull()
      ? new Map<string, KeptInput>()
      : await selectInputs(
          ctx.sql,
          seen.flatMap(({ kept }) => kept ?? []),
          ctx.now(),
        );
    for (const decision of seen) {
      const input = decision.kept === undefined ? undefined : inputs.get(decision.kept);
      if (tally.isFull()) tally.pass("beyond");
      else if (input === undefined) tally.pass(decision.input === "too large" ? "tooLarge" : "notKept");
      else tally.add(decision, input, await ask(decision, input));
    }
    known.clear();
  }
  return tally.answer();

  /** The same input is judged again and again; who acted is part of the question. */
  function ask({ kept, moment, actor }: StoredDecision, { resources }: KeptInput): Promise<Found> {
    const key = JSON.stringify([kept, moment, actor]);
    const found = known.get(key) ?? find(resources, moment, actor);
    known.set(key, found);
    return found;
  }

  async function find(resources: KeptInput["resources"], moment: PolicyMoment, username: string): Promise<Found> {
    const { violations } = await findViolations(parts.cel, policies, { moment, params: parts.params, username }, resources);
    return applyWaivers(violations, aboutOf(resources), waivers);
  }

  type Found = ReturnType<typeof applyWaivers>;

  function makeTally(from: Date) {
    const zero = () => ({ asked: 0, stopped: 0, freed: 0, warned: 0 });
    const total = zero();
    const teams = new Map<string, ReturnType<typeof zero>>();
    const points = new Map<PolicyMoment, ReturnType<typeof zero>>();
    const examples: PastDecisions["examples"] = [];
    const notCovered = { notKept: 0, tooLarge: 0, redacted: 0, beyond: 0 };
    let decisions = 0;
    return {
      isFull: () => total.asked >= MOST,
      pass(why: "notKept" | "tooLarge" | "beyond"): void {
        decisions++;
        notCovered[why]++;
      },
      add(decision: StoredDecision, { redacted }: KeptInput, found: Found): void {
        decisions++;
        if (redacted) notCovered.redacted++;
        const others = decision.findings.filter(({ policy, waiver }) => !names.has(policy) && waiver === undefined);
        const after = verdictOf([...others, ...found.counting.map(({ finding }) => finding)]);
        const change = changeOf(decision.verdict, after);
        const { team = "", moment } = decision;
        for (const counts of [total, of(teams, team, zero), of(points, moment, zero)]) {
          counts.asked++;
          if (change !== undefined) counts[change]++;
        }
        if (change !== undefined && examples.length < EXAMPLES) {
          const { id, at, subject, verdict } = decision;
          const findings = found.findings.slice(0, 5);
          examples.push({
            id,
            at,
            subject,
            moment,
            ...(decision.team === undefined ? {} : { team: decision.team }),
            before: verdict,
            after,
            findings,
          });
        }
      },
      answer: (): PastDecisions => ({
        since: from.toISOString(),
        decisions,
        ...total,
        teams: sorted([...teams].map(([name, counts]) => ({ name, ...counts }))),
        points: sorted([...points].map(([name, counts]) => ({ name, ...counts }))),
        examples,
        notCovered,
      }),
    };
  }
}

function changeOf(before: Verdict, after: Verdict): "stopped" | "freed" | "warned" | undefined {
  if (stopsTheAct(before) !== stopsTheAct(after)) return stopsTheAct(after) ? "stopped" : "freed";
  return before === "allow" && after === "warn" ? "warned" : undefined;
}

function of<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key) ?? make();
  map.set(key, known);
  return known;
}

function sorted<T extends { readonly stopped: number; readonly freed: number; readonly asked: number; readonly name: string }>(
  counts: T[],
): T[] {
  return counts.toSorted((a, b) => b.stopped + b.freed - a.stopped - a.freed || b.asked - a.asked || (a.name < b.name ? -1 : 1));
}
