import {
  cancelPipeline,
  getPipelineArtefact,
  getPipelineLogs,
  getPipelineRun,
  listPipelineRuns,
  runPipeline,
} from "@roadbed/contracts/delivery/pipelines";
import { ConflictError, encodeCursor, formatActor, handle, NotFoundError, readCursor, type Ctx, type Handler } from "@roadbed/core";
import type { Sealer } from "@roadbed/postgres";
import { join } from "node:path";
import { z } from "zod";

import type { DeliveryDeps } from "../deps.ts";
import { openFile } from "./collect-files.ts";
import { foldersOf } from "./pipeline-folders.ts";
import { makeSecretHandlers, mayChange } from "./pipeline-secrets.ts";
import { finishRun, listRuns, readArtefacts, readRun, readSteps, toRun } from "./pipeline-store.ts";
import { readPipelineLogs } from "./read-logs.ts";
import { requestRunAgain } from "./request-run.ts";

const PIECE = 3 * 2 ** 20;

export function makePipelineHandlers(deps: DeliveryDeps, sealer: Sealer): Handler[] {
  const hiddenOf = async (ctx: Ctx): Promise<readonly string[]> => (await deps.entities.hiddenFrom?.(ctx)) ?? [];
  return [
    handle(listPipelineRuns, async (ctx, { limit, cursor, entityRef, ...filter }) => {
      const before = readCursor(z.string(), cursor);
      const rows = await listRuns(ctx.sql, {
        ...filter,
        entityRef: entityRef?.toLowerCase(),
        before,
        hidden: await hiddenOf(ctx),
        limit: limit + 1,
      });
      const items = rows.slice(0, limit).map(toRun);
      return { items, ...(rows.length > limit ? { nextCursor: encodeCursor(items.at(-1)!.id) } : {}) };
    }),
    handle(getPipelineRun, async (ctx, { id }) => {
      const run = await readRun(ctx.sql, id, await hiddenOf(ctx));
      return { ...toRun(run), steps: await readSteps(ctx.sql, id), artefacts: await readArtefacts(ctx.sql, id) };
    }),
    handle(getPipelineLogs, async (ctx, input) => {
      const run = await readRun(ctx.sql, input.id, await hiddenOf(ctx));
      return readPipelineLogs(deps, ctx, run, input);
    }),
    handle(runPipeline, async (ctx, { repository, branch, commit }) => {
      const record = await mayChange(deps, ctx, runPipeline, repository);
      const onto = branch ?? record.defaultBranch;
      const [found] = await deps.repositories.log(record.name, { ref: commit ?? onto, limit: 1 });
      if (found === undefined)
        throw new NotFoundError(commit === undefined ? "branch" : "commit", `${commit ?? onto} of ${repository}`, "Push it first.");
      return toRun(await requestRunAgain(deps, ctx, { repository: record, branch: onto, commit: found, trigger: "hand" }));
    }),
    handle(cancelPipeline, async (ctx, { id }) => {
      const run = await readRun(ctx.sql, id, await hiddenOf(ctx));
      if (run.host !== "roadbed") throw new ConflictError(`It runs at ${run.host}, not here.`, { mend: "End it there." });
      await mayChange(deps, ctx, cancelPipeline, run.repository);
      if (!(await finishRun(ctx, id, "cancelled", { error: `It was ended by ${formatActor(ctx.actor)}.` }))) {
        throw new ConflictError(`The run has ended already: ${run.state}.`, {
          mend: `Run it again: roadbed pipeline run ${run.repository}.`,
        });
      }
      return toRun(await readRun(ctx.sql, id, []));
    }),
    handle(getPipelineArtefact, async (ctx, { id, path, offset }) => {
      const run = await readRun(ctx.sql, id, await hiddenOf(ctx));
      const found = (await readArtefacts(ctx.sql, id)).find((one) => one.path === path);
      if (found === undefined) throw new NotFoundError("artefact", path, `See roadbed pipeline show ${id} --json.`);
      const file = await openFile(join(foldersOf(deps.dataDir, run.repository, id).artefacts, path)).catch(() => undefined);
      if (file === undefined) throw new NotFoundError("artefact", path, "It was removed because the run is old: run the pipeline again.");
      try {
        const { buffer, bytesRead } = await file.read(
          Buffer.alloc(Math.min(PIECE, Math.max(0, found.bytes - offset))),
          0,
          undefined,
          offset,
        );
        const next = offset + bytesRead;
        return {
          ...found,
          base64: buffer.subarray(0, bytesRead).toString("base64"),
          ...(next < found.bytes && bytesRead > 0 ? { next } : {}),
        };
      } finally {
        await file.close();
      }
    }),
    ...makeSecretHandlers(deps, sealer),
  ];
}
