import { CancelledError, InvalidError, UnavailableError } from "@roadbed/core";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";

import type { Outside } from "../../deps.ts";
import { defineAction, type Action, type ActionContext } from "../action.ts";
import { connect, missingConnection, placeOf, type Place } from "../outside/connect.ts";
import { pathOf } from "./repository.ts";

const Input = z.object({
  repoUrl: z.string().min(1),
  workflowId: z.union([z.string().min(1), z.number()]).describe("The file's name, e.g. release.yml, or the workflow's number"),
  branchOrTagName: z.string().min(1),
  workflowInputs: z.record(z.string(), z.coerce.string()).default({}),
  token: z.string().optional(),
  wait: z.boolean().default(false).describe("Wait until the workflow has ended; one that failed fails the step"),
  timeoutMinutes: z.number().min(0.01).max(360).default(30),
  allowedHosts: z.array(z.string()).optional(),
});
type Input = z.output<typeof Input>;
/** What is needed of a step, or of a resource, to begin a workflow once and to wait for it. */
export type Dispatcher = Pick<ActionContext, "once" | "log" | "signal">;
export type WorkflowRequest = Omit<Input, "repoUrl" | "token" | "allowedHosts" | "wait">;

/** A workflow of GitHub Actions, begun and, if asked, waited for. */
export function makeGithubActionsDispatch(outside: Outside | undefined, o: { readonly pollMs?: number } = {}): Action {
  return defineAction({
    id: "github:actions:dispatch",
    description: "Starts a workflow of GitHub Actions; waits for its end if asked.",
    input: Input,
    output: z.object({ runId: z.number().optional(), runUrl: z.string().optional(), conclusion: z.string().optional() }),
    examples: [
      {
        description: "Start a workflow and wait for its end",
        input: { repoUrl: "github.com?owner=acme&repo=infra", workflowId: "provision.yml", branchOrTagName: "main", wait: true },
      },
    ],
    reach: "outside",
    waits: true,
    async describe(_c, input) {
      const { owner, repo } = placeOf("github", input.repoUrl);
      return {
        words: `Starts the workflow ${input.workflowId} of ${owner}/${repo} on ${input.branchOrTagName}${input.wait ? " and waits for its end" : ""}.`,
        resources: [{ kind: "WorkflowRun", name: `${owner}/${repo}/${input.workflowId}`, summary: `on ${input.branchOrTagName}` }],
        output: { runId: 0, runUrl: `https://github.com/${owner}/${repo}/actions/runs/0`, conclusion: "success" },
        problems: await missingConnection(outside, "github", input),
      };
    },
    async run(c, input) {
      const place = await connect(c, outside, "github", input);
      const run = await dispatch(c, place, input);
      if (!input.wait) return run === undefined ? {} : toOutput(run);
      return toOutput(await waitForWorkflow(c, place, input, run, o.pollMs ?? 5_000));
    },
  });
}

export interface WorkflowRun {
  readonly id: number;
  readonly html_url: string;
  readonly status: string;
  readonly conclusion: string | null;
  readonly created_at: string;
  /** What the workflow's `run-name` makes of its inputs. */
  readonly display_title?: string;
}

/** Started once: after a crash the run that came up since is taken for the one that was started. */
export async function dispatch(c: Dispatcher, place: Place, input: WorkflowRequest): Promise<WorkflowRun | undefined> {
  const before = await c.once("before", async () => ({
    at: new Date().toISOString(),
    runs: (await runsOf(place, input)).map(({ id }) => id),
  }));
  const fresh = async (): Promise<WorkflowRun | undefined> =>
    (await runsOf(place, input)).filter(({ id }) => !before.runs.includes(id)).at(-1);
  const first = await c.once("asked", async () => {
    const begun = await fresh();
    if (begun !== undefined) return begun;
    await place.ask("POST", `${workflowPath(place, input)}/dispatches`, {
      body: { ref: input.branchOrTagName, inputs: input.workflowInputs },
    });
    await c.log("info", `Workflow ${input.workflowId} of ${place.owner}/${place.repo} started.`);
    return null;
  });
  return first ?? fresh();
}

/** Until it has ended. Throws where it failed. */
export async function waitForWorkflow(
  c: Dispatcher,
  place: Place,
  input: WorkflowRequest,
  known: WorkflowRun | undefined,
  pollMs: number,
): Promise<WorkflowRun> {
  const end = Date.now() + input.timeoutMinutes * 60_000;
  const before = await c.once("before", async () => ({ at: "", runs: [] as number[] }));
  let run = known;
  let told = "";
  while (Date.now() < end) {
    run =
      run === undefined
        ? (await runsOf(place, input)).filter(({ id }) => !before.runs.includes(id)).at(-1)
        : ((await place.ask("GET", `${pathOf(place)}/actions/runs/${run.id}`)).body as WorkflowRun);
    const state = run?.status ?? "not begun";
    if (state !== told) await c.log("info", `Workflow: ${(told = state)}${run === undefined ? "" : `, ${run.html_url}`}`);
    if (run?.status === "completed") {
      if (run.conclusion === "success" || run.conclusion === "neutral" || run.conclusion === "skipped") return run;
      throw new InvalidError(`The workflow ${input.workflowId} ended with ${run.conclusion}: ${run.html_url}`, {
        mend: "Read its log, mend it, and retry the run: it starts the workflow anew only in a new run.",
      });
    }
    await sleep(pollMs, undefined, { signal: c.signal }).catch((cause: unknown) => {
      throw new CancelledError("The wait was ended.", { cause });
    });
  }
  throw new UnavailableError(`The workflow ${input.workflowId} has not ended after ${input.timeoutMinutes} min; last seen: ${told}.`, {
    mend: "Retry the run: it waits on.",
  });
}

/** Newest first. */
async function runsOf(place: Place, input: WorkflowRequest): Promise<readonly WorkflowRun[]> {
  const query = `event=workflow_dispatch&branch=${encodeURIComponent(input.branchOrTagName)}&per_page=50`;
  const { body } = await place.ask("GET", `${workflowPath(place, input)}/runs?${query}`);
  const runs: WorkflowRun[] = Array.isArray(body?.workflow_runs) ? body.workflow_runs : [];
  return runs.filter((run) => !isOfAnother(run, input));
}

/** Where runs are named after the resource that they are about, one resource does not take another's. */
function isOfAnother({ display_title: title = "" }: WorkflowRun, { workflowInputs }: WorkflowRequest): boolean {
  const resource = workflowInputs["resource"];
  return resource !== undefined && /\bres_\w+/.test(title) && !title.includes(resource);
}

function workflowPath(place: Place, { workflowId }: WorkflowRequest): string {
  return `${pathOf(place)}/actions/workflows/${encodeURIComponent(String(workflowId))}`;
}

function toOutput({ id, html_url, conclusion }: WorkflowRun): Record<string, unknown> {
  return { runId: id, runUrl: html_url, ...(conclusion === null ? {} : { conclusion }) };
}
