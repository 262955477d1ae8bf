import {
  changeResource,
  checkResource,
  destroyResource,
  listResources,
  planResource,
  requestResource as requestOperation,
  resourceRequested,
  retryResource,
  revealResource,
  showResource,
  type ProvisionedResource,
  type ResourceDetail,
  type ResourcePlan,
  type ResourceRequest,
} from "@roadbed/contracts/paths/resources";
import type { Resource } from "@roadbed/contracts/standards";
import {
  ConflictError,
  encodeCursor,
  formatActor,
  handle,
  InvalidError,
  NotFoundError,
  readCursor,
  type Ctx,
  type Handler,
} from "@roadbed/core";
import type { Database, PostgresRuntime, Sealer } from "@roadbed/postgres";
import { z } from "zod";

import type { PathsDeps } from "../deps.ts";
import { moduleFor } from "./class.ts";
import { evaluatePlan, judgedOf, together } from "./judged.ts";
import type { Work } from "./provisioner.ts";
import { noteSeen } from "./look-again.ts";
import { mustOwn, owns, refuseProblems, requestResource, resolveRequest, type RequestDeps } from "./request-resource.ts";
import { look, openSecrets } from "./resource-flow.ts";
import { keepFiles, readHistory, readResource, sayOfResource, selectResources, toView, type ResourceRow } from "./resource-store.ts";
import { variableNames, variablesOf } from "./workload-variables.ts";

export interface ResourceHandlerDeps extends RequestDeps, Pick<PathsDeps, "standards"> {
  readonly db: Database;
  readonly runtime: PostgresRuntime;
  readonly sealer: Sealer;
}

export function makeResourceHandlers(deps: ResourceHandlerDeps): Handler[] {
  const view = (row: ResourceRow): ProvisionedResource => toView(row, variableNames(deps.provisioners, row));
  return [
    handle(listResources, async (ctx, { limit, cursor, ...filter }) => {
      const before = readCursor(z.string(), cursor);
      const rows = await selectResources(ctx.sql, {
        ...filter,
        entityRef: filter.entityRef?.toLowerCase(),
        hidden: await hiddenFrom(deps, ctx),
        before,
        limit: limit + 1,
      });
      const items = rows.slice(0, limit).map(view);
      return { items, ...(rows.length > limit ? { nextCursor: encodeCursor(items.at(-1)?.id) } : {}) };
    }),
    handle(showResource, async (ctx, { resource }) => detailOf(deps, ctx, await readVisible(deps, ctx, resource), view)),
    handle(planResource, (ctx, request) => planRequest(deps, ctx, request)),
    handle(requestOperation, async (ctx, request) => view(await requestResource(deps, ctx, request))),
    handle(changeResource, async (ctx, { resource, class: name, params }) => {
      const row = await readSettled(deps, ctx, resource);
      await mustOwn(deps, ctx, row);
      const request = { ...requestOf(row), class: name, params: params ?? row.params };
      const { of, module, inputs } = await resolveRequest(deps, ctx, request, row);
      if (module.provisioner !== row.provisioner) {
        throw new ConflictError(
          `${row.type}/${name} is made by ${module.provisioner}, this one by ${row.provisioner}: what is in it cannot be moved.`,
          {
            mend: "Request a new one, move what is in it, then destroy this one.",
          },
        );
      }
      await ctx.sql.query(
        `update paths.resource set class = $2, inputs = $3, params = $4, files_digest = $5, cost = $6, decision_id = null where id = $1`,
        [
          resource,
          name,
          JSON.stringify(inputs),
          JSON.stringify(request.params),
          await keepFiles(ctx.sql, of.files),
          module.cost === undefined ? null : JSON.stringify(module.cost),
        ],
      );
      return view(await askAgain(ctx, row, "apply", `It was asked to become ${row.type}/${name}.`));
    }),
    handle(retryResource, async (ctx, { resource }) => {
      const row = await readSettled(deps, ctx, resource);
      await mustOwn(deps, ctx, row);
      return view(await askAgain(ctx, row, row.act, row.act === "destroy" ? "It was asked again to go." : "It was asked for again."));
    }),
    handle(checkResource, async (ctx, { resource }) => {
      const row = await readVisible(deps, ctx, resource);
      if (row.state === "destroyed") throw new ConflictError("It was taken away.");
      await noteSeen(ctx, row, await look(deps, row, ctx.signal));
      return view(await readResource(ctx.sql, resource));
    }),
    handle(revealResource, async (ctx, { resource }) => {
      const row = await readVisible(deps, ctx, resource);
      await mustOwn(deps, ctx, row);
      const variables = variablesOf(deps.provisioners, row, await openSecrets(deps, row));
      if (Object.keys(variables).length === 0) {
        throw new ConflictError("It has no credentials.", {
          mend: row.state === "ready" ? "Its provisioner gives none." : "Wait until it is ready.",
        });
      }
      await sayOfResource(ctx.sql, resource, { at: ctx.now(), actor: formatActor(ctx.actor), words: "Its credentials were shown." });
      return { variables: Object.entries(variables).map(([name, value]) => ({ name, value })) };
    }),
    handle(destroyResource, async (ctx, { resource, name, despite }) => {
      const row = await readVisible(deps, ctx, resource, true);
      await mustOwn(deps, ctx, row);
      if (name !== row.name) {
        throw new InvalidError(`Its name is ${row.name}, not ${name}.`, { problems: [{ at: "name", reason: `is not ${row.name}` }] });
      }
      if (row.state === "destroyed") return view(row);
      const dependants = await dependantsOf(deps, ctx, row);
      if (dependants.length > 0 && !despite) {
        throw new ConflictError(`${dependants.join(", ")} still ${dependants.length === 1 ? "uses" : "use"} ${row.name}.`, {
          mend: "Move them away from it first, or say that it goes despite them.",
          problems: dependants.map((ref) => ({ at: ref, reason: `uses ${row.name}` })),
        });
      }
      return view(
        await askAgain(
          ctx,
          row,
          "destroy",
          `It was asked to go${dependants.length > 0 ? ` although ${dependants.join(", ")} used it` : ""}.`,
        ),
      );
    }),
  ];
}

/** What is asked anew is a generation of its own, which the workflow of the one before leaves alone. */
async function askAgain(ctx: Ctx, row: ResourceRow, act: "apply" | "destroy", words: string): Promise<ResourceRow> {
  const generation = row.generation + 1;
  await ctx.sql.query(
    `update paths.resource set generation = $2, act = $3, state = $4, error = null, actor = $5, actor_detail = $6, changed_at = $7 where id = $1`,
    [row.id, generation, act, act === "destroy" ? "destroying" : "applying", formatActor(ctx.actor), JSON.stringify(ctx.actor), ctx.now()],
  );
  await sayOfResource(ctx.sql, row.id, { at: ctx.now(), actor: formatActor(ctx.actor), words });
  ctx.emit(resourceRequested, row.id, { resource: row.id, generation });
  return readResource(ctx.sql, row.id);
}

/** Makes nothing: what would be made, its price, and what policies say. */
export async function planRequest(deps: ResourceHandlerDeps, ctx: Ctx, request: ResourceRequest): Promise<ResourcePlan> {
  const { provisioner, wanted, module } = await resolveRequest(deps, ctx, request);
  const work: Work = { signal: ctx.signal, say: async () => {} };
  const plan = await provisioner.plan(work, wanted, provisioner.prepare?.(wanted, {}) ?? {}, "apply");
  refuseProblems(plan);
  const asked = await deps.standards.evaluate(
    ctx,
    judgedOf({ ...wanted, provisioner: provisioner.id, cost: module.cost }, plan) as Resource[],
  );
  const ofPlan = plan.document === undefined ? [] : [await evaluatePlan(deps, ctx, plan.document)];
  const { verdict, findings } = together([asked, ...ofPlan]);
  return {
    provisioner: provisioner.id,
    words: plan.words,
    changes: [...plan.changes],
    ...(module.cost === undefined ? {} : { cost: module.cost }),
    verdict,
    findings: findings.map(({ policy, severity, message, mend }) => ({ policy, severity, message, mend })),
    unknown: [...(plan.unknown ?? [])],
  };
}

async function detailOf(
  deps: ResourceHandlerDeps,
  ctx: Ctx,
  row: ResourceRow,
  view: (row: ResourceRow) => ProvisionedResource,
): Promise<ResourceDetail> {
  const classes = await deps.classes.list(ctx.sql);
  const own = classes.find((one) => one.type === row.type && one.class === row.class);
  const others = classes.filter((one) => {
    if (one.type !== row.type || one.class === row.class) return false;
    try {
      return moduleFor(one, row.environment).provisioner === row.provisioner;
    } catch {
      return false;
    }
  });
  return {
    ...view(row),
    ...(own === undefined ? {} : { classTitle: own.title }),
    promises: [...(own?.promises ?? [])],
    params: row.params,
    dependants: row.state === "destroyed" ? [] : await dependantsOf(deps, ctx, row),
    classes: others.map((one) => one.class),
    history: await readHistory(ctx.sql, row.id),
    yours: await owns(deps, ctx, row),
  };
}

/** What the catalogue says depends on it, and its consumer while that is in the catalogue. Only what the caller may see. */
async function dependantsOf({ catalog }: RequestDeps, ctx: Ctx, row: ResourceRow): Promise<string[]> {
  const found = new Set(((await catalog.dependantsOf?.(row.entity_ref)) ?? []).map(({ ref }) => ref));
  if (row.consumer !== null) found.add(row.consumer);
  const there: string[] = [];
  for (const ref of [...found].toSorted()) if ((await catalog.get(ctx, ref)) !== undefined) there.push(ref);
  return there;
}

function requestOf(row: ResourceRow): ResourceRequest {
  return {
    type: row.type,
    class: row.class,
    name: row.name,
    environment: row.environment,
    owner: row.owner,
    params: row.params,
    ...(row.consumer === null ? {} : { consumer: row.consumer }),
    ...(row.prefix === null ? {} : { prefix: row.prefix }),
  };
}

async function hiddenFrom({ catalog }: RequestDeps, ctx: Ctx): Promise<readonly string[]> {
  return (await catalog.hiddenFrom?.(ctx)) ?? [];
}

/** What somebody may not see is not there. Throws `NotFoundError`. */
async function readVisible(deps: RequestDeps, ctx: Ctx, id: string, lock = false): Promise<ResourceRow> {
  const row = await readResource(ctx.sql, id, lock);
  const hidden = new Set(await hiddenFrom(deps, ctx));
  if (hidden.has(row.entity_ref) || hidden.has(row.owner) || (row.consumer !== null && hidden.has(row.consumer))) {
    throw new NotFoundError("resource", id, "See roadbed resource list.");
  }
  return row;
}

/** One that nothing is being done to, locked. */
async function readSettled(deps: RequestDeps, ctx: Ctx, id: string): Promise<ResourceRow> {
  const row = await readVisible(deps, ctx, id, true);
  if (row.state === "ready" || row.state === "failed") return row;
  throw new ConflictError(row.state === "destroyed" ? `${row.name} is gone.` : `${row.name} is being worked on (${row.state}).`, {
    mend: row.state === "destroyed" ? "Request a new one." : "Wait until that has come to its end.",
  });
}
