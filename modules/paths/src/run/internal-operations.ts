import { defineOperation, type Operation } from "@roadbed/core";
import { z } from "zod";

/** What a run does by itself, as the audit log names it. No face offers these. */
function internal(name: string, summary: string): Operation {
  return defineOperation({
    name,
    summary,
    scope: "paths:write",
    risk: "medium",
    http: { method: "POST", path: `/internal/${name}` },
    input: z.object({
      runId: z.string().optional(),
      upgradeId: z.string().optional(),
      step: z.string().optional(),
      resource: z.string().optional(),
    }),
    output: z.unknown(),
  });
}

export const advanceRun: Operation = internal("paths.run.advance", "A run's state changed.");
export const makeThing: Operation = internal("paths.run.make", "A run's step makes something outside its workspace.");
export const advanceUpgrade: Operation = internal("paths.upgrade.advance", "An upgrade came further.");
export const endDeviations: Operation = internal("paths.deviation.expire", "Deviations came to their end.");
export const watchApprovals: Operation = internal("paths.approval.watch", "Approvals came to their end, or are reminded of.");
export const watchLifetimes: Operation = internal("paths.lifetime.watch", "What a run made ends soon, or its time is over.");
export const judgeRun: Operation = internal("paths.run.judge", "Policies are asked about what a run is to make.");
export const advanceResource: Operation = internal("paths.resource.advance", "What was asked of a resource came further.");
export const writeResource: Operation = internal("paths.resource.write", "What a resource is kept as outside is written.");
export const readBackResources: Operation = internal("paths.resource.read-back", "Provisioned resources are looked at.");
