export { createWorkflows, type WorkflowsOptions } from "./create-workflows.ts";
export type {
  Flow,
  Retry,
  StartOptions,
  StepContext,
  WorkflowCtx,
  WorkflowError,
  WorkflowFilter,
  Workflows,
  WorkflowState,
  WorkflowStatus,
  WorkflowStep,
} from "./workflows.ts";
