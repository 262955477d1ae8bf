/** Where one module asks another: each port is declared by the asker and answered here. */
import { createHash } from "node:crypto";

import type { Catalog } from "@roadbed/catalog";
import { clusterAccess } from "@roadbed/connectors";
import type { Cel } from "@roadbed/cel";
import { deleteSource, importSource, listEntities, listSources, syncSource, validateEntity } from "@roadbed/contracts/catalog";
import { getOnCall } from "@roadbed/contracts/catalog/ownership";
import { listDeployments } from "@roadbed/contracts/delivery";
import { getCdEvent } from "@roadbed/contracts/delivery/cdevents";
import { getChange } from "@roadbed/contracts/delivery/changes";
import { getPromotion } from "@roadbed/contracts/delivery/promotions";
import { getMe } from "@roadbed/contracts/identity";
import {
  NotFoundError,
  perform,
  type Handler,
  type Operation,
  type OutputOf,
  type ParsedInputOf,
  type Runtime,
  type Call,
} from "@roadbed/core";
import type { Repositories } from "@roadbed/git";
import type { DeliveryDeps } from "@roadbed/delivery";
import { personBehind, viewerOf, type makeIdentitiesOf } from "@roadbed/identity";
import type { ObjectiveDeps, Telemetry } from "@roadbed/telemetry";
import type { NotifyDeps } from "@roadbed/notify";
import type { PathsDeps } from "@roadbed/paths";
import type { Database } from "@roadbed/postgres";
import type { ProductDeps } from "@roadbed/product";
import type { Standards } from "@roadbed/standards";

import { openHosts, type OpenHost } from "./host-ports.ts";

type SystemRuntime = Runtime & { system(job: string): Call };

/** What golden paths ask of the catalogue. */
export function catalogForPaths(catalog: Catalog, runtime: SystemRuntime): PathsDeps["catalog"] {
  const ask = async <O extends Operation>(operation: O, input: ParsedInputOf<O>, scopes?: readonly string[]): Promise<OutputOf<O>> => {
    const handler = catalog.handlers.find((candidate) => candidate.operation.name === operation.name);
    if (!handler) throw new Error(`the catalogue has no ${operation.name}`);
    const call = runtime.system("paths");
    return (await perform(runtime, handler, { ...call, ...(scopes ? { scopes: new Set(scopes) } : {}) }, input)) as OutputOf<O>;
  };
  return {
    get: (ctx, ref) => catalog.getEntity(ctx, ref),
    hiddenFrom: (ctx) => catalog.hiddenFrom(ctx),
    dependantsOf: (ref) => catalog.dependantsOf(ref),
    ownersOf: (ctx, ref) => catalog.ownersOf(ctx, ref),
    async onCallOf(ref) {
      const { now } = await ask(getOnCall, { ref });
      return now.flatMap(({ person }) => person ?? []);
    },
    async refs(_ctx, kinds) {
      const refs: string[] = [];
      for (let cursor: string | undefined; ;) {
        const page = await ask(listEntities, {
          filter: kinds.map((kind) => `kind=${kind}`).join(","),
          limit: 500,
          sort: "name",
          ...(cursor === undefined ? {} : { cursor }),
        });
        refs.push(...page.items.map(({ ref }) => ref));
        cursor = page.nextCursor;
        if (cursor === undefined) return refs;
      }
    },
    async validate(_ctx, yaml) {
      const { problems } = await ask(validateEntity, { yaml });
      return problems.map(({ at, reason, mend }) => ({ at, reason, ...(mend === undefined ? {} : { mend }) }));
    },
    registerRepository: (ctx, { repository }) => catalog.registerRepository(ctx, { repository }),
    async unregister(_ctx, what) {
      const scopes = ["catalog:read", "catalog:write", "catalog:admin"];
      for (let cursor: string | undefined; ;) {
        const page = await ask(listSources, { limit: 200, ...(cursor === undefined ? {} : { cursor }) }, scopes);
        const own = page.items.find(({ kind, target }) =>
          "repository" in what ? kind === "repository" && target === what.repository : kind === "git" && target === what.url,
        );
        if (own !== undefined) await ask(deleteSource, { id: own.id }, scopes);
        if (own !== undefined || page.nextCursor === undefined) return own !== undefined;
        cursor = page.nextCursor;
      }
    },
    registerEntity: (ctx, o) => catalog.registerEntity(ctx, o),
    removeEntity: (ctx, ref) => catalog.removeRegistered(ctx, ref),
    async registerUrl(_ctx, url) {
      // What a connected organisation holds is read by its source, also where it is private: a second source would claim the same entity.
      const known = await connectedSource(catalog, url);
      if (known !== undefined) {
        await ask(syncSource, { id: known.sourceId }, ["catalog:read", "catalog:write"]);
        const { items } = await ask(listEntities, {
          filter: `metadata.annotations.backstage.io/managed-by-location=url:${url}`,
          limit: 500,
          sort: "name",
        });
        if (items.length > 0) return { refs: items.map(({ ref }) => ref) };
      }
      // Whoever follows a path may have named the address: it gives no right to read a folder of this machine.
      const { source } = await ask(importSource, { target: url, watch: true }, ["catalog:read", "catalog:write"]);
      const { items } = await ask(listEntities, {
        filter: `metadata.annotations.backstage.io/managed-by-origin-location=url:${source.target}`,
        limit: 500,
        sort: "name",
      });
      return { refs: items.map(({ ref }) => ref) };
    },
  };
}

/** The source that reads the repository of an address by itself; undefined when none does. */
async function connectedSource(catalog: Catalog, address: string): Promise<OpenHost | undefined> {
  const url = URL.parse(address);
  if (url === null) return undefined;
  const owner = url.pathname.split("/").slice(1, -1).join("/");
  return (await openHosts(catalog)).find(
    (one) => one.reads && one.host === url.host && `${owner}/`.toLowerCase().startsWith(`${one.owner.toLowerCase()}/`),
  );
}

/** What went wrong, for the change calendar; what the reader may not see is not told. */
export function incidentsForDelivery(telemetry: Telemetry, catalog: Catalog): NonNullable<DeliveryDeps["incidents"]> {
  return async (ctx, question) => {
    const found = await telemetry.incidentsBetween(ctx, { ...question, hidden: await catalog.hiddenFrom(ctx) });
    return found.map(({ openedAt, closedAt, ...incident }) => ({
      ...incident,
      from: new Date(openedAt),
      ...(closedAt === undefined ? {} : { until: new Date(closedAt) }),
    }));
  };
}

/** What is left of the error budgets of a component in an environment. */
export function objectivesForDelivery(telemetry: Telemetry): NonNullable<DeliveryDeps["objectives"]> {
  return async (ctx, what) =>
    (await telemetry.objectivesOf(ctx, what)).map(({ name, title, why, figures, firing }) => ({
      name,
      title,
      why,
      remaining: figures?.remaining,
      countedAt: figures === undefined ? undefined : new Date(figures.at),
      uncounted: figures?.uncounted ?? 0,
      burning: pageIn(firing, why),
    }));
}

/** What somebody is called for; tickets wait. */
function pageIn(
  firing: readonly { readonly rule: string; readonly since: string }[],
  why: string,
): { since: Date; why: string } | undefined {
  const since = firing.flatMap((one) => (one.rule.startsWith("page-") ? [one.since] : [])).toSorted()[0];
  return since === undefined ? undefined : { since: new Date(since), why };
}

/** What objectives ask of the catalogue: made before it, so it is asked for each time. */
export function thingsForObjectives(catalog: () => Catalog, runtime: SystemRuntime): ObjectiveDeps["things"] {
  return {
    hiddenFrom: (ctx) => catalog().hiddenFrom(ctx),
    ownerOf: async (ctx, ref) => (await catalog().ownersOf(ctx, ref))[0],
    async onCallOf(ref) {
      const handler = catalog().handlers.find(({ operation }) => operation.name === getOnCall.name);
      if (handler === undefined) return [];
      const { now } = (await perform(runtime, handler, runtime.system("telemetry.slo"), { ref })) as OutputOf<typeof getOnCall>;
      return now.flatMap(({ person }) => person ?? []);
    },
    async whoseServices(services) {
      const whose = new Map<string, { readonly ref: string; readonly owner?: string | undefined }>();
      for (const service of services) {
        const found = await catalog().whoseService(service);
        if (found !== undefined) whose.set(service, found);
      }
      return whose;
    },
  };
}

/** Clusters that administrators opened for delivery, by what their sources call them. */
export function clustersForDelivery(catalog: Pick<Catalog, "connectionsFor">): NonNullable<DeliveryDeps["clusters"]> {
  const open = () => catalog.connectionsFor("kubernetes", "delivery");
  return {
    names: async () => (await open()).map(({ settings }) => String(settings["cluster"])),
    async access(name) {
      const found = (await open()).find(({ settings }) => settings["cluster"] === name);
      return found && clusterAccess(found.settings);
    },
  };
}

/** When a component was deployed, the latest first, as far as somebody looks at. */
export function deploymentsForObjectives(
  handlers: () => readonly Handler[],
  runtime: SystemRuntime,
): NonNullable<ObjectiveDeps["deployedAt"]> {
  const MOST = 200;
  return async (_ctx, { entityRef, from, to }) => {
    const handler = handlers().find(({ operation }) => operation.name === listDeployments.name);
    if (handler === undefined) return [];
    const input = { entityRef, limit: MOST };
    const { items } = (await perform(runtime, handler, runtime.system("telemetry.slo"), input)) as OutputOf<typeof listDeployments>;
    return items.map(({ createdAt }) => new Date(createdAt)).filter((at) => at >= from && at < to);
  };
}

/** The conditions under which paths are offered. */
export function conditionsForPaths(cel: Pick<Cel, "createFilter" | "evaluate">): NonNullable<PathsDeps["conditions"]> {
  return {
    async holds(expression, entity) {
      const { matched } = await cel.createFilter(expression, "entity").test([entity]);
      return matched[0] === true;
    },
    evaluate: (expression, variables) => cel.evaluate(expression, variables),
  };
}

/** What delivery asks of policies about a release that is to go to an environment. */
export function policiesForDelivery(standards: {
  readonly decidePromotion: Standards["decidePromotion"];
}): NonNullable<DeliveryDeps["policies"]> {
  return {
    async decide(ctx, { entity, from, to, release, objects, only }) {
      const resources = objects.map((object) => ({ object: { ...object } }));
      const { verdict, findings, evaluated, decisionId, decision } = await standards.decidePromotion(ctx, {
        entity,
        from,
        to,
        release,
        resources,
        only,
      });
      const digest = createHash("sha256").update(JSON.stringify(decision.policies)).digest("hex");
      // What was not asked, or was allowed, is no reason.
      const reasons = findings
        .filter(({ result }) => result === "fail" || result === "error")
        .map(({ policy, message }) => `${policy}: ${message}`);
      return { verdict, decisionId, evaluated, reasons: reasons.slice(0, 20), digest };
    },
  };
}

/** The operations that a step of a path may perform, with the checks that every face makes. */
export function platformForPaths(handlers: readonly Handler[], runtime: Runtime): NonNullable<PathsDeps["platform"]> {
  const byName = new Map(handlers.map((handler) => [handler.operation.name, handler]));
  return {
    find: (name) => byName.get(name)?.operation,
    async perform(call, name, input) {
      const handler = byName.get(name);
      if (handler === undefined) throw new NotFoundError("operation", name);
      return perform(runtime, handler, call, input);
    },
  };
}

/** Who asks for a run: the name of the account, and the user entity that is linked to it. */
export function peopleForPaths(identity: { readonly handlers: readonly Handler[] }, runtime: Runtime): NonNullable<PathsDeps["people"]> {
  const handler = identity.handlers.find(({ operation }) => operation.name === getMe.name);
  return {
    async describe({ idempotencyKey: _unused, ...call }) {
      if (handler === undefined) return undefined;
      const me = (await perform(runtime, handler, { ...call, scopes: new Set(["*"]) }, {})) as OutputOf<typeof getMe>;
      return { name: me.displayName, ...(me.entityRef === undefined ? {} : { entityRef: me.entityRef }) };
    },
  };
}

/** What notices ask of the catalogue. */
export function thingsForNotify(catalog: Catalog, db: Database): NotifyDeps["things"] {
  return {
    async seesAs(userId, ref) {
      const viewer = await viewerOf(db, userId);
      return viewer !== undefined && catalog.seesNewsOf(viewer, ref);
    },
    sees: (viewer, ref) => catalog.sees(viewer, ref),
    ownersOf: (ctx, ref) => catalog.ownersOf(ctx as never, ref),
    dependantsOf: (ref) => catalog.dependantsOf(ref),
    titleOf: (ref) => catalog.titleOf(ref),
  };
}

/** What is measured is what the reader may see: components by name, and what they belong to. */
export function thingsForProduct(catalog: Catalog, cel: Pick<Cel, "createFilter">): ProductDeps["things"] {
  const COMPONENTS = new Set(["component"]);
  /** Whether a rule is true of all components is asked with every figure; so long it stands. */
  const FITTING_MS = 30_000;
  const known = new Map<string, { readonly at: number; readonly refs: Promise<ReadonlySet<string>> }>();
  const judge = async (expression: string): Promise<ReadonlySet<string>> => {
    const filter = cel.createFilter(expression);
    const refs = catalog.subjects.refsAfter("", COMPONENTS, Number.POSITIVE_INFINITY);
    const subjects = [...(await catalog.subjects.read(refs, {}))];
    const { matched } = await filter.test(subjects.map(([, subject]) => subject["entity"] as object));
    return new Set(subjects.flatMap(([ref], at) => (matched[at] ? [ref] : [])));
  };
  return {
    async fitting(expression) {
      const found = known.get(expression);
      if (found !== undefined && Date.now() - found.at < FITTING_MS) return found.refs;
      const refs = judge(expression);
      known.set(expression, { at: Date.now(), refs });
      refs.catch(() => known.delete(expression));
      return refs;
    },
    async seenBy(viewer) {
      const view = await catalog.subjects.viewOf(viewer);
      const refs = catalog.subjects.refsAfter("", COMPONENTS, Number.POSITIVE_INFINITY);
      return {
        components: refs.map((ref) => view.get(ref)).filter((one) => one !== undefined),
        get: (ref) => view.get(ref),
        parentOf: (ref) => view.get(ref)?.parent,
      };
    },
  };
}

/** Whose use something is: the teams of whoever acts, or of whoever their token belongs to, without the teams above. */
export function teamsForProduct(
  catalog: Catalog,
  identitiesOf: ReturnType<typeof makeIdentitiesOf>,
  runtime: SystemRuntime,
  sql: Database,
): ProductDeps["teams"] {
  return {
    async of(actor) {
      const id = await personBehind({ sql }, actor);
      if (id === undefined) return [];
      const identities = await identitiesOf({ actor: { kind: "user", id, name: "" } });
      const teams = [...identities].filter((ref) => ref.startsWith("group:"));
      const view = await catalog.subjects.viewOf({ ...runtime.system("product"), sql });
      const above = new Set(teams.flatMap((ref) => view.get(ref)?.parent ?? []));
      return teams.filter((ref) => !above.has(ref));
    },
  };
}

/** What measuring asks about something that an event told of; what is gone meanwhile is undefined. */
export function deliveriesForProduct(
  handlers: readonly Handler[],
  runtime: SystemRuntime,
  repositories: Pick<Repositories, "log">,
): ProductDeps["deliveries"] {
  const MOST_COMMITS = 500;
  const ask = async <O extends Operation>(operation: O, input: ParsedInputOf<O>): Promise<OutputOf<O> | undefined> => {
    const handler = handlers.find((candidate) => candidate.operation.name === operation.name);
    if (!handler) throw new Error(`delivery has no ${operation.name}`);
    try {
      return (await perform(runtime, handler, runtime.system("product"), input)) as OutputOf<O>;
    } catch (error) {
      if (error instanceof NotFoundError) return undefined;
      throw error;
    }
  };
  return {
    async change(_ctx, id) {
      const change = await ask(getChange, { id });
      if (change === undefined) return undefined;
      const { repository, entityRef, openedAt, head, base, openedBy } = change;
      const commits = await repositories.log(repository, { ref: head, limit: MOST_COMMITS, since: base }).catch(() => []);
      const first = commits.reduce<Date | undefined>((least, { at }) => (least === undefined || at < least ? at : least), undefined);
      return {
        entityRef: entityRef === "" ? undefined : entityRef,
        openedAt,
        firstCommitAt: first?.toISOString(),
        bot: openedBy.startsWith("system:"),
      };
    },
    async promotion(_ctx, id) {
      const found = await ask(getPromotion, { id });
      return found && { deploymentId: found.deploymentId, rollback: found.kind === "rollback", hotfix: found.hotfix };
    },
    async cdEvent(_ctx, id) {
      const found = await ask(getCdEvent, { id });
      if (found === undefined) return undefined;
      const { type, source, eventId, subject, entityRef, environment, at, event } = found;
      const content = (event["subject"] as { readonly content?: Readonly<Record<string, unknown>> } | undefined)?.content;
      const artefact = content?.["artifactId"];
      return { type, source, eventId, subject, entityRef, environment, at, artefact: typeof artefact === "string" ? artefact : undefined };
    },
  };
}
