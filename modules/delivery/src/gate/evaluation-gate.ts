import type { EvaluationRequirement } from "@roadbed/contracts/delivery/environments";
import type { Gate } from "@roadbed/contracts/delivery/promotions";
import type { Ctx } from "@roadbed/core";

import { casesNeeded } from "../analysis/mean-interval.ts";
import { findEvaluations, findSet, subjectDigestOf, type EvaluationRow, type SetRow } from "../evaluation/evaluation-store.ts";
import { evaluationOf } from "../evaluation/read-evaluations.ts";
import { readPairing, readScoring } from "../evaluation/scoring.ts";
import { releaseIn } from "../release/release-in.ts";
import type { ReleaseRow } from "../release/release-store.ts";
import { ask, blocked, passed, waiting, type Found, type GateDeps, type GateRule, type Subject } from "./gate.ts";

type Shown = NonNullable<Gate["intervals"]>[number];

/** It is shown by scores that a release's models, prompts and agents are good enough, and no worse than what is there. What is not shown does not pass. */
export function evaluationGate(deps: GateDeps, { release, environment }: Subject, asked: EvaluationRequirement): GateRule {
  return {
    name: "evaluation",
    title: "Evaluation",
    async evaluate() {
      if (!release.parts.some(({ kind }) => kind === "model" || kind === "prompt" || kind === "agent")) {
        return passed("It holds no model, prompt or agent.");
      }
      return ask(deps, (ctx) => judge(ctx, release, environment.name, asked));
    },
  };
}

async function judge(ctx: Ctx, release: ReleaseRow, environment: string, asked: EvaluationRequirement): Promise<Found> {
  const set = await findSet(ctx.sql, release.entity_ref, asked.set);
  if (set === undefined) {
    return blocked(
      `There is no evaluation set ${asked.set} of ${release.entity_ref}. Make it: roadbed evaluation-set create ${release.entity_ref} ${asked.set} --cases cases.jsonl`,
    );
  }
  const found = await evaluationOf(ctx, release, set.id);
  if (found === undefined) return nothingFound(ctx, release, set);
  const evidence = evidenceOf(found, set);
  const absolute = asked.least === undefined ? undefined : await againstLeast(ctx, found, asked.least, asked.confidence);
  const relative = asked.worseBy === undefined ? undefined : await againstPresent(ctx, release, found, set, environment, asked);
  const parts = [absolute, relative].filter((part) => part !== undefined);
  const why = parts.map(({ words }) => words).join(" ");
  const intervals = parts.flatMap(({ shown }) => shown ?? []);
  const open = parts.some(({ holds }) => !holds);
  return { ...(open ? blocked(why, evidence) : passed(why, evidence)), intervals };
}

interface Judged {
  readonly holds: boolean;
  readonly words: string;
  readonly shown?: Shown;
}

async function againstLeast(ctx: Ctx, found: EvaluationRow, least: number, confidence: number): Promise<Judged> {
  const { interval, scores } = await readScoring(ctx.sql, found, confidence);
  const { estimate, lower, upper, count } = interval;
  const shown = { label: "Score", ...interval, mark: least, from: 0, to: 1 };
  const between = `between ${at(lower)} and ${at(upper)}`;
  if (lower >= least) return { holds: true, words: `Its score is ${between}, so at least ${at(least)}.`, shown };
  if (upper < least) return { holds: false, words: `Its score is ${between}, clearly below ${at(least)}.`, shown };
  return {
    holds: false,
    words: `Its score is ${between}: not proven to be at least ${at(least)}. ${wish(estimate >= least, casesNeeded(scores, least, confidence), count)}`,
    shown,
  };
}

async function againstPresent(
  ctx: Ctx,
  release: ReleaseRow,
  found: EvaluationRow,
  set: SetRow,
  environment: string,
  { worseBy = 0, confidence }: EvaluationRequirement,
): Promise<Judged> {
  const present = await releaseIn(ctx, release.entity_ref, environment);
  if (present === undefined) return { holds: true, words: `Nothing of it is in ${environment} yet to compare with.` };
  if (subjectDigestOf(present) === subjectDigestOf(release)) return { holds: true, words: `It is what ${environment} has already.` };
  const before = await evaluationOf(ctx, present, set.id);
  if (before === undefined) {
    return {
      holds: false,
      words: `What ${environment} has was not evaluated by version ${set.version} of ${set.name}: roadbed evaluation run ${nameOf(present)} --set-version ${set.version}`,
    };
  }
  const { interval, scores, better, worse } = await readPairing(ctx.sql, found, before.id, confidence);
  const { estimate, lower, upper, count } = interval;
  const shown = { label: `Against release ${before.number}`, ...interval, mark: -worseBy, from: -1, to: 1 };
  const between = `${signed(lower)} to ${signed(upper)} against release ${before.number} (${better} cases better, ${worse} worse)`;
  if (lower > -worseBy || (better + worse === 0 && worseBy > 0))
    return { holds: true, words: `It is ${between}: no worse than by ${at(worseBy)}.`, shown };
  if (upper < -worseBy) return { holds: false, words: `It is ${between}: clearly worse.`, shown };
  return {
    holds: false,
    words: `It is ${between}: not proven to be no worse than by ${at(worseBy)}. ${wish(estimate > -worseBy, casesNeeded(scores, (1 - worseBy) / 2, confidence), count)}`,
    shown,
  };
}

/** Why there is nothing to judge by, and what to do. */
async function nothingFound(ctx: Ctx, release: ReleaseRow, set: SetRow): Promise<Found> {
  const [newest] = await findEvaluations(ctx.sql, "e.release_id = $1 order by e.id desc limit 1", [release.id]);
  const command = `roadbed evaluation run ${nameOf(release)}, or roadbed evaluation record ${nameOf(release)} scores.jsonl --set ${set.name} --grader NAME`;
  const link = newest === undefined ? [] : [{ label: "Evaluation", value: newest.state, link: `/evaluations/${newest.id}` }];
  if (newest?.state === "running") return waiting("It is being evaluated.", link);
  if (newest?.state === "failed")
    return blocked(`Its evaluation failed: ${newest.error?.split("\n")[0] ?? "see there"} Again: ${command}`, link);
  if (newest !== undefined && newest.set_name === set.name) {
    return blocked(
      `It was evaluated by version ${newest.set_version} of ${set.name}, and there is version ${set.version}: ${command}`,
      link,
    );
  }
  return blocked(`It was not evaluated by ${set.name} version ${set.version}: ${command}`, link);
}

function evidenceOf(found: EvaluationRow, set: SetRow): Found["evidence"] {
  const missing = found.set_cases - found.scored;
  return [
    { label: "Evaluation", value: `${found.grader} ${found.grader_version}`, link: `/evaluations/${found.id}` },
    { label: "Cases", value: `${set.name} version ${set.version}: ${found.scored} of ${found.set_cases}` },
    ...(missing === 0 ? [] : [{ label: "Missing", value: `${missing}, which count as 0` }]),
    { label: "Said by", value: found.how === "run" ? "its own grader, run here" : found.made_by },
    { label: "Evaluated", value: found.created_at.toISOString() },
  ];
}

function wish(isBetter: boolean, needed: number | undefined, count: number): string {
  if (!isBetter) return "More cases would more likely show that it is not.";
  if (needed === undefined) return "It lies too near to it for any number of cases.";
  return `About ${Math.max(1, needed - count)} more cases like these would be needed.`;
}

function nameOf({ entity_ref, number }: ReleaseRow): string {
  return `${entity_ref}#${number}`;
}

function at(value: number): string {
  return value.toFixed(3).replace(/0$/, "");
}

function signed(value: number): string {
  return `${value > 0 ? "+" : ""}${at(value)}`;
}
