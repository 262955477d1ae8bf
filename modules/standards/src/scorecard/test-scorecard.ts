import { testScorecard } from "@roadbed/contracts/standards/scorecards";
import { handle, NotFoundError, type Handler } from "@roadbed/core";

import { createDefinition, type Definition } from "./definition.ts";
import { readScorecard } from "./definition-store.ts";
import type { Result } from "./evaluate.ts";
import type { ScorecardParts } from "./parts.ts";
import { readDocument } from "./read-document.ts";
import { readSubjects } from "./read-subjects.ts";
import { standingOf } from "./standing.ts";
import { scoreOf } from "./words.ts";

/** So many things are looked at: enough to see how it spreads, few enough to answer at once. */
const MOST_LOOKED_AT = 500;

/** What a scorecard would give, before it is saved. */
export function makeTestScorecard({ cel, things, runtimes, measures, evaluator }: ScorecardParts): Handler {
  return handle(testScorecard, async (ctx, { ref, ...given }) => {
    const { document, problems } = readDocument(given, cel);
    const nothing = { looked: 0, levelCounts: [], rules: [] };
    if (!document || problems.length > 0) return { ok: false, problems: [...problems], ...nothing };
    const view = await things.viewOf(ctx);
    if (ref !== undefined && !view.get(ref)) throw new NotFoundError("entity", ref, "List the entities to see what there is.");
    const stored = await readScorecard(ctx.sql, document.metadata.name);
    const definition = createDefinition(document, 0, cel);
    const visible = things
      .refsAfter("", definition.kinds, MOST_LOOKED_AT * 4)
      .filter((one) => view.get(one))
      .slice(0, MOST_LOOKED_AT);
    const refs = ref !== undefined && !visible.includes(ref) ? [ref, ...visible] : visible;
    const results = await evaluate(definition, refs);
    const levelCounts = Array.from({ length: definition.levels.length + 1 }, () => 0);
    for (const { codes } of results.values()) {
      const { rank } = standingOf(definition, codes, Date.now());
      if (rank !== undefined) levelCounts[rank]!++;
    }
    const own = ref === undefined ? undefined : results.get(ref);
    const board = { codes: () => own?.codes ?? "", standing: () => standingOf(definition, own?.codes ?? "", Date.now()) };
    const now = Date.now();
    return {
      ok: true,
      problems: [],
      name: definition.name,
      change: stored === undefined ? ("created" as const) : ("changed" as const),
      looked: results.size,
      levelCounts,
      rules: definition.rules.map(({ id, title }, n) => {
        const count = (code: string): number => [...results.values()].filter(({ codes }) => codes[n] === code).length;
        const note = [...results.values()].find(({ codes, notes }) => codes[n] === "u" && notes[id] !== undefined)?.notes[id];
        return { id, title, passed: count("p"), failed: count("f"), unknown: count("u"), ...(note === undefined ? {} : { note }) };
      }),
      ...(own && ref !== undefined
        ? { score: scoreOf(board, definition, { ref, version: 0, rank: undefined, codes: own.codes, firstAt: now, since: now }, own.notes) }
        : {}),
    };
  });

  async function evaluate(definition: Definition, refs: readonly string[]): Promise<ReadonlyMap<string, Result>> {
    const subjects = await readSubjects({ things, runtimes, measures }, { refs, wanted: definition.wanted, now: new Date() });
    return (await evaluator.evaluate([definition], subjects)).get(definition) ?? new Map();
  }
}
