/** The shipped golden paths against the shipped policies and the real catalogue: what they make is allowed and registers. */
import { fileURLToPath } from "node:url";

import { createCatalog, migrations as catalogTables } from "@roadbed/catalog";
import { createCel } from "@roadbed/cel";
import { previewPath, runPath, type Preview } from "@roadbed/contracts/paths";
import { getEntityScores } from "@roadbed/contracts/standards/scores";
import { DeniedError, perform, type Operation, type OutputOf } from "@roadbed/core";
import { createPaths, migrations as pathsTables, type Paths } from "@roadbed/paths";
import { createStandards, migrations as standardsTables } from "@roadbed/standards";
import { callAs, createTestDatabase, quietLog, type TestDatabase } from "@roadbed/testkit";
import { createWorkflows } from "@roadbed/workflows";
import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { catalogForPaths } from "../apps/server/src/ports.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const cel = createCel({ deadlineMs: 5_000 });
let database: TestDatabase;
let paths: Paths;
let catalog: ReturnType<typeof createCatalog>;

beforeAll(async () => {
  database = await createTestDatabase([catalogTables, standardsTables, pathsTables]);
  const { db, runtime } = database;
  catalog = createCatalog({ db, runtime, log: quietLog, cel });
  await catalog.start();
  await perform(runtime, handlerOf(catalog, "catalog.source.import"), callAs(), { target: await estate(), watch: false });
  paths = createPaths({
    log: quietLog,
    db,
    runtime,
    // Nothing is run here: previews and denials come before any workflow.
    workflows: createWorkflows({ databaseUrl: database.url, db, log: quietLog }),
    dataDir: await mkdtemp(join(tmpdir(), "paths-")),
    goldenPathsDir: join(root, "golden-paths"),
    publicUrl: "http://localhost:4400",
    templates: { list: (ctx) => catalog.listTemplates(ctx) },
    catalog: catalogForPaths(catalog, runtime),
    standards: createStandards({ log: quietLog, cel, policies: [join(root, "policies")] }),
    git: { repositoryExists: async () => false, createRepository: () => Promise.reject(new Error("nothing is made in a preview")) },
    delivery: { deploymentOf: async () => undefined, requestDeployment: () => Promise.reject(new Error("nothing is made in a preview")) },
  });
});
afterAll(async () => {
  await paths.stop();
  await catalog.stop();
  await cel.close();
  await database.drop();
});

const AI = { type: "ai-service" };
describe.each(["node-service", "node-worker", "static-site", "python-service", "go-service", "scheduled-job"])("%s", (path) => {
  test.each<[string, Record<string, unknown>, string, string[]]>([
    ["as it comes", {}, "allow", []],
    ["in production with a system", { lifecycle: "production", system: "network" }, "allow", []],
    ["in production without one", { lifecycle: "production" }, "warn", ["production-ready"]],
    ["on an image that is not pinned", { baseImage: "node:24-slim" }, "deny", ["images-pinned"]],
  ])("%s", async (_what, values, verdict, policies) => {
    const preview = await previewOf(path, values);
    expect(preview.verdict, JSON.stringify(preview.findings, null, 2)).toBe(verdict);
    expect([...new Set(preview.findings.map(({ policy }) => policy))]).toEqual(policies);
  });
});

describe.each(["node-service", "node-worker"])("%s as an AI service", (path) => {
  test("is denied until it says where its data stay, with the rule's text and how to mend it", async () => {
    const preview = await previewOf(path, AI);
    expect(preview.verdict).toBe("deny");
    expect(preview.findings.map(({ policy, file }) => `${policy} ${file}`)).toEqual([
      "ai-data-residency catalog-info.yaml",
      "ai-data-residency k8s/deployment.yaml",
    ]);
    for (const { message, mend, why } of preview.findings) expect([message, mend, why].every((text) => text.length > 20)).toBe(true);
    expect((await previewOf(path, { ...AI, dataResidency: "eu" })).verdict).toBe("allow");
  });

  test("a run of it is refused, and the decision is kept", async () => {
    const error = await call(runPath, { path, values: { name: "helper", owner: "team-road", ...AI } }).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(DeniedError);
    const { rows } = await database.db.query("select verdict, subject from standards.decision where id = $1", [
      (error as DeniedError).decisionId,
    ]);
    expect(rows).toEqual([{ verdict: "deny", subject: `paths.path.run ${path}` }]);
    expect((await database.db.query("select 1 from paths.run")).rowCount).toBe(0);
  });
});

test("an owner nobody knows, and a near one is offered", async () => {
  await expect(previewOf("node-service", { owner: "team-rod" })).rejects.toMatchObject({
    code: "INVALID",
    problems: [{ at: "owner", mend: "Did you mean group:default/team-road?" }],
  });
});

test("what a path makes begins at Bronze at least: tried out in no system, in production as part of one", async () => {
  const made = [
    "node-service",
    "node-worker",
    "static-site",
    "python-service",
    "go-service",
    "scheduled-job",
    "library",
    "documentation-site",
  ];
  const folder = await mkdtemp(join(tmpdir(), "made-"));
  for (const [suffix, more] of Object.entries({
    "": {},
    "-live": { lifecycle: "production", system: "network" },
    "-alone": { lifecycle: "production" },
  })) {
    for (const path of made) {
      const { files } = await previewOf(path, { name: `${path}${suffix}`, ...more });
      for (const { path: file, text = "" } of files) {
        await mkdir(dirname(join(folder, path + suffix, file)), { recursive: true });
        await writeFile(join(folder, path + suffix, file), text);
      }
    }
  }
  await perform(database.runtime, handlerOf(catalog, "catalog.source.import"), callAs(), { target: folder, watch: false });
  const standards = createStandards({
    log: quietLog,
    cel,
    policies: [],
    scorecards: { db: database.db, things: catalog.subjects, folders: [join(root, "scorecards")], publicUrl: "http://localhost" },
  });
  await standards.start();
  await standards.scorecards!.settled();
  const levelOf = async (name: string): Promise<string> => {
    const answer = await perform(database.runtime, handlerOf(standards, getEntityScores.name), callAs(), {
      ref: `component:default/${name}`,
    });
    const rubric = (answer as OutputOf<typeof getEntityScores>).scores.find(({ scorecard }) => scorecard === "production-readiness");
    return rubric?.level ?? `below bronze: ${rubric?.next?.steps.map(({ id }) => id).join(", ") ?? "not looked at"}`;
  };
  try {
    for (const path of made) {
      expect(await levelOf(path), path).toMatch(/^(bronze|silver|gold)$/);
      expect(await levelOf(`${path}-live`), `${path} in production`).toMatch(/^(bronze|silver|gold)$/);
      expect(await levelOf(`${path}-alone`), `${path} in production, alone`).toBe("below bronze: in-a-system");
    }
  } finally {
    await standards.stop();
  }
});

function previewOf(path: string, values: Record<string, unknown>): Promise<Preview> {
  return call(previewPath, { path, values: { name: "helper", owner: "team-road", ...values } }) as Promise<Preview>;
}

function call(operation: Operation, input: unknown): Promise<unknown> {
  return perform(database.runtime, handlerOf(paths, operation.name), callAs(), input);
}

function handlerOf(module: Pick<Paths, "handlers">, name: string): Paths["handlers"][number] {
  const handler = module.handlers.find(({ operation }) => operation.name === name);
  if (!handler) throw new Error(`no handler of ${name}`);
  return handler;
}

async function estate(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "estate-"));
  const group = {
    apiVersion: "backstage.io/v1alpha1",
    kind: "Group",
    metadata: { name: "team-road" },
    spec: { type: "team", children: [] },
  };
  const system = { apiVersion: "backstage.io/v1alpha1", kind: "System", metadata: { name: "network" }, spec: { owner: "team-road" } };
  await writeFile(join(folder, "org.yaml"), `${JSON.stringify(group)}\n---\n${JSON.stringify(system)}\n`);
  return folder;
}
