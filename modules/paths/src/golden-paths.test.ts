import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import type { Preview } from "@roadbed/contracts/paths";
import { eventually } from "@roadbed/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";

import { createLibrary } from "./template/library.ts";
import { createPreviewBench, type PreviewBench } from "./testing/preview.ts";
import { bareCtx, createWorld, entity } from "./testing/ports.ts";
import { temporaryFolder } from "./testing/temporary-folder.ts";

/** The paths that ship with the product: what they make must run as it comes. */
const goldenPathsDir = fileURLToPath(new URL("../../../golden-paths", import.meta.url));
const PATHS = ["node-service", "node-worker", "static-site", "python-service", "go-service", "scheduled-job"] as const;
/** They make no service, or act on what is there: e2e/shipped-paths.db.test.ts uses what they make. */
const OTHERS = [
  "change-database",
  "delete-database",
  "postgres-database",
  "bucket",
  "queue",
  "delete-resource",
  "adopt-repository",
  "ci-pipeline",
  "documentation-site",
  "hand-over",
  "kubernetes-namespace",
  "library",
  "prompt",
  "retire-service",
  "service-credential",
];
type Made = (typeof PATHS)[number];
/** What each is made of and proved with; `run`: it can be started on a machine that has Node and Python. */
const LANGUAGES: Record<
  Made,
  { readonly telemetry: string; readonly own: string; readonly test: readonly string[]; readonly run: boolean }
> = {
  "node-service": { telemetry: "src/telemetry.js", own: "package.json", test: ["node", "--test"], run: true },
  "node-worker": { telemetry: "src/telemetry.js", own: "package.json", test: ["node", "--test"], run: true },
  "static-site": { telemetry: "src/telemetry.js", own: "package.json", test: ["node", "--test"], run: true },
  "python-service": { telemetry: "service/telemetry.py", own: "requirements.txt", test: ["python3", "-m", "unittest"], run: true },
  "scheduled-job": { telemetry: "src/telemetry.js", own: "package.json", test: ["node", "--test"], run: false },
  // Rendered, linted and held against policy everywhere; tested and started only where there is Go.
  "go-service": { telemetry: "telemetry.go", own: "go.mod", test: ["go", "test", "./..."], run: false },
};
const hasGo = await promisify(execFile)("go", ["version"]).then(
  () => true,
  () => false,
);
const NASTY = `Quotes " ' \` and <script>alert(1)</script>, ü, 日本, $HOME & "a: b" # no comment`;

const world = createWorld();
world.entities.set("group:default/payments", entity("Group", "payments"));
world.entities.set("system:default/store", entity("System", "store"));
let bench: PreviewBench;
beforeAll(async () => {
  bench = await createPreviewBench(world);
});
afterAll(() => bench.close());

test("some make something and two act on what is there; each of the first has a form and an end", async () => {
  const library = createLibrary({ goldenPathsDir, templates: world.ports.templates, log: bareCtx().log });
  const paths = await library.list(bareCtx());
  expect(paths.map(({ name }) => name).toSorted()).toEqual([...PATHS, ...OTHERS].toSorted());
  const making = paths.filter(({ name }) => (PATHS as readonly string[]).includes(name));
  for (const path of making)
    expect(path.steps.map(({ id }) => id)).toEqual(expect.arrayContaining(["skeleton", "publish", "register", "deploy"]));
  await expect(library.get(bareCtx(), "nodeservice")).rejects.toMatchObject({ mend: "Did you mean node-service?" });
});

describe.each(PATHS)("%s", (name) => {
  test.each<[string, Record<string, unknown>]>([
    ["with the least", { name: "orders", owner: "payments" }],
    [
      "with everything",
      {
        name: "a".repeat(63),
        owner: "group:default/payments",
        system: "store",
        title: NASTY,
        description: `${NASTY} - two words`,
        lifecycle: "production",
      },
    ],
  ])("%s, passes policy and its own tests", async (_what, values) => {
    const preview = await previewOf(name, values);
    expect(preview.verdict).toBe("allow");
    expect(preview.log.filter((line) => line.includes("warning"))).toEqual([]);
    const paths = preview.files.map(({ path }) => path);
    expect(paths).toEqual(
      expect.arrayContaining([
        ".github/workflows/ci.yml",
        ".gitignore",
        "Dockerfile",
        "README.md",
        "catalog-info.yaml",
        "docs/index.md",
        "docs/telemetry.md",
        name === "scheduled-job" ? "k8s/cronjob.yaml" : "k8s/deployment.yaml",
        "mkdocs.yml",
        LANGUAGES[name].own,
        "roadbed.yaml",
        LANGUAGES[name].telemetry,
      ]),
    );
    expect(preview.files.filter(({ text }) => /\$\{\{|\{%/.test(text ?? "")).map(({ path }) => path)).toEqual([]);
    const component = entityOf(preview, "component:default/");
    expect(component).toMatchObject({
      metadata: {
        name: values["name"],
        title: values["title"] ?? values["name"],
        annotations: { "backstage.io/techdocs-ref": "dir:.", "backstage.io/source-template": `template:default/${name}` },
      },
      spec: { owner: values["owner"], lifecycle: values["lifecycle"] ?? "experimental" },
    });
    const nav = parse(textOf(preview, "mkdocs.yml")) as { nav: Record<string, string>[] };
    for (const page of nav.nav.flatMap((item) => Object.values(item))) expect(paths).toContain(`docs/${page}`);

    if (name === "go-service" && !hasGo) return;
    const folder = await materialise(preview);
    const [program = "", ...args] = LANGUAGES[name].test;
    const { stdout, stderr } = await promisify(execFile)(program === "node" ? process.execPath : program, args, {
      cwd: folder,
      env: { PATH: process.env["PATH"], HOME: folder, TMPDIR: await temporaryFolder() },
    });
    if (name === "go-service") return;
    expect(Number(/(?:pass |Ran )(\d+)/.exec(stdout + stderr)?.[1])).toBeGreaterThanOrEqual(9);
  });

  test.skipIf(!LANGUAGES[name].run)("runs as roadbed.yaml says: answers its health, sends telemetry, and ends well", async () => {
    const folder = await materialise(await previewOf(name, { name: "orders", owner: "payments" }));
    const roadbed = parse(textOf(await previewOf(name, { name: "orders", owner: "payments" }), "roadbed.yaml")) as {
      build?: string[][];
      start: string[];
      health: string;
    };
    const collector = await startCollector();
    const port = await freePort();
    const env = {
      PATH: process.env["PATH"],
      PORT: String(port),
      HOST: "127.0.0.1",
      NODE_ENV: "production",
      OTEL_SERVICE_NAME: "orders",
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      JOB_INTERVAL_MS: "20",
    };
    for (const [command = "", ...args] of roadbed.build ?? [])
      await promisify(execFile)(command === "node" ? process.execPath : command, args, { cwd: folder });
    const [program = "", ...args] = roadbed.start;
    const child = spawn(program === "node" ? process.execPath : program, args, { cwd: folder, env, stdio: ["ignore", "pipe", "inherit"] });
    try {
      await eventually(async () => expect((await fetch(`http://127.0.0.1:${port}${roadbed.health}`)).status).toBe(200));
      if (name === "node-service" || name === "python-service")
        expect(await (await fetch(`http://127.0.0.1:${port}/api/hello?name=Ada`)).json()).toEqual({ message: "Hello, Ada!" });
      if (name === "static-site") expect(await (await fetch(`http://127.0.0.1:${port}/about.html`)).text()).toContain("<h1>About</h1>");
      await eventually(() => expect(collector.paths).toEqual(expect.arrayContaining(["/v1/traces", "/v1/logs"])));
      expect(collector.services).toEqual(new Set(["orders"]));
      expect(await stop(child)).toBe(0);
      expect(collector.paths).toContain("/v1/metrics");
    } finally {
      child.kill("SIGKILL");
      collector.close();
    }
  });

  test("an image that is not pinned is denied, one that is none is a mistake in the form", async () => {
    const preview = await previewOf(name, { name: "orders", owner: "payments", baseImage: "node:24" });
    expect(preview.verdict).toBe("deny");
    expect(preview.findings.map(({ message }) => message)).toContain("The image node:24 is not pinned.");
    await expect(previewOf(name, { name: "orders", owner: "payments", baseImage: "node:24\nRUN curl evil" })).rejects.toMatchObject({
      problems: [{ at: "baseImage", reason: "is not the name of an image" }],
    });
  });

  test.each(["Orders", "ünïcode", "-a", "a-", "a".repeat(64), "../../etc", "a b", "1a", ""])("the name %j is refused", async (bad) => {
    await expect(previewOf(name, { name: bad, owner: "payments" })).rejects.toMatchObject({
      problems: [expect.objectContaining({ at: "name" })],
    });
  });
});

test.each(["node-service", "node-worker", "python-service", "go-service"])(
  "%s: an AI service says where its data stay, in the catalogue and in Kubernetes",
  async (name) => {
    const preview = await previewOf(name, { name: "helper", owner: "payments", type: "ai-service", dataResidency: "eu" });
    const labels = { "roadbed.dev/ai": "true", "roadbed.dev/data-residency": "eu" };
    expect(entityOf(preview, "component:default/")).toMatchObject({ metadata: { labels }, spec: { type: "ai-service" } });
    expect(parse(textOf(preview, "k8s/deployment.yaml"))).toMatchObject({ metadata: { labels } });

    const silent = await previewOf(name, { name: "helper", owner: "payments", type: "ai-service" });
    expect(entityOf(silent, "component:default/")["metadata"]).toMatchObject({ labels: { "roadbed.dev/ai": "true" } });
    expect(textOf(silent, "catalog-info.yaml")).not.toContain("data-residency");
    await expect(previewOf(name, { name: "helper", owner: "payments", type: "ai-service", dataResidency: "moon" })).rejects.toMatchObject({
      problems: [expect.objectContaining({ at: "dataResidency" })],
    });
  },
);

test.each(["node-service", "python-service", "go-service"])("the API of a %s is described", async (name) => {
  const preview = await previewOf(name, { name: "orders", owner: "payments" });
  const api = entityOf(preview, "api:default/") as { spec: { definition: string } };
  expect(parse(api.spec.definition)).toMatchObject({ openapi: "3.1.0", paths: { "/api/hello": { get: { operationId: "hello" } } } });
});

async function previewOf(name: string, values: Record<string, unknown>): Promise<Preview> {
  const library = createLibrary({ goldenPathsDir, templates: world.ports.templates, log: bareCtx().log });
  const path = await library.get(bareCtx(), name);
  return bench.preview(path.entity, path.folder, values, {}, path.root);
}

function textOf(preview: Preview, path: string): string {
  return preview.files.find((file) => file.path === path)?.text ?? "";
}

function entityOf(preview: Preview, prefix: string): Record<string, unknown> {
  const found = preview.entities.find(({ ref }) => ref.startsWith(prefix));
  return parseAllDocuments(found?.yaml ?? "")[0]?.toJS() as Record<string, unknown>;
}

async function materialise(preview: Preview): Promise<string> {
  const folder = await temporaryFolder();
  for (const { path, text = "" } of preview.files) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  return folder;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

async function startCollector(): Promise<{ url: string; paths: string[]; services: Set<string>; close(): void }> {
  const paths: string[] = [];
  const services = new Set<string>();
  const server = createServer((request, response) => {
    paths.push(request.url ?? "");
    void request.toArray().then((chunks: Buffer[]) => {
      const body = Buffer.concat(chunks).toString();
      for (const [, service = ""] of body.matchAll(/"service\.name","value":\{"stringValue":"([^"]*)"/g)) services.add(service);
      response.end("{}");
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, paths, services, close: () => void server.close() };
}

async function stop(child: ChildProcess): Promise<number | null> {
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  const [code] = (await ended) as [number | null];
  return code;
}
