import { DBOS, type GetWorkflowsInput, type WorkflowStatus as DbosStatus } from "@dbos-inc/dbos-sdk";
import { ConflictError } from "@roadbed/core";

import { describeError } from "./errors.ts";
import type { StartOptions, WorkflowFilter, WorkflowState, WorkflowStatus, WorkflowStep } from "./workflows.ts";

type StepInfo = NonNullable<Awaited<ReturnType<typeof DBOS.listWorkflowSteps>>>[number];

const STATES: Record<string, WorkflowState> = {
  ENQUEUED: "queued",
  DELAYED: "queued",
  PENDING: "running",
  SUCCESS: "succeeded",
  ERROR: "failed",
  CANCELLED: "cancelled",
  MAX_RECOVERY_ATTEMPTS_EXCEEDED: "stuck",
};

export function toStatus(found: DbosStatus | null): WorkflowStatus | undefined {
  if (found === null) return undefined;
  return {
    id: found.workflowID,
    name: found.workflowName,
    state: STATES[found.status] ?? "running",
    queue: found.queueName,
    input: found.input?.[0],
    output: found.output,
    error: describeError(found.error),
    createdAt: new Date(found.createdAt),
    startedAt: toDate(found.dequeuedAt),
    endedAt: toDate(found.completedAt),
    attempts: found.recoveryAttempts ?? 0,
  };
}

export function toStep(step: StepInfo): WorkflowStep {
  return {
    n: step.functionID,
    name: step.name,
    output: step.output,
    error: describeError(step.error),
    startedAt: toDate(step.startedAtEpochMs),
    endedAt: toDate(step.completedAtEpochMs),
  };
}

export function toDbosFilter({ name, state, idPrefix, limit, offset }: WorkflowFilter): GetWorkflowsInput {
  const statuses = Object.keys(STATES).filter((key) => STATES[key] === state) as Exclude<GetWorkflowsInput["status"], string | undefined>;
  return {
    sortDesc: true,
    limit: limit ?? 50,
    ...(offset === undefined ? {} : { offset }),
    ...(name === undefined ? {} : { workflowName: name }),
    ...(idPrefix === undefined ? {} : { workflow_id_prefix: idPrefix }),
    ...(state === undefined ? {} : { status: statuses }),
  };
}

/** A failed workflow forgets its first failed step and what came after; the others go on where they stopped. */
export async function retryWorkflow(status: DbosStatus, queueName: string): Promise<void> {
  const { workflowID, status: state } = status;
  if (state === "CANCELLED" || state === "MAX_RECOVERY_ATTEMPTS_EXCEEDED") {
    await DBOS.resumeWorkflow(workflowID, { queueName });
    return;
  }
  if (state !== "ERROR") throw new ConflictError(`The workflow ${workflowID} is ${STATES[state] ?? state}; there is nothing to retry.`);
  const steps = (await DBOS.listWorkflowSteps(workflowID)) ?? [];
  const failed = steps.find(({ error }) => error !== null);
  await DBOS.rewindWorkflow(workflowID, { startStep: failed?.functionID ?? (steps.at(-1)?.functionID ?? -1) + 1, queueName });
}

export function toStartError(error: unknown, name: string, { id, dedupe }: StartOptions): unknown {
  const kind = (error as Error | undefined)?.constructor.name;
  if (kind === "DBOSQueueDuplicatedError")
    return new ConflictError(`A workflow ${name} for ${dedupe} is under way already.`, { cause: error });
  if (kind === "DBOSConflictingWorkflowError")
    return new ConflictError(`The workflow ${id} exists and is not a ${name}.`, { cause: error });
  return error;
}

function toDate(epochMs: number | undefined): Date | undefined {
  return epochMs === undefined || epochMs === null ? undefined : new Date(Number(epochMs));
}
