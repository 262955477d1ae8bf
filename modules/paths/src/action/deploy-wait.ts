import { CancelledError, UnavailableError } from "@roadbed/core";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";

import type { Delivery, DeploymentState } from "../deps.ts";
import { defineAction, type Action, type ActionContext } from "./action.ts";

const WaitInput = z.object({
  entityRef: z.string().min(1),
  environment: z.string().min(1).default("dev"),
  commit: z.string().optional(),
  repository: z.string().optional(),
  timeoutSeconds: z.number().min(1).max(3_600).default(300),
});
type WaitInput = z.output<typeof WaitInput>;

const PERIOD = 500;

/** Waits until what was made runs. */
export function makeDeployWait(delivery: Delivery): Action {
  return defineAction({
    id: "roadbed:deploy:wait",
    description: "Waits until a component runs in an environment and is healthy.",
    input: WaitInput,
    reach: "outside",
    writesWorkspace: false,
    waits: true,
    async describe(c, { entityRef, environment }) {
      const { lacking, fault } = await lackingFor(c, delivery);
      if (fault !== undefined) return { words: fault, problems: [{ about: "roadbed.yaml", reason: fault }] };
      if (lacking.length > 0) return { words: notStarted(entityRef, lacking), output: { environment, started: false } };
      return {
        words: `Builds and starts ${entityRef} in ${environment} and waits until it is healthy.`,
        resources: [{ kind: "Workload", name: entityRef, summary: `runs in ${environment}` }],
        output: { url: "(known when it runs)", environment, started: true },
      };
    },
    async run(c, { timeoutSeconds, ...wanted }) {
      const target = exact(wanted);
      const { lacking } = await lackingFor(c, delivery);
      if (lacking.length > 0) {
        await c.log("warn", notStarted(target.entityRef, lacking));
        return { environment: target.environment, started: false };
      }
      await c.write((ctx) => delivery.requestDeployment(ctx, target));
      const { url } = await waitFor(
        c,
        timeoutSeconds,
        (commit) =>
          c.read((ctx) => delivery.deploymentOf(ctx, { entityRef: target.entityRef, environment: target.environment, ...commit })),
        target.commit,
      );
      await c.log("info", url === undefined ? `Healthy in ${target.environment}.` : `Healthy in ${target.environment}: ${url}`);
      return { environment: target.environment, started: true, ...(url === undefined ? {} : { url }) };
    },
    async undo(c, { input, output }) {
      if (output["started"] === false) return { done: true, words: "It was not started." };
      if (input === undefined || delivery.stopWorkload === undefined) return { done: false, words: "What it started stays." };
      const { entityRef, environment } = input;
      await c.write((ctx) => delivery.stopWorkload!(ctx, { entityRef, environment }));
      return { done: true, words: `${entityRef} is stopped in ${environment}.` };
    },
  });
}

/** What the workspace's `roadbed.yaml` needs and this machine has not, or why it cannot be read. */
async function lackingFor(c: ActionContext, delivery: Delivery): Promise<{ readonly lacking: readonly string[]; readonly fault?: string }> {
  const text = await readFile(join(c.workspace, "roadbed.yaml"), "utf8").catch(() => undefined);
  if (text === undefined || delivery.lacking === undefined) return { lacking: [] };
  try {
    return { lacking: await delivery.lacking(text) };
  } catch (error) {
    return { lacking: [], fault: (error as Error).message };
  }
}

function notStarted(entityRef: string, lacking: readonly string[]): string {
  return `${entityRef} needs ${lacking.join(" and ")}, which this machine has not; made, not started.`;
}

/** Asks until it is healthy. A commit that a newer one overtook counts as done when the newer one is. */
async function waitFor(
  c: ActionContext,
  timeoutSeconds: number,
  ask: (o: { readonly commit?: string }) => Promise<DeploymentState | undefined>,
  first: string | undefined,
): Promise<DeploymentState> {
  const end = Date.now() + timeoutSeconds * 1_000;
  let commit = first;
  let told = "";
  while (Date.now() < end) {
    const state = await ask(commit === undefined ? {} : { commit });
    if (state?.status === "healthy") return state;
    if (state?.status === "failed" || state?.status === "rolled-back")
      throw new UnavailableError(state.error ?? "The deployment failed.", {
        mend: "Read the workload's log, mend it and push, then retry the run.",
      });
    if (state?.status === "superseded") commit = undefined;
    const word = state?.status ?? "waiting for the deployment to begin";
    if (word !== told) await c.log("info", (told = word));
    await sleep(PERIOD, undefined, { signal: c.signal }).catch((cause: unknown) => {
      throw new CancelledError("The wait was ended.", { cause });
    });
  }
  throw new UnavailableError(`Not healthy after ${timeoutSeconds} s; last seen: ${told}.`, {
    mend: "Look at the workload's log, then retry the run.",
  });
}

/** Leaves out what was not given. */
function exact({ entityRef, environment, repository, commit }: Omit<WaitInput, "timeoutSeconds">): Target {
  return { entityRef, environment, ...(repository === undefined ? {} : { repository }), ...(commit === undefined ? {} : { commit }) };
}

type Target = Parameters<Delivery["requestDeployment"]>[1];
