import { sampleRollout, Signal } from "@roadbed/contracts/delivery/rollouts";
import { ConflictError, InvalidError, TooLargeError, type Ctx, type ParsedInputOf, type Problem, type Sql } from "@roadbed/core";

import { isOver } from "./machine.ts";
import type { RolloutRecord } from "./rollout-store.ts";
import type { Sample } from "./samples.ts";

type Told = ParsedInputOf<typeof sampleRollout>["samples"][number];

const MOST_AT_ONCE = 1_000;
const MOST_IN_ALL = 200_000;
/** Clocks of those who tell may be so far off. */
const SKEW_MS = 5 * 60_000;
const LOOKED_AT_ONCE = 5_000;

/** Takes in samples of a rollout; one that was told before is known and changes nothing. */
export async function takeSamples(
  ctx: Ctx,
  rollout: RolloutRecord,
  { samples, lines }: Pick<ParsedInputOf<typeof sampleRollout>, "samples" | "lines">,
): Promise<{ readonly taken: number; readonly known: number }> {
  if (isOver(rollout)) throw new ConflictError(`The rollout is ${rollout.state}.`, { mend: "Samples are taken while it goes on." });
  if (!rollout.plan.steps.some(({ kind }) => kind === "analysis"))
    throw new ConflictError("The rollout compares nothing, so nobody would look at samples.", { mend: "Give it an analysis step." });
  const told = [...samples, ...readLines(lines)];
  if (told.length === 0)
    throw new InvalidError("There is no sample.", { problems: [{ at: "samples", reason: "is empty, and so is lines" }] });
  if (told.length > MOST_AT_ONCE) throw new TooLargeError(`${told.length} samples are more than ${MOST_AT_ONCE} at once.`);
  const problems: Problem[] = [];
  const rows = told.map((one, at) =>
    toRow(
      ctx,
      rollout,
      one,
      (field, reason, mend) => void problems.push({ at: `samples/${at}/${field}`, reason, ...(mend === undefined ? {} : { mend }) }),
    ),
  );
  if (problems.length > 0) {
    const [first] = problems;
    throw new InvalidError(`${problems.length} of ${told.length} samples cannot be taken. ${first!.at} ${first!.reason}.`, {
      problems: problems.slice(0, 50),
      ...(first!.mend === undefined ? {} : { mend: first!.mend }),
    });
  }
  // One after the other, so that numbers are given in the order in which they can be seen.
  await ctx.sql.query("select pg_advisory_xact_lock(hashtext($1))", [`rollout-sample ${rollout.id}`]);
  const { rows: counted } = await ctx.sql.query<{ n: number }>(
    "select count(*)::int n from delivery.rollout_sample where rollout_id = $1",
    [rollout.id],
  );
  if ((counted[0]?.n ?? 0) + rows.length > MOST_IN_ALL) throw new TooLargeError(`A rollout takes ${MOST_IN_ALL} samples.`);
  const column = (name: keyof (typeof rows)[number]) => rows.map((row) => row[name]);
  const { rowCount } = await ctx.sql.query(
    `insert into delivery.rollout_sample (rollout_id, id, arm, signal, value, at)
     select $1, * from unnest($2::text[], $3::text[], $4::text[], $5::float8[], $6::timestamptz[]) on conflict do nothing`,
    [rollout.id, column("id"), column("arm"), column("signal"), column("value"), column("at")],
  );
  return { taken: rowCount, known: rows.length - rowCount };
}

/** Samples that were told after the last one that was looked at. */
export async function samplesAfter(
  sql: Sql,
  rolloutId: string,
  number: string | undefined,
): Promise<{ readonly samples: readonly Sample[]; readonly last: string | undefined }> {
  const { rows } = await sql.query<Sample & { number: string } & Record<string, unknown>>(
    "select number::text, arm, signal, value from delivery.rollout_sample where rollout_id = $1 and number > $2 order by number limit $3",
    [rolloutId, number ?? "0", LOOKED_AT_ONCE],
  );
  return { samples: rows, last: rows.at(-1)?.number ?? number };
}

function toRow(
  ctx: Ctx,
  rollout: RolloutRecord,
  { id, arm, release, signal, value, at }: Told,
  wrong: (field: string, reason: string, mend?: string) => void,
) {
  const wanted = rollout.plan.analysis.samples ?? {};
  const named = Object.keys(wanted);
  const known = Signal.safeParse(signal);
  if (!known.success) wrong("signal", `${signal} is no signal`, `It is one of ${Signal.options.join(", ")}.`);
  else if (wanted[known.data] === undefined) {
    const judged = named.length === 0 ? "none" : named.join(", ");
    wrong(
      "signal",
      `${signal} is not judged by this rollout (${judged} is)`,
      `Name it in roadbed.yaml: rollout.analysis.samples.${signal}.`,
    );
  }
  if (!Number.isFinite(value) || value < 0 || (signal === "score" && value > 1))
    wrong("value", signal === "score" ? `${value} is not from 0 to 1` : `${value} is less than nothing`);
  const instant = at === undefined ? ctx.now() : new Date(at);
  if (instant.getTime() < rollout.createdAt.getTime() - SKEW_MS) wrong("at", "is before the rollout began");
  if (instant.getTime() > ctx.now().getTime() + SKEW_MS) wrong("at", "has not come yet");
  return { id, arm: armOf(rollout, arm, release, wrong), signal, value, at: instant };
}

function armOf(
  { commit, stableCommit }: RolloutRecord,
  arm: Told["arm"],
  release: string | undefined,
  wrong: (field: string, reason: string, mend?: string) => void,
): Sample["arm"] {
  if (arm !== undefined) return arm === "candidate" ? "candidate" : "baseline";
  if (release === undefined || release.length < 7)
    wrong("arm", "is needed, or release", "Say candidate, baseline or stable, or the commit that answered.");
  else if (commit.startsWith(release)) return "candidate";
  else if (!stableCommit.startsWith(release)) wrong("release", `${release} is neither of the two that are compared`);
  return "baseline";
}

function readLines(text: string): Told[] {
  const shape = sampleRollout.input.shape.samples.unwrap().element;
  return text.split("\n").flatMap((line, at) => {
    if (line.trim() === "") return [];
    const where = `lines:${at + 1}`;
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch (error) {
      throw new InvalidError(`${where} is no JSON: ${(error as Error).message}`, { problems: [{ at: where, reason: "is no JSON" }] });
    }
    const read = shape.safeParse(value);
    if (read.success) return [read.data];
    const { path = [], message = "is no sample" } = read.error.issues[0] ?? {};
    throw new InvalidError(`${where}: ${path.join(".")} ${message}`, { problems: [{ at: where, reason: `${path.join(".")} ${message}` }] });
  });
}
