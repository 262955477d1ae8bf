import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { createCatalog, migrations as catalogTables } from "@roadbed/catalog";
import { createCel } from "@roadbed/cel";
import { migrateClickHouse } from "@roadbed/clickhouse";
import { createDelivery, migrations as deliveryTables } from "@roadbed/delivery";
import { httpFace, sseFace } from "@roadbed/face-http";
import { mcpFace } from "@roadbed/face-mcp";
import { cloneRepository, createSmartHttp, fetchRepository, openRepositories } from "@roadbed/git";
import { createHttpServer, mountRaw, serveWebApp, type Check } from "@roadbed/http";
import { createIdentity, migrations as identityTables } from "@roadbed/identity";
import { createPaths, migrations as pathsTables } from "@roadbed/paths";
import { createRelay, createRuntime, kernelMigrations, migrate, openDatabase, watchEvents } from "@roadbed/postgres";
import { createStandards, migrations as standardsTables } from "@roadbed/standards";
import { clickhouseMigrations, createTelemetry, migrations as telemetryTables } from "@roadbed/telemetry";
import { createWorkflows } from "@roadbed/workflows";

import { claimDataFolder } from "./data-folder.ts";
import { openAuthDoor } from "./doors/auth-door.ts";
import { makeGitDoor } from "./doors/git-door.ts";
import { openOtlpDoor } from "./doors/otlp-door.ts";
import { findPort, nextFree } from "./find-port.ts";
import { openLog } from "./open-log.ts";
import type { ServerOptions } from "./options.ts";
import { gitPort, deliveryPort, standardsPort, templatesPort, pathsCatalogPort } from "./ports.ts";
import type { Progress } from "./progress.ts";
import { createSimulator } from "./simulator.ts";
import { openClickHouseStore, openPostgresStore } from "./stores.ts";

export interface RunningServer {
  readonly url: string;
  /** Signs in the first administrator, once; absent when somebody already can sign in. */
  readonly signInUrl: string | undefined;
  readonly sampleSaid: string | undefined;
  stop(): Promise<void>;
}
