import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { createCatalog, migrations as catalogTables, type Catalog } from "@roadbed/catalog";
import { createCel } from "@roadbed/cel";
import { migrateClickHouse } from "@roadbed/clickhouse";
import { connectors } from "@roadbed/connectors";
import { getSample, listSources, sampleRemoved } from "@roadbed/contracts/catalog";
import { repositoryPushed } from "@roadbed/contracts/delivery";
import {
  defineOperation,
  perform,
  UnavailableError,
  type Handler,
  type Logger,
  type Operation,
  type OutputOf,
  type Subscription,
} from "@roadbed/core";
import { createCost } from "@roadbed/cost";
import { createDelivery, createRouter, migrations as deliveryTables, queues as deliveryQueues } from "@roadbed/delivery";
import { backstageFace } from "@roadbed/face-backstage";
import { httpFace, sseFace } from "@roadbed/face-http";
import { mcpFace } from "@roadbed/face-mcp";
import { cloneRepository, describeClone, fetchRepository, openRepositories } from "@roadbed/git";
import { createAddressGuard, createGuardedFetch, createHttpServer, mountRaw, serveWebApp, type Check } from "@roadbed/http";
import {
  accountsWith,
  createIdentity,
  makeAccountsOf,
  makeIdentitiesOf,
  makeMay,
  personBehind,
  storedAbout,
  migrations as identityTables,
  type Groups,
  type Identity,
} from "@roadbed/identity";
import { createNotify, createSmtpMailer, migrations as notifyTables } from "@roadbed/notify";
import { createProduct, migrations as productTables } from "@roadbed/product";
import { createPaths, migrations as pathsTables, scoreManifests } from "@roadbed/paths";
import { createRelay, createRuntime, createSealer, kernelMigrations, migrate, openDatabase, watchEvents } from "@roadbed/postgres";
import { createStandards, migrations as standardsTables } from "@roadbed/standards";
import { clickhouseMigrations, createTelemetry, migrations as telemetryTables } from "@roadbed/telemetry";
import { createWorkflows } from "@roadbed/workflows";
import { z } from "zod";

import { checkDisk, freeBytes } from "./check-disk.ts";
import { claimDataFolder } from "./data-folder.ts";
import { openAuthDoor } from "./doors/auth-door.ts";
import { openBadgeDoor } from "./doors/badge-door.ts";
import { openCdEventsDoor } from "./doors/cdevents-door.ts";
import { openCalendarDoor } from "./doors/calendar-door.ts";
import { makeCallerOf } from "./doors/caller-of.ts";
import { openHookDoor } from "./doors/hook-door.ts";
import { openPrometheusDoor } from "./doors/prometheus-door.ts";
import { openOtlpDoor } from "./doors/otlp-door.ts";
import { findPort, nextFree } from "./find-port.ts";
import { openLog } from "./open-log.ts";
import type { ServerOptions } from "./options.ts";
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
import type { Progress } from "./progress.ts";
import { createSimulator } from "./simulator.ts";
import { openClickHouseStore, openPostgresStore } from "./stores.ts";

export const VERSION = "0.1.0";

export interface RunningServer {
  readonly url: string;
  /** Signs in the first administrator, once; absent when somebody already can sign in. */
  readonly signInUrl: string | undefined;
  /** What to say about the sample estate. */
  readonly sampleSaid: string | undefined;
  /** Lets what is under way end, then stops every part. */
  stop(): Promise<void>;
}

const DRAIN_MS = 8_000;
/** How long what the simulator sent last may still be on its way into the store. */
const IN_FLIGHT_MS = 4_000;

/** The first start's own act, named for the audit log; no face offers it. */
const loadSample = defineOperation({
  name: "catalog.sample.load",
  summary: "Load the sample estate.",
  scope: "catalog:admin",
  risk: "medium",
  http: { method: "POST", path: "/api/v1/sample" },
  input: z.object({}),
  output: z.object({ entities: z.number() }),
});

/** The whole server, wired from top to bottom. */
export async function startServer({
  root,
  options,
  progress,
}: {
  root: string;
  options: ServerOptions;
  progress: Progress;
}): Promise<RunningServer> {
  const { dataDir, host } = options;
  const folder = claimDataFolder(dataDir);
  const log = openLog(dataDir);
  const parts: Check[] = [];
  /** What was started, ended in the opposite order. */
  const started: { readonly name: string; readonly end: () => Promise<void> }[] = [
    { name: "data folder", end: async () => folder.release() },
  ];
  const onStop = (name: string, end: () => Promise<void>): number => started.push({ name, end });
  log.info("starting", { version: VERSION, node: process.version, dataDir });

  try {
    const port = await findPort(options.port, host, options.portChosen);
    if (port !== options.port) progress.say(`  ! Port ${options.port} is taken; using ${port}`);
    const url = `http://${host === "127.0.0.1" || host === "0.0.0.0" ? "localhost" : host}:${port}`;
    const local = `http://${host === "0.0.0.0" ? "127.0.0.1" : host}:${port}`;
    const publicUrl = options.publicUrl ?? url;

    // The stores, both at once.
    const [postgres, clickhouse] = await Promise.all([
      progress.step("Database", () => openPostgresStore(options, log)),
      progress.step("Telemetry store", () => openClickHouseStore(options, log)),
    ]);
    onStop("telemetry store", () => clickhouse.stop());
    onStop("database", () => postgres.stop());
    const db = openDatabase({ url: postgres.url, log });
    onStop("database connections", () => db.close());
    await Promise.all([
      migrate(
        db,
        [
          kernelMigrations,
          identityTables,
          catalogTables,
          standardsTables,
          pathsTables,
          deliveryTables,
          telemetryTables,
          notifyTables,
          productTables,
        ],
        log,
      ),
      clickhouse.client.createDatabase().then(() => migrateClickHouse(clickhouse.client, [clickhouseMigrations])),
    ]);

    // The kernel.
    const groups: Groups = { groupsOf: (ctx, ref) => catalog.groupsOf(ctx as never, ref) };
    const may = makeMay({
      db,
      groups,
      owners: { ownersOf: (ctx, ref) => catalog.ownersOf(ctx as never, ref), sees: (call, ref) => catalog.sees(call, ref) },
    });
    const runtime = createRuntime({ db, log, may });
    const workflows = createWorkflows({ databaseUrl: postgres.url, db, log, queues: deliveryQueues });
    const cel = createCel();
    onStop("expressions", () => cel.close());
    const events = watchEvents({ db, log });
    onStop("event watch", () => events.close());
    const repositories = openRepositories(join(dataDir, "git"));
    const router = createRouter({ log, port: await nextFree(port === 0 ? 4401 : port + 1, host), host });
    const routerPort = await router.listen();
    onStop("router", () => router.close());

    // The modules; each sees the kernel and the ports it asks for.
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
      clickhouse: clickhouse.client,
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
      routerUrl: routerUrlOf(publicUrl, routerPort),
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
    const relay = createRelay({ db, log, subscriptions });
    let startedAll = false;
    parts.push(
      { name: "start", check: async () => (startedAll ? { ok: true } : { ok: false, detail: "still starting" }) },
      { name: "database", check: async () => ((await db.ping()) ? { ok: true } : { ok: false, detail: "does not answer" }) },
      checkDisk(dataDir),
      { name: "telemetry store", check: () => clickhouse.health() },
      ...Object.entries({ workflows, identity, catalog, standards, paths, delivery, telemetry, notify, product }).map(([name, module]) => ({
        name,
        check: () => module.health(),
      })),
    );

    // The doors.
    const app = createHttpServer({ log, checks: parts });
    const authenticate = callerOf;
    const stream = sseFace(app, {
      authenticate,
      subscribe: (listener) => events.subscribe(listener),
      settled: ({ name }) => (name.startsWith("catalog.") ? catalog.settled() : undefined),
      sees: async (caller, event) => (await catalog.seesNewsOf(caller, event.subject)) && paths.seesNews(caller, event),
    });
    httpFace(app, { handlers: metered, runtime, authenticate, version: VERSION });
    backstageFace(app, {
      handlers: [...catalog.handlers, ...catalog.backstage, ...paths.handlers, ...paths.backstage],
      runtime,
      authenticate,
    });
    mcpFace(app, { handlers: metered, runtime, log, authenticate, version: VERSION });
    openAuthDoor(app, { identity, secure: publicUrl.startsWith("https:"), signedOut: () => stream.recheck() });
    openHookDoor(app, { catalog, paths, authenticate });
    if (standards.scorecards) openBadgeDoor(app, { scorecards: standards.scorecards, db, authenticate });
    openCdEventsDoor(app, { handlers, runtime, authenticate });
    openCalendarDoor(app, { handlers, runtime, publicUrl, authenticate });
    openPrometheusDoor(app, { handlers: telemetry.handlers, runtime, authenticate });
    openOtlpDoor(app, { intake: telemetry.intake, authenticate });
    mountRaw(app, "/git", (request, response) => delivery.git(request, response));
    serveWebApp(app, { dir: join(root, "apps/web/dist") });

    // Life.
    await workflows.launch();
    for (const [name, module] of Object.entries({ telemetry, catalog, paths, delivery, notify, standards, product })) {
      await module.start();
      onStop(name, () => module.stop());
    }
    onStop("workflows", () => workflows.drain(DRAIN_MS));
    await relay.start();
    onStop("relay", () => relay.stop());
    await writeTokens(options, identity, local);
    await app.listen({ port, host });
    onStop("doors", () => app.close());
    folder.announce(url);

    const simulator = createSimulator({
      root,
      dataDir,
      url: () => local,
      token: await identity.makeOwnToken(nameHere("sample simulator", dataDir), [
        "otlp:write",
        "telemetry:read",
        "telemetry:write",
        "telemetry:admin",
        "catalog:read",
        "product:write",
      ]),
      log,
    });
    onStop("simulator", () => simulator.stop());
    events.subscribe((event) => {
      if (event.name !== sampleRemoved.name) return;
      simulator
        .forget()
        .then(() => pause(IN_FLIGHT_MS))
        .then(() => telemetry.forgetSample())
        .catch((error: unknown) => log.error("the sample's telemetry is not all gone", { error: String(error) }));
    });
    const sample = await settleSample();
    if (sample) simulator.start();

    const link = await identity.signIn.createLink();
    startedAll = true;
    log.info("ready", { url });
    return {
      url,
      signInUrl: link === undefined ? undefined : `${url}/auth/link?token=${link}`,
      sampleSaid: sample ? "It shows a sample estate; `npx roadbed sample remove` takes all of it away." : undefined,
      stop: () => stopAll(started, log),
    };

    /** Loads the sample estate on the very first start; answers whether it is there. */
    async function settleSample(): Promise<boolean> {
      const decided = join(dataDir, "sample-decided");
      if (!existsSync(decided)) {
        if (!options.empty && (await isEmpty())) {
          await progress.step("Sample estate", () =>
            runtime.write(runtime.system("sample"), loadSample, {}, undefined, (ctx) =>
              catalog.importSample(ctx, join(root, "examples/estate")),
            ),
          );
        }
        writeFileSync(decided, "");
      }
      const { loaded } = (await perform(runtime, handlerOf(handlers, getSample), runtime.system("sample"), {})) as { loaded: boolean };
      return loaded;
    }

    async function isEmpty(): Promise<boolean> {
      const { items } = (await perform(runtime, handlerOf(handlers, listSources), runtime.system("sample"), {})) as OutputOf<
        typeof listSources
      >;
      return items.length === 0;
    }
  } catch (error) {
    await stopAll(started, log);
    throw error;
  }
}

/**
 * Workloads are other people's pages: they get an origin of their own, and on this machine a host of its own too, because
 * cookies know hosts but no ports.
 */
function routerUrlOf(publicUrl: string, port: number): string {
  const { protocol, hostname } = new URL(publicUrl);
  return `${protocol}//${hostname === "localhost" ? "127.0.0.1" : hostname}:${port}`;
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

async function stopAll(started: { readonly name: string; readonly end: () => Promise<void> }[], log: Logger): Promise<void> {
  for (const { name, end } of started.splice(0).toReversed()) {
    await end().catch((error: unknown) => log.error("a part did not stop cleanly", { part: name, error: String(error) }));
  }
}

/** A new token of a name ends the one before; servers that share a database must not end each other's. */
function nameHere(name: string, dataDir: string): string {
  return `${name} (${hostname()}:${dataDir})`;
}

/** A token for whoever asked for one, and one for the command line on this machine. One that is there and still good stays. */
async function writeTokens({ adminTokenFile, dataDir }: ServerOptions, identity: Identity, url: string): Promise<void> {
  const write = async (file: string, name: string, rest: string): Promise<void> => {
    const [known] = existsSync(file) ? readFileSync(file, "utf8").split("\n", 1) : [];
    const good =
      known !== undefined &&
      known !== "" &&
      (await identity.authenticate({ authorization: `Bearer ${known}` }).catch(() => undefined)) !== undefined;
    const token = good ? known : await identity.makeOwnToken(nameHere(name, dataDir), ["*"]);
    try {
      writeFileSync(file, `${token}\n${rest}`, { mode: 0o600 });
      chmodSync(file, 0o600);
    } catch (error) {
      throw new UnavailableError(`A token cannot be written to ${file}: ${(error as Error).message}`, {
        mend: "Choose a file in a folder that is there and can be written.",
      });
    }
  };
  await write(join(dataDir, "cli-token"), "command line on the server's machine", `${url}\n`);
  if (adminTokenFile !== undefined) await write(adminTokenFile, "admin token file", "");
}

function handlerOf(handlers: readonly Handler[], operation: Operation): Handler {
  const found = handlers.find((handler) => handler.operation.name === operation.name);
  if (!found) throw new Error(`no handler for ${operation.name}`);
  return found;
}
