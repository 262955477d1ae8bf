import { MonthlyCost } from "@roadbed/contracts/paths/resource-classes";
import { resourceRequested, ResourceRequest } from "@roadbed/contracts/paths/resources";
import { CancelledError, formatActor, InvalidError, UnavailableError, type Ctx } from "@roadbed/core";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";

import { judgedOf } from "../../resource/judged.ts";
import { requestResource, resolveRequest, type RequestDeps } from "../../resource/request-resource.ts";
import { findByKey, readResource, sayOfResource, type ResourceRow } from "../../resource/resource-store.ts";
import { variableNames } from "../../resource/workload-variables.ts";
import { defineAction, type Action, type ActionContext } from "../action.ts";

const Input = ResourceRequest.extend({ timeoutMinutes: z.number().min(0.01).max(360).default(30) });

/** Has a resource made by type and class, waits until it is there, and gives it to its consumer. */
export function makeResourceRequest(deps: RequestDeps & { readonly pollMs?: number }): Action {
  return defineAction({
    id: "resource:request",
    description:
      "Has a resource made by type and class, e.g. postgres/small, waits until it is there, and gives its credentials to the consumer's workload.",
    input: Input,
    output: z.object({
      resource: z.string().describe("Its id"),
      entityRef: z.string(),
      name: z.string(),
      environment: z.string(),
      facts: z.record(z.string(), z.unknown()).describe("Where it is, without secrets"),
      variables: z.array(z.string()).describe("Names of the variables that the consumer's workload gets"),
      monthlyCost: MonthlyCost.optional(),
    }),
    examples: [
      {
        description: "A small database for the component that the path makes",
        input: {
          type: "postgres",
          class: "small",
          name: "${{ parameters.name }}-db",
          environment: "dev",
          owner: "${{ parameters.owner }}",
          consumer: "component:default/${{ parameters.name }}",
        },
      },
    ],
    reach: "outside",
    waits: true,
    describe: (c, input) => c.read((ctx) => describe(deps, ctx, input)),
    async run(c, input) {
      const { timeoutMinutes, ...request } = input;
      const asked = await c.write(async (ctx) => {
        const own: Ctx = { ...ctx, scopes: c.asStarter.scopes };
        const row = await requestResource(deps, own, request, { key: c.key, runId: c.taskId });
        return row.state === "failed" ? again(ctx, row) : row;
      });
      const row = await waitFor(c, deps.pollMs ?? 500, asked, timeoutMinutes);
      await c.log(
        "info",
        `${row.type}/${row.class} ${row.name} is ready in ${row.environment}${row.seen_words === null ? "" : `: ${row.seen_words}`}.`,
      );
      return {
        resource: row.id,
        entityRef: row.entity_ref,
        name: row.name,
        environment: row.environment,
        facts: row.facts,
        variables: variableNames(deps.provisioners, row),
        ...(row.cost === null ? {} : { monthlyCost: row.cost }),
      };
    },
    async undo(c, { output }) {
      const id = output["resource"];
      const row = await c.read((ctx) => (typeof id === "string" ? readResource(ctx.sql, id) : findByKey(ctx.sql, c.key)));
      if (row === undefined) return { done: true, words: "It had asked for nothing." };
      const said = `${row.type}/${row.class} ${row.name} in ${row.environment}`;
      const others = ((await deps.catalog.dependantsOf?.(row.entity_ref)) ?? []).filter(({ ref }) => ref !== row.consumer);
      if (row.state !== "destroyed" && row.state !== "destroying" && others.length > 0) {
        return {
          done: false,
          words: `${said} stays: ${others.map(({ ref }) => ref).join(", ")} ${others.length === 1 ? "uses" : "use"} it.`,
        };
      }
      await c.write((ctx) => takeAway(ctx, row.id, c.taskId));
      await waitForEnd(c, deps.pollMs ?? 500, row.id);
      return { done: true, words: `${said} is taken away.` };
    },
  });
}

/** As one asks for a resource to go; one that goes already is left to that. */
async function takeAway(ctx: Ctx, id: string, runId: string): Promise<void> {
  const { rows } = await ctx.sql.query<{ generation: number }>(
    `update paths.resource set generation = generation + 1, act = 'destroy', state = 'destroying', error = null, actor = $2, actor_detail = $3, changed_at = $4
     where id = $1 and state not in ('destroying', 'destroyed') returning generation`,
    [id, formatActor(ctx.actor), JSON.stringify(ctx.actor), ctx.now()],
  );
  if (rows[0] === undefined) return;
  await sayOfResource(ctx.sql, id, {
    at: ctx.now(),
    actor: formatActor(ctx.actor),
    words: `The run ${runId} that asked for it is taken back.`,
  });
  ctx.emit(resourceRequested, id, { resource: id, generation: rows[0].generation });
}

async function waitForEnd(c: ActionContext, pollMs: number, id: string): Promise<void> {
  for (const until = Date.now() + 10 * 60_000; Date.now() < until; await sleep(pollMs)) {
    const row = await c.read((ctx) => readResource(ctx.sql, id));
    if (row.state === "destroyed") return;
    if (row.state === "failed") throw new InvalidError(`${row.name} could not be taken away: ${row.error ?? "no reason is known"}`);
  }
  throw new InvalidError("It is not gone after 10 min.", { mend: `See roadbed resource show ${id}` });
}

async function describe(deps: RequestDeps, ctx: Ctx, { timeoutMinutes: _wait, ...request }: z.output<typeof Input>) {
  const { provisioner, wanted, module, entityRef, consumer } = await resolveRequest(deps, ctx, request);
  const plan = await provisioner.plan(
    { signal: ctx.signal, say: async () => {} },
    wanted,
    provisioner.prepare?.(wanted, {}) ?? {},
    "apply",
  );
  const cost = module.cost;
  const price = cost === undefined ? "no price is known" : `${cost.amount} ${cost.currency} a month`;
  return {
    words: `${plan.words} ${consumer === undefined ? "" : `Gives it to ${consumer}. `}In ${request.environment}, ${price}.`,
    resources: [
      {
        kind: "Resource",
        name: request.name,
        summary: `${request.type}/${request.class} in ${request.environment}, by ${provisioner.id}, ${price}`,
      },
      ...plan.changes.map(({ kind, name, action, summary }) => ({ kind, name, summary: `${action}: ${summary}` })),
    ],
    priced: [
      {
        resource: `${request.type}/${request.class} ${request.name}`,
        environment: request.environment,
        ...(cost === undefined ? {} : { cost }),
      },
    ],
    judged: judgedOf({ ...wanted, provisioner: provisioner.id, cost }, plan),
    ...(plan.document === undefined ? {} : { plans: [plan.document] }),
    problems: plan.problems,
    output: { resource: "res_preview", entityRef, name: request.name, environment: request.environment, facts: {}, variables: [] },
  };
}

/** A run that was retried asks for it again. */
async function again(ctx: Ctx, row: ResourceRow): Promise<ResourceRow> {
  const generation = row.generation + 1;
  await ctx.sql.query(
    "update paths.resource set generation = $2, act = 'apply', state = 'applying', error = null, changed_at = $3 where id = $1",
    [row.id, generation, ctx.now()],
  );
  ctx.emit(resourceRequested, row.id, { resource: row.id, generation });
  return readResource(ctx.sql, row.id);
}

async function waitFor(c: ActionContext, pollMs: number, asked: ResourceRow, minutes: number): Promise<ResourceRow> {
  const until = Date.now() + minutes * 60_000;
  for (;;) {
    const row = await c.read((ctx) => readResource(ctx.sql, asked.id));
    if (row.state === "ready") return row;
    if (row.state === "failed")
      throw new InvalidError(`${row.type}/${row.class} ${row.name} could not be made: ${row.error ?? "no reason is known"}`);
    if (row.state === "destroying" || row.state === "destroyed") throw new InvalidError(`${row.name} was taken away meanwhile.`);
    if (Date.now() > until) {
      throw new UnavailableError(`${row.name} is not there after ${minutes} min.`, { mend: "Retry the run: it waits on." });
    }
    await sleep(pollMs, undefined, { signal: c.signal }).catch((cause: unknown) => {
      throw new CancelledError("The wait was ended.", { cause });
    });
  }
}
