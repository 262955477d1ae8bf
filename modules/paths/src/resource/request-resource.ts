import { formatRef, parseRef } from "@roadbed/contracts/catalog";
import { resourceRequested, type ResourceRequest } from "@roadbed/contracts/paths/resources";
import { ConflictError, ForbiddenError, formatActor, InvalidError, newId, type Ctx, type Problem } from "@roadbed/core";

import type { PathsDeps } from "../deps.ts";
import { inputsOf, moduleFor, type Class, type Module } from "./class.ts";
import type { ClassLibrary } from "./class-library.ts";
import type { Facts, Plan, Provisioner, Wanted } from "./provisioner.ts";
import { findByKey, findByPlace, insertResource, readResource, sayOfResource, type ResourceRow } from "./resource-store.ts";

export interface RequestDeps extends Pick<PathsDeps, "catalog" | "people"> {
  readonly classes: ClassLibrary;
  readonly provisioners: ReadonlyMap<string, Provisioner>;
}

/** A request whose parts are known to fit together. */
export interface Resolved {
  readonly of: Class;
  readonly module: Module;
  readonly provisioner: Provisioner;
  readonly inputs: Record<string, unknown>;
  readonly owner: string;
  readonly consumer: string | undefined;
  readonly entityRef: string;
  readonly wanted: Wanted;
}

/** Asks for a resource: stored with the event that begins to make it. The same `key` again is the same resource. */
export async function requestResource(
  deps: RequestDeps,
  ctx: Ctx,
  request: ResourceRequest,
  o: { readonly key?: string | undefined; readonly runId?: string | undefined } = {},
): Promise<ResourceRow> {
  const before = o.key === undefined ? undefined : await findByKey(ctx.sql, o.key);
  if (before) return before;
  const resolved = await resolveRequest(deps, ctx, request);
  await refuseStrangers(deps, ctx, resolved);
  const id = newId("res", ctx.now().getTime());
  await insertResource(ctx, {
    id,
    ...resolved,
    name: request.name,
    environment: request.environment,
    prefix: request.prefix,
    params: request.params,
    key: o.key,
    runId: o.runId,
  });
  await sayOfResource(ctx.sql, id, {
    at: ctx.now(),
    actor: formatActor(ctx.actor),
    words: `${request.type}/${request.class} was requested for ${request.environment}.`,
  });
  ctx.emit(resourceRequested, id, { resource: id, generation: 1 });
  return readResource(ctx.sql, id);
}

/** Class, module, inputs, owner and place of a request. Throws `InvalidError`, `NotFoundError` or `ConflictError` in words. */
export async function resolveRequest(deps: RequestDeps, ctx: Ctx, request: ResourceRequest, known?: ResourceRow): Promise<Resolved> {
  const of = await deps.classes.get(ctx.sql, request.type, request.class);
  const module = moduleFor(of, request.environment);
  const provisioner = provisionerOf(deps.provisioners, module.provisioner);
  const inputs = fit(provisioner, of, inputsOf(of, module, request.params));
  const consumer = request.consumer === undefined ? undefined : fullRef(request.consumer, "component", "consumer");
  const owner = await ownerOf(deps, ctx, request.owner, consumer);
  await refuseTaken(ctx, request, consumer, known);
  const entityRef = formatRef({ kind: "resource", namespace: "default", name: request.name });
  return {
    of,
    module,
    provisioner,
    inputs,
    owner,
    consumer,
    entityRef,
    wanted: {
      id: known?.id ?? "",
      type: request.type,
      class: request.class,
      name: request.name,
      environment: request.environment,
      owner,
      consumer,
      inputs,
      files: of.files,
      facts: known?.facts ?? ({} satisfies Facts),
      generation: (known?.generation ?? 0) + 1,
    },
  };
}

export function provisionerOf(provisioners: ReadonlyMap<string, Provisioner>, id: string): Provisioner {
  const found = provisioners.get(id);
  if (found) return found;
  throw new InvalidError(`There is no provisioner ${id}.`, { mend: `A class may name: ${[...provisioners.keys()].join(", ")}.` });
}

/** Throws `InvalidError` that names each input that does not fit. */
export function fit(provisioner: Provisioner, { type, class: name }: Class, inputs: Record<string, unknown>): Record<string, unknown> {
  const parsed = provisioner.inputs.safeParse(inputs);
  if (parsed.success) return parsed.data as Record<string, unknown>;
  const problems: Problem[] = parsed.error.issues.map(({ path, message }) => ({ at: ["params", ...path].join("."), reason: message }));
  throw new InvalidError(
    `What ${type}/${name} gives ${provisioner.id} does not fit: ${problems.map(({ at, reason }) => `${at} ${reason}`).join("; ")}`,
    {
      problems,
    },
  );
}

/** Refuses a plan that says what is in its way. */
export function refuseProblems({ problems }: Plan): void {
  if (problems.length === 0) return;
  throw new InvalidError(`${problems.map(({ reason }) => reason).join("; ")}.`, {
    problems: problems.map(({ about, reason, mend }) => ({ at: about, reason, ...(mend === undefined ? {} : { mend }) })),
  });
}

async function ownerOf(deps: RequestDeps, ctx: Ctx, given: string | undefined, consumer: string | undefined): Promise<string> {
  if (given !== undefined) {
    const ref = fullRef(given, "group", "owner");
    if ((await deps.catalog.get(ctx, ref)) !== undefined) return ref;
    throw new InvalidError(`The owner ${ref} is not in the catalogue.`, {
      problems: [{ at: "owner", reason: `${ref} is not in the catalogue`, mend: "Name a team or a person that is." }],
    });
  }
  const entity = consumer === undefined ? undefined : await deps.catalog.get(ctx, consumer);
  const owner = entity?.spec?.["owner"];
  if (typeof owner === "string" && owner !== "") return fullRef(owner, "group", "owner");
  throw new InvalidError("Nobody is named who answers for it.", {
    problems: [{ at: "owner", reason: "is missing", mend: "Name its owner, or a consumer in the catalogue that has one." }],
  });
}

/** A name is given once in an environment; and a consumer's variables must not clash. */
async function refuseTaken(
  ctx: Ctx,
  request: ResourceRequest,
  consumer: string | undefined,
  known: ResourceRow | undefined,
): Promise<void> {
  const there = await findByPlace(ctx.sql, request.name, request.environment);
  if (there && there.id !== known?.id) {
    throw new ConflictError(`There is a resource ${request.name} in ${request.environment} already (${there.type}/${there.class}).`, {
      mend: `Choose another name, or change that one: roadbed resource change ${there.id} CLASS`,
      problems: [{ at: "name", reason: `is taken in ${request.environment}` }],
    });
  }
  if (consumer === undefined) return;
  const { rows } = await ctx.sql.query<{ name: string }>(
    `select name from paths.resource where consumer = $1 and environment = $2 and type = $3 and coalesce(prefix, '') = $4
       and state <> 'destroyed' and id <> $5`,
    [consumer, request.environment, request.type, request.prefix ?? "", known?.id ?? ""],
  );
  if (rows[0] === undefined) return;
  throw new InvalidError(`${consumer} uses ${rows[0].name} already, whose variables would have the same names.`, {
    problems: [{ at: "prefix", reason: "is needed, since it uses two of this type", mend: "Set one, e.g. REPORTS." }],
  });
}

/** Its credentials go to the consumer, so who asks must be one of those who answer for that, or for the resource while there is none yet. */
async function refuseStrangers({ catalog, people }: RequestDeps, ctx: Ctx, { owner, consumer }: Resolved): Promise<void> {
  if (people?.identitiesOf === undefined || isAdministrator(ctx)) return;
  const entity = consumer === undefined ? undefined : await catalog.get(ctx, consumer);
  const named = entity?.spec?.["owner"];
  const answers = typeof named === "string" ? fullRef(named, "group", "owner") : owner;
  if ((await people.identitiesOf(ctx)).has(answers)) return;
  throw new ForbiddenError(`Only ${answers} may have a resource made ${consumer === undefined ? "in its name" : `for ${consumer}`}.`, {
    mend: "Ask somebody of it, or an administrator.",
  });
}

export function isAdministrator({ scopes }: Pick<Ctx, "scopes">): boolean {
  return scopes.has("*") || scopes.has("paths:admin");
}

/** Throws `ForbiddenError` unless who acts is of its owner or an administrator. */
export async function mustOwn(deps: Pick<RequestDeps, "people">, ctx: Ctx, row: ResourceRow): Promise<void> {
  if (await owns(deps, ctx, row)) return;
  throw new ForbiddenError(`Only ${row.owner} may do this to ${row.name}.`, { mend: "Ask somebody of it, or an administrator." });
}

export async function owns({ people }: Pick<RequestDeps, "people">, ctx: Ctx, { owner }: ResourceRow): Promise<boolean> {
  return isAdministrator(ctx) || ((await people?.identitiesOf?.(ctx))?.has(owner) ?? false);
}

function fullRef(text: string, kind: string, at: string): string {
  try {
    return formatRef(parseRef(text, { kind, namespace: "default" })).toLowerCase();
  } catch {
    throw new InvalidError(`${text} is no reference.`, {
      problems: [{ at, reason: "is no reference", mend: `e.g. ${kind}:default/orders` }],
    });
  }
}
