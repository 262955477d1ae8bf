import {
  Decision,
  getDecision,
  getDecisionInput,
  listDecisions,
  rerunDecision,
  type Finding,
  type PolicyMoment,
  type Resource,
} from "@roadbed/contracts/standards";
import { encodeCursor, handle, NotFoundError, readCursor, type Ctx, type Handler } from "@roadbed/core";

import type { Judgement } from "../policy/evaluate-policies.ts";
import type { Entities } from "../waiver/parts.ts";
import { findDecision, selectDecisions, type StoredDecision } from "./decision-store.ts";
import { KEPT_DAYS, selectInputs, type KeptInput } from "./input-store.ts";

export interface DecisionParts {
  /** Absent: everybody sees everything. */
  readonly entities?: Entities | undefined;
  readonly evaluate: (ctx: Ctx, resources: readonly Resource[], moment?: PolicyMoment) => Promise<Judgement>;
}

const AT_ONCE = 500;

/** The operations that show stored decisions. One about an entity that one may not see is not there. */
export function makeDecisionReaders({ entities, evaluate }: DecisionParts): Handler[] {
  const list = handle(listDecisions, async (ctx, { limit, cursor, verdict, entity }) => {
    let before = readCursor(Decision.shape.id, cursor);
    const items: Decision[] = [];
    const sees = makeSees(ctx, entities);
    for (let more = true; more;) {
      const rows = await selectDecisions(ctx.sql, { before, verdict, entity, limit: Math.min(AT_ONCE, limit + 1) });
      more = rows.length === Math.min(AT_ONCE, limit + 1);
      for (const row of rows) {
        if (!(await sees(row))) continue;
        if (items.length === limit) return { items, nextCursor: encodeCursor(items.at(-1)!.id) };
        items.push(shown(row));
      }
      before = rows.at(-1)?.id ?? before;
    }
    return { items };
  });

  const get = handle(getDecision, async (ctx, { id }) => shown(await find(ctx, id)));

  const input = handle(getDecisionInput, async (ctx, { id }) => {
    const { resources, redacted, usedAt } = await inputOf(ctx, await find(ctx, id));
    return { resources: [...resources], redacted, keptUntil: new Date(usedAt.getTime() + KEPT_DAYS * 86_400_000).toISOString() };
  });

  const rerun = handle(rerunDecision, async (ctx, { id }) => {
    const decision = await find(ctx, id);
    const { resources, redacted } = await inputOf(ctx, decision);
    const { verdict, findings } = await evaluate(ctx, resources, decision.moment);
    const [then, now] = [new Set(decision.findings.map(keyOf)), new Set(findings.map(keyOf))];
    return {
      before: decision.verdict,
      after: verdict,
      newly: findings.filter((one) => !then.has(keyOf(one))),
      noLonger: decision.findings.filter((one) => !now.has(keyOf(one))),
      redacted,
    };
  });

  return [list, get, input, rerun];

  async function find(ctx: Ctx, id: string): Promise<StoredDecision> {
    const decision = await findDecision(ctx.sql, id);
    if (!decision || !(await makeSees(ctx, entities)(decision)))
      throw new NotFoundError("decision", id, "`roadbed decision list` shows the newest.");
    return decision;
  }
}

/** Whether the caller may see all that a decision is about. */
export function makeSees(ctx: Ctx, entities: Entities | undefined): (decision: Pick<Decision, "entities">) => Promise<boolean> {
  const known = new Map<string, Promise<boolean>>();
  return async (decision) => {
    if (entities === undefined) return true;
    for (const ref of decision.entities) {
      const seen = known.get(ref) ?? entities.sees(ctx, ref);
      known.set(ref, seen);
      if (!(await seen)) return false;
    }
    return true;
  };
}

async function inputOf(ctx: Ctx, { id, input, kept }: StoredDecision): Promise<KeptInput> {
  const found = kept === undefined ? undefined : (await selectInputs(ctx.sql, [kept], ctx.now())).get(kept);
  if (found) return found;
  const reason = input === "too large" ? "It was too large to be kept." : `It is kept for ${KEPT_DAYS} days, and that is over.`;
  throw new NotFoundError("input of decision", id, `${reason} The decision itself, with its findings, stays.`);
}

function shown(stored: StoredDecision): Decision {
  const { kept, ...decision } = stored;
  return kept === undefined && decision.input === "kept" ? { ...decision, input: "none" } : decision;
}

function keyOf({ policy, binding, params, expression, resource, result, file }: Finding): string {
  return JSON.stringify([policy, binding, params, expression, resource, result, file]);
}
