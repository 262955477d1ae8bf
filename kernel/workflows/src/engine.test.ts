import * as context from "@dbos-inc/dbos-sdk/internal/context";
import * as executor from "@dbos-inc/dbos-sdk/internal/dbos-executor";
import * as error from "@dbos-inc/dbos-sdk/internal/error";
import * as utils from "@dbos-inc/dbos-sdk/internal/utils";
import * as queue from "@dbos-inc/dbos-sdk/internal/wfqueue";
import * as management from "@dbos-inc/dbos-sdk/internal/workflow_management";
import { expect, test } from "vitest";

/** What engine.ts uses is not DBOS's public API: an upgrade that moves it must fail here and not in production. */
test("the parts of DBOS that are not public are where they were", () => {
  expect(typeof context.currentOwnerXid).toBe("function");
  expect(typeof context.runWithTopContext).toBe("function");
  expect(typeof executor.DBOSExecutor.prototype.recoverPendingWorkflows).toBe("function");
  expect("globalInstance" in executor.DBOSExecutor).toBe(true);
  expect(new error.DBOSWorkflowConflictError("w")).toBeInstanceOf(Error);
  expect(new error.DBOSWorkflowCancelledError("w")).toBeInstanceOf(Error);
  expect(typeof utils.INTERNAL_QUEUE_NAME).toBe("string");
  expect(typeof queue.registerInternalQueue).toBe("function");
  expect(typeof management.workflowTimeoutConfig.pollingIntervalMs).toBe("number");
});

test("the queue runner's loop can be woken and slowed", () => {
  const runner = queue.wfQueueRunner as unknown as {
    states: Map<string, unknown>;
    scheduleDueQueues: { length: number };
    constructor: object;
  };
  expect(runner.states).toBeInstanceOf(Map);
  expect(runner.scheduleDueQueues).toHaveLength(5);
  expect(runner.constructor).toHaveProperty("reconcileIntervalMs", expect.any(Number));
  expect(runner.constructor).toHaveProperty("transitionIntervalMs", expect.any(Number));
});
