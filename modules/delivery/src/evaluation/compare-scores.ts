import type { compareReleases } from "@roadbed/contracts/delivery/releases";
import type { Ctx, OutputOf } from "@roadbed/core";

import type { ReleaseRow } from "../release/release-store.ts";
import { costPerCase, SHOWN_CONFIDENCE, type EvaluationRow, type SetRow } from "./evaluation-store.ts";
import { evaluationOf } from "./read-evaluations.ts";
import { readPairing, readScoring } from "./scoring.ts";

type Compared = OutputOf<typeof compareReleases>["evaluations"][number];
const MOST_SETS = 10;

/** What graders said of both releases, side by side, by the newest version of each set. Sets by which neither was judged are left out. */
export async function compareScores(ctx: Pick<Ctx, "sql">, from: ReleaseRow | undefined, to: ReleaseRow): Promise<Compared[]> {
  const { rows: sets } = await ctx.sql.query<Pick<SetRow, "id" | "name" | "version">>(
    "select distinct on (name) id, name, version from delivery.evaluation_set where entity_ref = $1 order by name, version desc limit $2",
    [to.entity_ref, MOST_SETS],
  );
  const compared: Compared[] = [];
  for (const { id, name, version } of sets) {
    const [before, after] = [from && (await evaluationOf(ctx, from, id)), await evaluationOf(ctx, to, id)];
    if (before === undefined && after === undefined) continue;
    compared.push({
      set: { name, version },
      ...(before === undefined ? {} : { from: await seenOf(ctx, before) }),
      ...(after === undefined ? {} : { to: await seenOf(ctx, after) }),
      ...(before === undefined || after === undefined || before.id === after.id
        ? {}
        : { difference: (await readPairing(ctx.sql, after, before.id, SHOWN_CONFIDENCE)).interval }),
    });
  }
  return compared;
}

async function seenOf(ctx: Pick<Ctx, "sql">, row: EvaluationRow): Promise<NonNullable<Compared["to"]>> {
  const { interval } = await readScoring(ctx.sql, row, SHOWN_CONFIDENCE);
  const cost = costPerCase(row);
  return { evaluation: row.id, score: interval, missing: row.set_cases - row.scored, ...(cost === undefined ? {} : { costPerCase: cost }) };
}
