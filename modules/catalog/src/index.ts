import type { Entity, Source } from "@roadbed/contracts/catalog";
import type { WebhookRequest } from "@roadbed/contracts/connector";
import { InvalidError, type Ctx, type Handler, type Subscription } from "@roadbed/core";
import { watchEvents } from "@roadbed/postgres";

import { createApiReader } from "./apis/api-reader.ts";
import { makeDiffApi } from "./apis/diff-api.ts";
import { makeGetApi } from "./apis/get-api.ts";
import { makeListApiVersions } from "./apis/list-api-versions.ts";
import { tellApiChanges } from "./apis/tell-api-changes.ts";
import { isHostAllowed } from "./connector/allowed-hosts.ts";
import { createFollower } from "./connector/follow-sources.ts";
import { connectionsFor, type OpenConnection } from "./connector/connections-for.ts";
import { createConnectors } from "./connector/connectors.ts";
import { guardRemotes } from "./source/guard-remotes.ts";
import type { CatalogDeps } from "./deps.ts";
import { createDiscovery } from "./discovery/create-discovery.ts";
import { makeGetDocAsset } from "./docs/get-doc-asset.ts";
import { makeGetDocs } from "./docs/get-docs.ts";
import { makeListDocProblems } from "./docs/list-doc-problems.ts";
import { makeListDocs } from "./docs/list-docs.ts";
import {
  askDependants,
  askEntity,
  askGroups,
  askHidden,
  askOwners,
  askSees,
  askTemplates,
  askTitle,
  type TemplateFiles,
} from "./entity/ask.ts";
import { makeTellChanges } from "./derived/tell-changes.ts";
import { makeDeleteEntity } from "./entity/delete-entity.ts";
import { makeEntityHistory } from "./entity/entity-history.ts";
import { makeFacetEntities } from "./entity/facet-entities.ts";
import { makeGetEntity } from "./entity/get-entity.ts";
import { makeListNeighbours } from "./entity/neighbours.ts";
import { makeListEntities } from "./entity/list-entities.ts";
import { registerEntity, removeRegistered } from "./entity/register-entity.ts";
import { makeSaveEntity } from "./entity/save-entity.ts";
import { createSelector } from "./entity/select-entities.ts";
import { makeValidateDescriptors } from "./entity/validate-descriptors.ts";
import { createCatalogue } from "./estate/catalogue.ts";
import { seesNewsOf, type Viewer } from "./estate/visibility.ts";
import { makeKindHandlers } from "./kinds/kind-handlers.ts";
import { makeFactHandlers } from "./facts/fact-handlers.ts";
import { createProposer } from "./facts/propose-fact.ts";
import { createQuestions } from "./facts/questions.ts";
import { noteConnectorTrust } from "./facts/trust-rules.ts";
import { makeExportGraph } from "./graph/export-graph.ts";
import { makeFindPaths } from "./graph/find-paths.ts";
import { makeGraphEntities } from "./graph/graph-entities.ts";
import { makeViewGraph } from "./graph/view-graph.ts";
import { makeImpactHandlers } from "./impact/get-impact.ts";
import { makeDriftActs } from "./observed/change-relation.ts";
import { makeListDrift } from "./observed/list-drift.ts";
import { makeObservedHandlers } from "./observed/observed-handlers.ts";
import { createObserver } from "./observed/observer.ts";
import { makeOwnershipHandlers } from "./ownership/ownership-handlers.ts";
import { makeImportHandlers } from "./imports/import-handlers.ts";
import { makeUploadHandlers } from "./imports/upload-handlers.ts";
import { makeBackstageReaders } from "./query/backstage-handlers.ts";
import { createQueryEngine } from "./query/engine.ts";
import { makeExportEntities } from "./query/export-entities.ts";
import { makeLocationHandlers } from "./query/location-handlers.ts";
import { makeQueryEntities } from "./query/query-entities.ts";
import { importSample, makeSampleHandlers } from "./sample/sample.ts";
import { createSubjects, type Subjects } from "./subject/subjects.ts";
import { makeSearchAll } from "./search/search-all.ts";
import { makeConnectionHandlers } from "./source/connection-handlers.ts";
import { componentAt } from "./source/component-at.ts";
import { receiveHook, type Received } from "./source/receive-hook.ts";
import { notifyPush, registerRepository } from "./source/register-repository.ts";
import { makeSourceHandlers } from "./source/source-handlers.ts";
import { createSourceSecrets, sealerOf } from "./source/source-secrets.ts";
import { createSyncer } from "./source/syncer.ts";
import { makeDiffInstants } from "./time/diff-instants.ts";
import { makeExplainEntity } from "./time/explain/explain-entity.ts";
import { hearHappenings, refOfService } from "./time/hear-happenings.ts";
import { createKeeper } from "./time/keeper.ts";
import { makeListChanges } from "./time/list-changes.ts";
import { makeListRemoved } from "./time/list-removed.ts";
import { makeRestoreEntity } from "./time/restore-entity.ts";
import { createStandpoints } from "./time/standpoints.ts";

export type { CatalogDeps, CatalogRuntime, CelFilter, Clones, Remotes, Repositories } from "./deps.ts";
export type { Subjects } from "./subject/subjects.ts";

/** The tables of this module. */
export const migrations = { module: "catalog", dir: new URL("../migrations/", import.meta.url) };

/** What the rest of the server may ask of the catalogue. `ctx` is that of the call; writing functions need a write's. */
export interface Catalog {
  readonly handlers: readonly Handler[];
  /** What it hears of other modules: who did what, for whoever asks what changed. */
  readonly subscriptions: readonly Subscription[];
  /** What the Backstage face asks; no other face offers these. */
  readonly backstage: readonly Handler[];
  /** For rules about entities: what each is, what changed, who may see it. */
  readonly subjects: Subjects;
  /** Adds or changes one entity that no file describes. Doing it twice is doing it once. Throws `InvalidError` or `ConflictError`. */
  registerEntity(ctx: Ctx, o: { readonly entity: Entity; readonly source: string }): Promise<{ readonly ref: string }>;
  /** Takes out what `registerEntity` put in; what a file describes stays, and what is gone is gone. */
  removeRegistered(ctx: Ctx, ref: string): Promise<void>;
  /** Makes a repository of the embedded Git host a source and reads it at once. Doing it twice is reading it again. */
  registerRepository(
    ctx: Ctx,
    o: { readonly repository: string; readonly branch?: string },
  ): Promise<{ readonly source: Source; readonly refs: readonly string[] }>;
  getEntity(ctx: Ctx, ref: string): Promise<Entity | undefined>;
  /** The component whose code is in a repository of a host, as its descriptor says; for the platform's own work: whoever may see it is not asked. */
  componentAt(ctx: Ctx, place: { readonly system: "github" | "gitlab"; readonly repository: string }): Promise<string | undefined>;
  exists(ctx: Ctx, ref: string): Promise<boolean>;
  /** Whether somebody may see an entity; false as well when there is none. */
  sees(viewer: Viewer, ref: string): Promise<boolean>;
  /** References of everything that somebody may not see: for lists of things that have an entity. */
  hiddenFrom(viewer: Viewer): Promise<readonly string[]>;
  /** Ends when all that is committed by now is in memory: news of it may then be judged by `seesNewsOf`. */
  settled(): Promise<void>;
  /** Whether news of this subject may be told to somebody: also of an entity that was removed a moment ago. */
  seesNewsOf(viewer: Viewer, subject: string): Promise<boolean>;
  /** References of the groups and users that own it; empty when it has no owner or is unknown. */
  ownersOf(ctx: Ctx, ref: string): Promise<readonly string[]>;
  /** The component whose telemetry comes under a name, and its first owner; for the platform's own work: whoever may see it is not asked. */
  whoseService(service: string): Promise<{ readonly ref: string; readonly owner?: string | undefined } | undefined>;
  /** What depends on it directly, or calls an API that it provides, with its owner. */
  dependantsOf(ref: string): Promise<readonly { readonly ref: string; readonly owner?: string }[]>;
  /** How people call it. */
  titleOf(ref: string): Promise<string>;
  /** Groups a user is in, with the groups these are in. */
  groupsOf(ctx: Ctx, userRef: string): Promise<readonly string[]>;
  /** Every entity of kind Template or GoldenPath, whole, with the folder of its files where they are on this machine. */
  listTemplates(ctx: Ctx): Promise<readonly TemplateFiles[]>;
  /**
   * Settings, secrets among them, of the sources of this connector whose administrator lets golden paths write with them
   * (`goldenPaths`). For the server's own parts only: never answered to anybody.
   */
  connectionsFor(connector: string, opened?: "goldenPaths" | "delivery"): Promise<readonly OpenConnection[]>;
  /** Whether an administrator allowed this host of a private network. */
  isHostAllowed(host: string): Promise<boolean>;
  /** Reads a folder as the sample estate, labelled so. */
  importSample(ctx: Ctx, folder: string): Promise<{ readonly entities: number }>;
  /** Told of a push by URL or by the name of an embedded repository; the sources that read it are read again soon. Answers how many. */
  notifyPush(repository: string): Promise<number>;
  /** Reads now what the traces tell of who works with whom, rather than at the next minute. */
  foldObservations(): Promise<void>;
  /** Takes a message of a system about one source. Throws `UnauthenticatedError` for a wrong signature. */
  receiveHook(sourceId: string, request: Omit<WebhookRequest, "secret">): Promise<Received>;
  /** Begins to load the index, to follow changes and to watch sources; reads that come before the index is there wait for it. */
  start(): Promise<void>;
  stop(): Promise<void>;
  health(): Promise<{ readonly ok: boolean; readonly detail?: string }>;
}

/** The live catalogue: entities, relations, sources, documentation, search and graph. */
export function createCatalog(given: CatalogDeps): Catalog {
  const deps = withGuard(given);
  const catalogue = createCatalogue({ sql: deps.db, log: deps.log, cel: deps.cel, viewers: deps.viewers });
  const { feed, estate } = catalogue;
  const selector = createSelector(catalogue);
  const standpoints = createStandpoints(catalogue, selector);
  const apis = createApiReader();
  const engine = createQueryEngine(catalogue);
  const secrets = createSourceSecrets(sealerOf(deps));
  const connectors = createConnectors({ ...deps, secrets });
  const sources = { ...deps, secrets, connectors, catalogue, feed, kinds: catalogue.kinds };
  const syncer = createSyncer(sources);
  const keeper = createKeeper(deps);
  const follower = createFollower({
    ...deps,
    connectors,
    schedule: (id) => syncer.schedule(id, { cause: "watch" }),
    ...(deps.tickMs === undefined || deps.tickMs === 0 ? {} : { lookMs: deps.tickMs }),
  });
  const discovery = createDiscovery({ ...deps, connectors }, catalogue);
  const questions = createQuestions({ catalogue, db: deps.db, runtime: deps.runtime, log: deps.log });
  const observer = createObserver({ db: deps.db, log: deps.log, observations: deps.observations, folded: () => catalogue.observed.wake() });
  let stopFollowing: () => Promise<void> = async () => {};

  return {
    handlers: [
      makeQueryEntities(catalogue, selector, engine),
      makeExportEntities(catalogue, selector, engine),
      makeListEntities(standpoints),
      makeGetEntity(standpoints),
      makeListNeighbours(standpoints),
      makeFacetEntities(standpoints),
      makeGraphEntities(standpoints),
      makeValidateDescriptors(catalogue),
      makeViewGraph(standpoints),
      makeFindPaths(standpoints),
      makeExportGraph(standpoints),
      ...makeImpactHandlers(catalogue, selector, deps.observations),
      ...makeObservedHandlers(catalogue),
      makeListDrift(catalogue),
      ...makeDriftActs(catalogue, createProposer(catalogue, deps, syncer)),
      makeDeleteEntity(feed),
      makeSaveEntity(catalogue),
      ...makeKindHandlers(catalogue, (ctx) => syncer.scheduleFaulty(ctx)),
      makeEntityHistory(catalogue),
      makeDiffInstants(standpoints),
      makeListChanges(standpoints),
      makeExplainEntity(standpoints, deps),
      makeListRemoved(catalogue),
      makeRestoreEntity({ catalogue, schedule: (sourceId) => syncer.schedule(sourceId, { anew: true }) }),
      makeGetDocs(catalogue),
      makeGetDocAsset(catalogue),
      makeListDocs(catalogue),
      makeListDocProblems(catalogue),
      makeGetApi(catalogue, apis),
      makeListApiVersions(catalogue),
      makeDiffApi(catalogue, apis),
      makeSearchAll(catalogue),
      ...makeSourceHandlers({ syncer, catalogue, secrets }),
      ...makeConnectionHandlers({ ...sources, syncer }),
      ...makeSampleHandlers({ syncer, feed, kinds: catalogue.kinds }),
      ...discovery.handlers,
      ...makeFactHandlers({ catalogue, deps, syncer }),
      ...questions.handlers,
      ...makeUploadHandlers({ catalogue, syncer, connectors }),
      ...makeImportHandlers({ connectors, secrets, syncer, catalogue }),
      ...makeOwnershipHandlers(catalogue),
    ],
    subjects: createSubjects(catalogue, { ...deps, readers: connectors }),
    subscriptions: [tellApiChanges(catalogue, apis), makeTellChanges(catalogue), hearHappenings(catalogue)],
    backstage: [...makeBackstageReaders({ catalogue, engine }), ...makeLocationHandlers({ catalogue, syncer, trees: deps })],
    async removeRegistered(ctx, ref) {
      await removeRegistered(catalogue, ctx, ref);
    },
    registerEntity: async (ctx, o) => {
      // Kinds have a way of their own, with a right of its own.
      if (o.entity.kind === "Kind") throw new InvalidError("A kind is not registered as an entity.", { mend: "Use roadbed kind save." });
      return { ref: (await registerEntity(catalogue, ctx, o)).ref };
    },
    registerRepository: (ctx, o) => registerRepository(syncer, ctx, o),
    getEntity: (ctx, ref) => askEntity(catalogue, ctx, ref),
    componentAt: (ctx, place) => componentAt(ctx.sql, place),
    exists: async (ctx, ref) => (await askEntity(catalogue, ctx, ref)) !== undefined,
    sees: (viewer, ref) => askSees(catalogue, deps.db, viewer, ref),
    hiddenFrom: (viewer) => askHidden(catalogue, viewer),
    settled: () => feed.caughtUp(),
    seesNewsOf: (viewer, ref) => seesNewsOf(catalogue, viewer, ref),
    ownersOf: (ctx, ref) => askOwners(catalogue, ctx.sql, ref),
    whoseService: async (service) => {
      const ref = await refOfService(catalogue, service.toLowerCase());
      return ref === undefined ? undefined : { ref, owner: (await askOwners(catalogue, deps.db, ref))[0] };
    },
    dependantsOf: (ref) => askDependants(catalogue, ref),
    titleOf: (ref) => askTitle(catalogue, ref),
    groupsOf: (_, userRef) => askGroups(catalogue, userRef),
    listTemplates: (ctx) => askTemplates(catalogue, ctx, deps.dataDir),
    connectionsFor: (connector, opened) => connectionsFor({ db: deps.db, connectors }, connector, opened),
    isHostAllowed: (host) => isHostAllowed(deps.db, host),
    importSample: (ctx, folder) => importSample(syncer, ctx, folder),
    notifyPush: (repository) => notifyPush(deps.db, syncer, repository),
    foldObservations: () => observer.fold(),
    receiveHook: (sourceId, request) => receiveHook({ ...sources, syncer }, sourceId, request),
    start: async () => {
      stopFollowing = follow();
      feed.wake();
      await noteConnectorTrust(deps.db, connectors.all);
      await syncer.start();
      keeper.start();
      follower.start();
      discovery.start();
      questions.start();
      observer.start();
    },
    stop: async () => {
      keeper.stop();
      await follower.stop();
      await discovery.stop();
      await questions.stop();
      await observer.stop();
      await syncer.stop();
      await stopFollowing();
      catalogue.derived.engine.stop();
      await feed.stop();
    },
    health: async () =>
      feed.applied < 0 ? { ok: false, detail: "the index is being loaded" } : { ok: true, detail: `${estate.size} entities` },
  };

  function follow(): () => Promise<void> {
    const own = deps.events ? undefined : watchEvents({ db: deps.db, log: deps.log });
    const unsubscribe = (deps.events ?? own!).subscribe(({ name }) => {
      if (name.startsWith("catalog.")) feed.wake();
    });
    return async () => {
      unsubscribe();
      await own?.close();
    };
  }
}

/** Repositories are asked through the same guard as other systems, where the server has one. */
function withGuard(deps: CatalogDeps): CatalogDeps {
  const guard = deps.outboundAddress?.((host) => isHostAllowed(deps.db, host));
  return guard === undefined || deps.remotes === undefined ? deps : { ...deps, remotes: guardRemotes(deps.remotes, guard) };
}
