import { InvalidError } from "@roadbed/core";
import { z } from "zod";

import { dispatch, waitForWorkflow, type Dispatcher, type WorkflowRequest } from "../../action/github/workflow.ts";
import { pathOf } from "../../action/github/repository.ts";
import { connect, missingConnection, type Place } from "../../action/outside/connect.ts";
import type { PathsDeps } from "../../deps.ts";
import type { Provisioner, Seen, Wanted, Work } from "../provisioner.ts";
import { lookByWorkflow } from "./look-workflow.ts";
import type { ResourceNotes } from "./webhook-provisioner.ts";

/** Everything that is not named here goes to the workflow as JSON, in its input `params`. */
const Inputs = z
  .object({
    repository: z
      .string()
      .regex(/^https:\/\/[^/\s]+\/[^/\s]+\/[^/\s]+$/, "must be an address such as https://github.com/acme/infra")
      .describe("The repository at GitHub whose workflow it is"),
    workflow: z.string().min(1).max(200).describe("The file of the workflow, e.g. provision.yml"),
    branch: z.string().min(1).max(200).default("main"),
    timeoutMinutes: z.number().min(0.01).max(360).default(30),
    look: z
      .string()
      .min(1)
      .max(200)
      .optional()
      .describe("The file of a workflow that looks at it and says what is otherwise, e.g. look.yml"),
    lookEveryHours: z.number().min(0.25).max(720).default(6),
  })
  .catchall(z.unknown());
type Inputs = z.output<typeof Inputs>;

/**
 * Has a workflow of GitHub Actions do it, as the step `github:actions:dispatch` starts one. The workflow's inputs are `operation` (apply or destroy), `resource`,
 * `type`, `class`, `name`, `environment`, `owner` and `params`. What was started is taken up after a crash and not started again. Drift is what
 * the workflow `look` says, which is started with the operation `read`; without one, none is seen.
 */
export function makeWorkflowProvisioner(
  deps: Pick<PathsDeps, "outside"> & { readonly notes: ResourceNotes; readonly pollMs?: number; readonly now?: () => Date },
): Provisioner {
  const dispatcherOf = (work: Work, wanted: Wanted): Dispatcher => ({
    signal: work.signal,
    log: (_level, message) => work.say(message),
    once: (name, make) => deps.notes.once(wanted, name, make),
  });
  const look = async (work: Work, wanted: Wanted, place: Place, file: string): Promise<Seen> =>
    lookByWorkflow(place, { ...requestOf(wanted, "read"), workflowId: file }, wanted.facts, {
      everyHours: (wanted.inputs as Inputs).lookEveryHours,
      now: deps.now?.() ?? new Date(),
      dispatcherOf: (number) => ({
        ...dispatcherOf(work, wanted),
        once: (name, make) => deps.notes.once(wanted, `look ${number} ${name}`, make),
      }),
    });
  const perform = async (work: Work, wanted: Wanted, operation: "apply" | "destroy") => {
    const c = dispatcherOf(work, wanted);
    const place = await connect(c, deps.outside, "github", { repoUrl: repoUrlOf(wanted.inputs as Inputs) });
    const request = requestOf(wanted, operation);
    return waitForWorkflow(c, place, request, await dispatch(c, place, request), deps.pollMs ?? 5_000);
  };
  return {
    id: "github-workflow",
    description: "Has a workflow of GitHub Actions do it, and waits for its end.",
    inputs: Inputs,

    async plan(_work, wanted, _secrets, act) {
      const { repository, workflow, branch } = wanted.inputs as Inputs;
      return {
        words: `Starts the workflow ${workflow} of ${repository} on ${branch}: ${act} ${wanted.type}/${wanted.class} ${wanted.name}.`,
        changes: [{ action: act === "apply" ? "create" : "delete", kind: "WorkflowRun", name: workflow, summary: `${act} ${wanted.name}` }],
        problems: await missingConnection(deps.outside, "github", { repoUrl: repoUrlOf(wanted.inputs as Inputs) }),
        // Only the workflow knows what it makes.
        unknown: ["changes"],
      };
    },

    async apply(work, wanted) {
      const { id, html_url } = await perform(work, wanted, "apply");
      return { facts: { workflowRun: id, url: html_url } };
    },

    destroy: async (work, wanted) => void (await perform(work, wanted, "destroy")),

    async read(work, wanted) {
      const { workflowRun, url } = wanted.facts;
      if (typeof workflowRun !== "number") throw new InvalidError("No workflow of it is known.");
      const place = await connect({ signal: work.signal, log: async () => {} }, deps.outside, "github", {
        repoUrl: repoUrlOf(wanted.inputs as Inputs),
      });
      const { look: file } = wanted.inputs as Inputs;
      if (file !== undefined) return look(work, wanted, place, file);
      const { status, body } = await place.ask("GET", `${pathOf(place)}/actions/runs/${workflowRun}`, { accept: [404] });
      // What the workflow made may stand long after GitHub has forgotten its run.
      if (status === 404) return { state: "unknown", words: "GitHub has forgotten the run that made it", facts: {}, drift: [] };
      return {
        state: "present",
        words: `The workflow that made it ended with ${String(body?.conclusion)}`,
        facts: { url: body?.html_url ?? url },
        drift: [],
      };
    },

    variables: () => ({}),
  };
}

function repoUrlOf({ repository }: Inputs): string {
  const url = new URL(repository);
  const [owner = "", repo = ""] = url.pathname.slice(1).split("/");
  return `${url.host}?${new URLSearchParams({ owner, repo: repo.replace(/\.git$/, "") }).toString()}`;
}

function requestOf(
  { id, type, class: of, name, environment, owner, inputs }: Wanted,
  operation: "apply" | "destroy" | "read",
): WorkflowRequest {
  const { repository: _where, workflow, branch, timeoutMinutes, look: _look, lookEveryHours: _often, ...params } = inputs as Inputs;
  const workflowInputs = { operation, resource: id, type, class: of, name, environment, owner, params: JSON.stringify(params) };
  return { workflowId: workflow, branchOrTagName: branch, workflowInputs, timeoutMinutes };
}
