import type { ScorecardDocument } from "@roadbed/contracts/standards/scorecard-document";
import { deleteScorecard, saveScorecard, scorecardSaved, type ScorecardProblem } from "@roadbed/contracts/standards/scorecards";
import { ConflictError, formatActor, handle, InvalidError, NotFoundError, type Handler, type Sql } from "@roadbed/core";

import { lockScorecards, lookAnew, newestVersion, readScorecard, readScorecards, writeScorecard } from "./definition-store.ts";
import type { ScorecardParts } from "./parts.ts";
import { readDocument } from "./read-document.ts";

/** Scorecards are changed as a whole; each change is a version that stays. */
export function makeScorecardWriters({ cel }: Pick<ScorecardParts, "cel">): readonly Handler[] {
  return [
    handle(saveScorecard, async (ctx, { reason, ...given }) => {
      const { document, problems } = readDocument(given, cel);
      if (!document || problems.length > 0) throw refusal(problems);
      const { name } = document.metadata;
      await lockScorecards(ctx.sql);
      await checkRubric(ctx.sql, document);
      const stored = await readScorecard(ctx.sql, name);
      if (stored && isSame(stored.document, document)) return { name, version: stored.version, change: "unchanged" as const };
      const version = (await newestVersion(ctx.sql, name)) + 1;
      const actor = formatActor(ctx.actor);
      await writeScorecard(ctx.sql, document, { version, at: ctx.now(), actor, reason: reason ?? ctx.reason, shipped: null });
      const change = stored ? ("changed" as const) : ("created" as const);
      ctx.emit(scorecardSaved, name, { scorecard: name, version, change });
      return { name, version, change };
    }),
    handle(deleteScorecard, async (ctx, { name }) => {
      await lockScorecards(ctx.sql);
      const stored = await readScorecard(ctx.sql, name);
      if (!stored) throw new NotFoundError("scorecard", name, "List the scorecards to see what there is.");
      await ctx.sql.query("update standards.scorecard set removed_at = $2 where name = $1", [name, ctx.now()]);
      await lookAnew(ctx.sql, "scorecard");
      ctx.emit(scorecardSaved, name, { scorecard: name, version: stored.version, change: "removed" });
      return { removed: name };
    }),
  ];
}

/** Throws `ConflictError` where another scorecard is the rubric. */
async function checkRubric(sql: Sql, { metadata, spec }: ScorecardDocument): Promise<void> {
  if (!spec.rubric) return;
  const other = (await readScorecards(sql)).find((one) => one.rubric && one.removed_at === null && one.name !== metadata.name);
  if (!other) return;
  throw new ConflictError(`${other.name} is the rubric already.`, {
    problems: [
      { at: "spec.rubric", reason: "there is one rubric for the whole organisation", mend: "Leave rubric out, or take it from the other." },
    ],
    mend: "Leave rubric out: then it is a scorecard of a team. Or save the other one without rubric first.",
  });
}

export function refusal(problems: readonly ScorecardProblem[]): InvalidError {
  const said = problems
    .slice(0, 5)
    .map(({ at, line, reason }) => `${line === undefined ? "" : `line ${line}: `}${at === "" ? "" : `${at} `}${reason}`);
  return new InvalidError(`The scorecard is not right: ${said.join("; ")}`, {
    problems: problems.map(({ at, line, reason, mend }) => ({
      at,
      reason: line === undefined ? reason : `line ${line}: ${reason}`,
      ...(mend === undefined ? {} : { mend }),
    })),
  });
}

/** The same whatever the order of the keys: one document was stored as JSON, the other was parsed from what somebody wrote. */
function isSame(a: unknown, b: unknown): boolean {
  return canonical(a) === canonical(b);
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
