import type { getPipelineLogs } from "@roadbed/contracts/delivery/pipelines";
import { NotFoundError, type Ctx, type OutputOf, type ParsedInputOf } from "@roadbed/core";
import { join } from "node:path";

import type { DeliveryDeps } from "../deps.ts";
import { readLogFiles } from "../runtime/log-file.ts";
import { foldersOf } from "./pipeline-folders.ts";
import { readSteps, type RunRow } from "./pipeline-store.ts";

type Answer = OutputOf<typeof getPipelineLogs>;

/** A position is the step's place times this, and the line's number in it: steps are read one after the other, as they are described. */
const STEP = 1_000_000_000;
const LOOK_MS = 300;

/** What the steps of a run printed. Reads the files anew each time: who writes them may be another process. */
export async function readPipelineLogs(
  deps: DeliveryDeps,
  ctx: Ctx,
  run: RunRow,
  { step: only, after, waitMs, limit }: ParsedInputOf<typeof getPipelineLogs>,
): Promise<Answer> {
  const { log: dir } = foldersOf(deps.dataDir, run.repository, run.id);
  const until = Date.now() + waitMs;
  for (;;) {
    const steps = await readSteps(ctx.sql, run.id);
    if (only !== undefined && !steps.some(({ name }) => name === only)) {
      throw new NotFoundError("step", only, `Its steps are ${steps.map(({ name }) => name).join(", ") || "none"}.`);
    }
    const items: Answer["items"] = [];
    let next = after;
    let done = true;
    for (const [n, { name, state }] of steps.entries()) {
      if (only !== undefined && name !== only) continue;
      if (n < Math.floor(after / STEP)) continue;
      const from = n === Math.floor(after / STEP) ? after % STEP : 0;
      const lines = await readLogFiles(join(dir, name), from, limit - items.length);
      for (const line of lines) items.push({ ...line, step: name, seq: n * STEP + line.seq });
      next = lines.length === 0 ? next : n * STEP + lines.at(-1)!.seq;
      const over = !["waiting", "running"].includes(state);
      // Whether more comes of this step is known only when it has ended and nothing was left to read.
      if (!over || items.length >= limit) {
        done = false;
        break;
      }
    }
    if (items.length > 0 || done || Date.now() >= until || ctx.signal.aborted) return { items, next, done: done && items.length < limit };
    await new Promise((resolve) => setTimeout(resolve, Math.min(LOOK_MS, Math.max(1, until - Date.now()))));
  }
}
