import type { Ctx } from "@roadbed/core";
import type { Flow } from "@roadbed/workflows";

import type { DeliveryDeps } from "../deps.ts";
import { advancePipeline } from "../internal-operations.ts";
import { findRun, finishRun } from "./pipeline-store.ts";
import { resourceOf, runPipeline, type PipelineParts } from "./run-pipeline.ts";

export interface PipelineInput {
  readonly runId: string;
}

export interface Pipelines {
  readonly flow: Flow<PipelineInput, string>;
  /** Resolves when nothing runs here any more: the workflows were told to end before. */
  idle(): Promise<void>;
}

/** A run is the durable workflow of its own id; where it stands is in its rows, so that its one step may be done again. */
export function definePipelines(deps: DeliveryDeps, parts: PipelineParts): Pipelines {
  const going = new Set<Promise<unknown>>();
  const flow = deps.workflows.define<PipelineInput, string>(
    "delivery.pipeline",
    async (c, { runId }) => {
      try {
        return await c.step(
          "run",
          async (s) => {
            const work = runPipeline(deps, parts, runId, s.signal);
            const settled = work.catch(() => {}).finally(() => going.delete(settled));
            going.add(settled);
            return work;
          },
          { attempts: 2 },
        );
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        await c.step("give up", (s) => giveUp(deps, runId, reason, s.key));
        return "failed";
      }
    },
    { queue: "pipeline" },
  );
  return { flow, idle: async () => void (await Promise.all(going)) };
}

async function giveUp(deps: DeliveryDeps, runId: string, error: string, key: string): Promise<void> {
  const run = await findRun(deps.db, runId);
  if (run === undefined) return;
  const call = { ...deps.runtime.system("delivery.pipeline"), idempotencyKey: key };
  await deps.runtime.write(call, advancePipeline, { id: runId, state: "failed" }, resourceOf(run), (ctx: Ctx) =>
    finishRun(ctx, runId, "failed", { error }),
  );
}
