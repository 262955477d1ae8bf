import { join } from "node:path";

import { createCatalog, type Catalog } from "@roadbed/catalog";
import type { createCel } from "@roadbed/cel";
import type { ClickHouse } from "@roadbed/clickhouse";
import { connectors } from "@roadbed/connectors";
import { repositoryPushed } from "@roadbed/contracts/delivery";
import type { Logger, Subscription } from "@roadbed/core";
import { createCost } from "@roadbed/cost";
import { createDelivery, queues as deliveryQueues, type createRouter } from "@roadbed/delivery";
import { cloneRepository, describeClone, fetchRepository, type Repositories } from "@roadbed/git";
import { createAddressGuard, createGuardedFetch } from "@roadbed/http";
import {
  accountsWith,
  createIdentity,
  makeAccountsOf,
  makeIdentitiesOf,
  makeMay,
  personBehind,
  storedAbout,
  type Groups,
} from "@roadbed/identity";
import { createNotify, createSmtpMailer } from "@roadbed/notify";
import { createPaths, scoreManifests } from "@roadbed/paths";
import { createRuntime, createSealer, type Database, type watchEvents } from "@roadbed/postgres";
import { createProduct } from "@roadbed/product";
import { createStandards } from "@roadbed/standards";
import { createTelemetry } from "@roadbed/telemetry";
import { createWorkflows } from "@roadbed/workflows";

import { freeBytes } from "./check-disk.ts";
import { makeCallerOf } from "./doors/caller-of.ts";
import {
  catalogForPaths,
  clustersForDelivery,
  conditionsForPaths,
  deploymentsForObjectives,
  incidentsForDelivery,
  objectivesForDelivery,
  peopleForPaths,
  platformForPaths,
  policiesForDelivery,
  thingsForNotify,
  thingsForProduct,
  deliveriesForProduct,
  teamsForProduct,
  thingsForObjectives,
} from "./ports.ts";
import { hostsForDelivery, outsideForPaths, remotesForDelivery } from "./host-ports.ts";
import { nameHere } from "./name-here.ts";
import type { ServerOptions } from "./options.ts";

/** The stores and tools that every module shares. */
interface Kernel {
  readonly db: Database;
  readonly databaseUrl: string;
  readonly clickhouse: ClickHouse;
  readonly log: Logger;
  readonly cel: ReturnType<typeof createCel>;
  readonly events: ReturnType<typeof watchEvents>;
  readonly repositories: Repositories;
  readonly router: ReturnType<typeof createRouter>;
  /** Where workloads are reached. */
  readonly routerUrl: string;
  readonly root: string;
  readonly options: ServerOptions;
  /** The server's address on this machine. */
  readonly local: string;
  readonly publicUrl: string;
}

/** The modules, each with the ports that it asks for. Nothing is started yet. */
export function createModules({
  db,
  databaseUrl,
  clickhouse,
  log,
  cel,
  events,
  repositories,
  router,
  routerUrl,
  root,
  options,
  local,
  publicUrl,
}: Kernel) {
  const { dataDir } = options;
  const groups: Groups = { groupsOf: (ctx, ref) => catalog.groupsOf(ctx as never, ref) };
  const may = makeMay({
    db,
    groups,
    owners: { ownersOf: (ctx, ref) => catalog.ownersOf(ctx as never, ref), sees: (call, ref) => catalog.sees(call, ref) },
  });
  const runtime = createRuntime({ db, log, may });
  const workflows = createWorkflows({ databaseUrl, db, log, queues: deliveryQueues });
  const identity = createIdentity({
    db,
    runtime,
    log,
    publicUrl,
    oidc: options.oidc,
    groups,
  });
  const callerOf = makeCallerOf(identity);
  const telemetry = createTelemetry({
    clickhouse,
    log,
    disk: options.clickhouse === undefined ? { free: () => freeBytes(dataDir) } : undefined,
    objectives: {
      db,
      runtime,
      may,
      things: thingsForObjectives(() => catalog, runtime),
      repositories: {
        head: (repository, branch) => repositories.head(repository, branch),
        listFiles: (repository, commit) => repositories.listFiles(repository, commit),
        readFile: (repository, commit, path) => repositories.readFile(repository, commit, path),
        holds: async (ctx, repository, ref) => (await delivery.repositoryOf(ctx, ref)) === repository,
        sees: (ctx, name) => delivery.seesRepository(ctx, name),
      },
      deployedAt: deploymentsForObjectives(() => delivery.handlers, runtime),
    },
  });
  const catalog = createCatalog({
    events,
    db,
    runtime,
    log,
    cel,
    viewers: { identitiesOf: makeIdentitiesOf({ db, groups }) },
    repositories,
    remotes: { clone: cloneRepository, fetch: fetchRepository, proxied: options.proxied },
    clones: { describe: describeClone },
    dataDir,
    observations: telemetry.observations,
    secretKey: options.secretKey,
    connectors,
    outbound: (isAllowed) => createGuardedFetch({ isAllowed }),
    outboundAddress: (isAllowed) => createAddressGuard({ isAllowed }),
  });
  const standards = createStandards({
    log,
    cel,
    policies: [join(root, "policies")],
    runtime,
    renderScore: scoreManifests,
    seesRepository: (ctx, name) => delivery.seesRepository(ctx, name),
    entities: { get: (ctx, ref) => catalog.getEntity(ctx, ref), sees: async (ctx, ref) => catalog.seesNewsOf(ctx, ref) },
    scorecards: {
      db,
      events,
      things: catalog.subjects,
      runtimes: { workloadsOf: (refs) => delivery.workloadsOf(refs) },
      measures: { objectivesOf: (refs) => telemetry.measured(refs) },
      folders: [join(root, "scorecards")],
      publicUrl,
      repositories: {
        placeOf: (ref) => catalog.subjects.placeOf(ref),
        embedded: {
          head: (repository, branch) => repositories.head(repository, branch),
          readFile: (repository, commit, path) => repositories.readFile(repository, commit, path),
          propose: (ctx, change) => delivery.proposeChange(ctx, change),
          compare: async (repository, from, to) =>
            (await repositories.differences(repository, from, to)).flatMap(({ path, was }) => (was === undefined ? [path] : [path, was])),
          listFiles: (repository, commit) => repositories.listFiles(repository, commit),
          change: (ctx, id) => delivery.openChange(ctx, id),
        },
        outside: outsideForPaths(catalog, options),
        publicUrl,
      },
    },
  });
  const delivery = createDelivery({
    log,
    db,
    runtime: {
      ...runtime,
      // A push comes by no face that knows operations: it is counted as used where it is written down.
      async write(call, operation, input, resource, work) {
        const written = await runtime.write(call, operation, input, resource, work);
        if (call.face === "git" && operation.name === "delivery.repository.push") void product.usage.note(call, "git.push", "done");
        return written;
      },
    },
    workflows,
    repositories,
    dataDir,
    secretKey: options.secretKey,
    publicUrl,
    otlpEndpoint: local,
    router,
    routerUrl,
    entities: {
      get: (ctx, ref) => catalog.getEntity(ctx, ref),
      hiddenFrom: (ctx) => catalog.hiddenFrom(ctx),
      componentAt: (ctx, place) => catalog.componentAt(ctx, place),
    },
    clusters: clustersForDelivery(catalog),
    gates: [(ctx, change) => standards.gateOfChange(ctx, change)],
    incidents: incidentsForDelivery(telemetry, catalog),
    objectives: objectivesForDelivery(telemetry),
    resources: { variablesFor: (workload) => paths.variablesFor(workload) },
    approvers: {
      of: (ctx, words, about) => paths.approvers.of(ctx, words, about),
      require: (ctx, requester, approvers) => paths.approvers.require(ctx, requester, approvers),
      counts: (ctx, vote, approvers) => paths.approvers.counts(ctx, vote, approvers),
    },
    policies: policiesForDelivery(standards),
    remotes: remotesForDelivery(catalog, { proxied: options.proxied }),
    hosts: hostsForDelivery(catalog, { runtime, db, proxied: options.proxied, accountsOf: makeAccountsOf({ groups }) }),
    costs: { in: (ctx, environment) => paths.costsIn(ctx.sql, environment) },
    conditions: { evaluate: (expression, variables) => cel.evaluate(expression, variables) },
    fetch: createGuardedFetch({ isAllowed: (host) => catalog.isHostAllowed(host) }),
    tokens: { rotate: ({ name, scopes }) => identity.makeOwnToken(nameHere(name, dataDir), scopes) },
    gitDoor: {
      async authenticate(request) {
        const caller = await callerOf({ headers: { authorization: request.headers.authorization } });
        return caller && { ...runtime.system("git"), actor: caller.actor, scopes: caller.scopes, face: "git" };
      },
    },
  });
  const paths = createPaths({
    log,
    db,
    runtime,
    workflows,
    dataDir,
    secretKey: options.secretKey,
    goldenPathsDir: join(root, "golden-paths"),
    resourceClassesDir: join(root, "resource-classes"),
    publicUrl,
    templates: { list: (ctx) => catalog.listTemplates(ctx) },
    catalog: catalogForPaths(catalog, runtime),
    git: delivery,
    repositories,
    conditions: conditionsForPaths(cel),
    platform: platformForPaths([...catalog.handlers, ...delivery.handlers], runtime),
    changes: { propose: (ctx, change) => delivery.proposeChange(ctx, change) },
    standards,
    delivery,
    people: { ...peopleForPaths(identity, runtime), identitiesOf: makeIdentitiesOf({ db, groups }), behind: personBehind },
    outside: outsideForPaths(catalog, options),
  });
  const notify = createNotify({
    db,
    runtime,
    log,
    events,
    publicUrl,
    people: { accountsOf: makeAccountsOf({ groups }), accountsWith, identitiesOf: makeIdentitiesOf({ db, groups }) },
    things: thingsForNotify(catalog, db),
    fetch: createGuardedFetch({ isAllowed: () => false }),
    mailer: options.mail && createSmtpMailer(options.mail),
    sealer: createSealer({
      file: join(dataDir, "notify-secrets.key"),
      key: options.secretKey,
      said: { what: "Where these notices are sent", mend: "Save the channel again." },
    }),
  });
  const product = createProduct({
    db,
    log,
    things: thingsForProduct(catalog, cel),
    deliveries: deliveriesForProduct(delivery.handlers, runtime, repositories),
    teams: teamsForProduct(catalog, makeIdentitiesOf({ db, groups }), runtime, db),
    people: { storedAbout: (ctx) => storedAbout(ctx) },
  });
  const cost = createCost();
  const handlers = [identity, catalog, standards, paths, delivery, telemetry, notify, cost, product].flatMap((module) => module.handlers);
  // What comes in by a face is counted as used; what modules ask each other is not.
  const metered = product.usage.meter(handlers);
  const subscriptions = [
    readPushedRepositories(catalog),
    ...catalog.subscriptions,
    ...standards.subscriptions,
    ...paths.subscriptions,
    ...delivery.subscriptions,
    ...telemetry.subscriptions,
    ...notify.subscriptions,
    ...product.subscriptions,
  ];
  return {
    runtime,
    workflows,
    callerOf,
    handlers,
    metered,
    subscriptions,
    identity,
    catalog,
    standards,
    paths,
    delivery,
    telemetry,
    notify,
    product,
  };
}

/** A push to the embedded host changes what the catalogue read from there. */
function readPushedRepositories(catalog: Pick<Catalog, "notifyPush">): Subscription {
  return {
    name: "catalog.read-pushed-repositories",
    events: [repositoryPushed.name],
    async receive(_ctx, event) {
      await catalog.notifyPush(repositoryPushed.payload.parse(event.payload).repository);
    },
  };
}
