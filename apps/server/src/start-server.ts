import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { migrations as catalogTables } from "@roadbed/catalog";
import { createCel } from "@roadbed/cel";
import { migrateClickHouse } from "@roadbed/clickhouse";
import { getSample, listSources, sampleRemoved } from "@roadbed/contracts/catalog";
import { defineOperation, perform, UnavailableError, type Handler, type Logger, type Operation, type OutputOf } from "@roadbed/core";
import { createRouter, migrations as deliveryTables } from "@roadbed/delivery";
import { backstageFace } from "@roadbed/face-backstage";
import { httpFace, sseFace } from "@roadbed/face-http";
import { mcpFace } from "@roadbed/face-mcp";
import { openRepositories } from "@roadbed/git";
import { createHttpServer, mountRaw, serveWebApp, type Check } from "@roadbed/http";
import { migrations as identityTables, type Identity } from "@roadbed/identity";
import { migrations as notifyTables } from "@roadbed/notify";
import { migrations as productTables } from "@roadbed/product";
import { migrations as pathsTables } from "@roadbed/paths";
import { createRelay, kernelMigrations, migrate, openDatabase, watchEvents } from "@roadbed/postgres";
import { migrations as standardsTables } from "@roadbed/standards";
import { clickhouseMigrations, migrations as telemetryTables } from "@roadbed/telemetry";
import { z } from "zod";

import { checkDisk } from "./check-disk.ts";
import { claimDataFolder } from "./data-folder.ts";
import { openAuthDoor } from "./doors/auth-door.ts";
import { openBadgeDoor } from "./doors/badge-door.ts";
import { openCdEventsDoor } from "./doors/cdevents-door.ts";
import { openCalendarDoor } from "./doors/calendar-door.ts";
import { openHookDoor } from "./doors/hook-door.ts";
import { openPrometheusDoor } from "./doors/prometheus-door.ts";
import { openOtlpDoor } from "./doors/otlp-door.ts";
import { createModules } from "./create-modules.ts";
import { findPort, nextFree } from "./find-port.ts";
import { openLog } from "./open-log.ts";
import { nameHere } from "./name-here.ts";
import type { ServerOptions } from "./options.ts";
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
    const cel = createCel();
    onStop("expressions", () => cel.close());
    const events = watchEvents({ db, log });
    onStop("event watch", () => events.close());
    const repositories = openRepositories(join(dataDir, "git"));
    const router = createRouter({ log, port: await nextFree(port === 0 ? 4401 : port + 1, host), host });
    const routerPort = await router.listen();
    onStop("router", () => router.close());

    const modules = createModules({
      db,
      databaseUrl: postgres.url,
      clickhouse: clickhouse.client,
      log,
      cel,
      events,
      repositories,
      router,
      routerUrl: routerUrlOf(publicUrl, routerPort),
      root,
      options,
      local,
      publicUrl,
    });
    const { runtime, workflows, callerOf, handlers, metered, subscriptions } = modules;
    const { identity, catalog, standards, paths, delivery, telemetry, notify, product } = modules;
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

async function stopAll(started: { readonly name: string; readonly end: () => Promise<void> }[], log: Logger): Promise<void> {
  for (const { name, end } of started.splice(0).toReversed()) {
    await end().catch((error: unknown) => log.error("a part did not stop cleanly", { part: name, error: String(error) }));
  }
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
