import {
  getScorecard,
  listScorecards,
  listScorecardVersions,
  type ScorecardRow,
  type ScorecardRuleView,
} from "@roadbed/contracts/standards/scorecards";
import { encodeCursor, handle, NotFoundError, readCursor, type Ctx, type Handler } from "@roadbed/core";
import { z } from "zod";

import type { Board } from "./board.ts";
import type { Definition } from "./definition.ts";
import { readScorecard } from "./definition-store.ts";
import type { ScorecardParts } from "./parts.ts";
import { doesCount } from "./standing.ts";
import type { ThingView } from "./things.ts";
import { seenOf, tally, type Narrow, type Seen, type Tally } from "./words.ts";

/** The scorecards themselves: what there are, what each demands, and how it came to be so. */
export function makeScorecardReaders({ board: readBoard, things }: ScorecardParts): readonly Handler[] {
  const sums = createSums();
  return [
    handle(listScorecards, async (ctx, { limit, cursor }) => {
      const [board, view] = await look(ctx);
      const from = readCursor(z.object({ from: z.number().int() }), cursor)?.from ?? 0;
      const some = board.definitions.slice(from, from + limit);
      return {
        items: some.map((definition) => rowOf(board, definition, sums(board, definition, view).tally)),
        total: board.definitions.length,
        ...(board.definitions.length > from + limit ? { nextCursor: encodeCursor({ from: from + limit }) } : {}),
      };
    }),
    handle(getScorecard, async (ctx, { name, owner, system }) => {
      const [board, view] = await look(ctx);
      const definition = board.definition(name);
      const stored = await readScorecard(ctx.sql, name);
      if (!stored) throw new NotFoundError("scorecard", name, "It was removed a moment ago.");
      const sum = sums(board, definition, view, { owner, system });
      const { spec } = definition.document;
      return {
        ...rowOf(board, definition, sum.tally),
        categories: definition.categories,
        kinds: spec.kinds,
        ...(spec.filter === undefined ? {} : { filter: spec.filter }),
        shipped: stored.shipped !== null,
        changedAt: stored.changed_at.toISOString(),
        changedBy: stored.changed_by,
        ruleStates: sum.ruleStates,
        document: stored.document as Record<string, unknown>,
      };
    }),
    handle(listScorecardVersions, async (ctx, { name, limit, cursor }) => {
      const before = readCursor(z.object({ before: z.number().int() }), cursor)?.before;
      const { rows } = await ctx.sql.query<{
        version: number;
        document: { spec: { rules: unknown[] } };
        at: Date;
        actor: string;
        reason: string | null;
      }>(
        `select version, document, at, actor, reason from standards.scorecard_version
         where name = $1 and ($2::int is null or version < $2) order by version desc limit $3`,
        [name, before ?? null, limit + 1],
      );
      if (rows.length === 0 && before === undefined)
        throw new NotFoundError("scorecard", name, "List the scorecards to see what there is.");
      const some = rows.slice(0, limit);
      return {
        items: some.map(({ version, document, at, actor, reason }) => ({
          version,
          at: at.toISOString(),
          actor,
          ...(reason === null ? {} : { reason }),
          rules: document.spec.rules.length,
          document: document as Record<string, unknown>,
        })),
        ...(rows.length > limit ? { nextCursor: encodeCursor({ before: some.at(-1)!.version }) } : {}),
      };
    }),
  ];

  async function look(ctx: Ctx) {
    return [await readBoard(ctx.sql), await things.viewOf(ctx)] as const;
  }
}

/** What is shown of a whole scorecard. */
interface Sum {
  readonly tally: Tally;
  readonly ruleStates: ScorecardRuleView[];
}

const KEPT_MS = 1_000;
const MOST_KEPT = 50;

/**
 * Sums over all that somebody may see. While everything is looked at anew they are kept for a moment: whoever watches asks again and
 * again, and would take the time away from what they wait for.
 */
function createSums(): (board: Board, definition: Definition, view: ThingView, narrow?: Narrow) => Sum {
  const kept = new Map<string, { readonly at: number; readonly of: Definition; readonly sum: Sum }>();
  return (board, definition, view, narrow = {}) => {
    const key = JSON.stringify([definition.name, view.key, narrow.owner, narrow.system]);
    const known = board.computing ? kept.get(key) : undefined;
    if (known?.of === definition && known.at > Date.now() - KEPT_MS) return known.sum;
    const seen = seenOf(board, definition, view, narrow);
    const sum = { tally: tally(board, definition, seen), ruleStates: ruleStates(board, definition, seen) };
    if (!board.computing || kept.size > MOST_KEPT) kept.clear();
    if (board.computing) kept.set(key, { at: Date.now(), of: definition, sum });
    return sum;
  };
}

function rowOf(board: Board, definition: Definition, sums: Tally): ScorecardRow {
  const { metadata, spec } = definition.document;
  return {
    name: definition.name,
    title: definition.title,
    ...(metadata.description === undefined ? {} : { description: metadata.description }),
    rubric: spec.rubric,
    ...(spec.owner === undefined ? {} : { owner: spec.owner }),
    version: definition.version,
    rules: definition.rules.length,
    levels: definition.levels,
    ...sums,
    computing: board.computing,
    ...(board.progress === undefined ? {} : { progress: board.progress }),
  };
}

function ruleStates(board: Board, definition: Definition, seen: readonly Seen[]): ScorecardRuleView[] {
  const counts = definition.rules.map(() => ({ p: 0, f: 0, u: 0, w: 0, n: 0 }));
  // Of very many few stand differently: the letters of each kind are read once.
  const alike = new Map<string, number>();
  for (const { entry } of seen) {
    const codes = board.codes(definition, entry);
    alike.set(codes, (alike.get(codes) ?? 0) + 1);
  }
  for (const [codes, times] of alike) for (let n = 0; n < counts.length; n++) counts[n]![codes[n] as "p"] += times;
  const now = Date.now();
  return definition.rules.map((rule, n) => {
    const { id, title, expression, level, weight, filter, effectiveFrom, message, mend, effort, references, reads } = rule;
    const { p, f, u, w, n: not } = counts[n]!;
    return {
      id,
      title,
      expression,
      level,
      category: definition.categories[rule.categoryAt]!.name,
      weight,
      ...(filter === undefined ? {} : { filter }),
      ...(effectiveFrom === undefined ? {} : { effectiveFrom }),
      counts: doesCount(rule, now),
      message,
      mend,
      mends: rule.patch !== undefined,
      effort,
      references,
      reads,
      passed: p,
      failed: f,
      unknown: u,
      waived: w,
      notApplicable: not,
    };
  });
}
