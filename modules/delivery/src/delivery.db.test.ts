import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { allOperations } from "@roadbed/contracts/all";
import type { Deployment, Workload } from "@roadbed/contracts/delivery";
import { perform, type Operation } from "@roadbed/core";
import type { FileChange } from "@roadbed/git";
import { callAs, createTestDatabase, eventually, quietLog, type TestDatabase } from "@roadbed/testkit";
import { WORKFLOW_TABLES } from "@roadbed/workflows/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { service } from "./fixtures/apps.ts";
import { fetchText, pushTo } from "./fixtures/clients.ts";
import { startServer, TOKEN, type TestServer } from "./fixtures/server.ts";
import { migrations } from "./index.ts";
import { identityOf } from "./runtime/process-identity.ts";

const author = { name: "Ada Example", email: "ada@example.org" };
const everyone = callAs();

describe("delivery", () => {
  let database: TestDatabase;
  let dataDir: string;
  let server: TestServer;

  beforeAll(async () => {
    process.env["SECRET_OF_THE_SERVER"] = "must not reach a workload";
    database = await createTestDatabase([migrations], { prepare: WORKFLOW_TABLES });
    dataDir = await mkdtemp(join(tmpdir(), "delivery-"));
    server = await startServer({ databaseUrl: database.url, dataDir, log: quietLog });
  });
  afterAll(async () => {
    await server.stop();
    await database.drop();
    await rm(dataDir, { recursive: true, force: true });
  });

  test("has one handler per operation", () => {
    expect(server.delivery.handlers.map(({ operation }) => operation.name).sort()).toEqual(
      allOperations
        .map(({ name }) => name)
        .filter((name) => name.startsWith("delivery."))
        .sort(),
    );
  });

  test("a new repository is built, started and served, with an environment of its own", async () => {
    await create("orders", service({ version: "v1" }));
    const [deployment] = await settled("orders");
    expect(deployment).toMatchObject({ status: "healthy", entityRef: "component:default/orders", message: "first", author: "Ada Example" });
    expect(await get("orders")).toEqual([200, "v1"]);
    const env = JSON.parse((await get("orders", "/env"))[1]) as Record<string, string>;
    expect(env["SECRET_OF_THE_SERVER"]).toBeUndefined();
    expect(env).toMatchObject({
      GREETING: "hello",
      NODE_ENV: "production",
      OTEL_SERVICE_NAME: "orders",
      OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer%20${TOKEN}`,
      ROADBED_ENVIRONMENT: "dev",
      ROADBED_BASE_PATH: "/dev/orders",
    });
    expect(decodeURIComponent(env["OTEL_RESOURCE_ATTRIBUTES"] ?? "")).toContain("deployment.environment.name=dev");
    expect(Object.keys(env).filter((name) => /^(npm_|VITEST|GIT|SSH|AWS|DATABASE)/.test(name))).toEqual([]);
    const workload = await workloadOf("orders");
    expect(workload).toMatchObject({
      health: "healthy",
      desired: "running",
      kind: "service",
      url: `${server.routerUrl}/dev/orders/`,
      restarts: 0,
      commit: deployment?.commit,
    });
    const lines = await logOf("orders");
    expect(lines.join("\n")).not.toContain(TOKEN);
    expect(lines).toContain("starting v1 with authorization=Bearer%20***");
    expect(await call("delivery.environment.list", {})).toMatchObject({
      items: [{ name: "dev", title: "Development", runtime: "local", workloads: 1, automatic: true, upstream: [] }],
    });
  });

  test("a push by git replaces it, and no request is lost meanwhile", async () => {
    await create("shop", service({ version: "v1" }));
    await settled("shop");
    const [, oldPid] = await get("shop", "/pid");
    const answers: [number, string][] = [];
    let going = true;
    const hammering = Promise.all(
      Array.from({ length: 4 }, async () => {
        while (going) answers.push(await get("shop"));
      }),
    );
    await push("shop", service({ version: "v2" }));
    await eventually(async () => (await get("shop"))[1] === "v2", 20_000);
    await eventually(async () => (await identityOf(Number(oldPid))) === undefined, 20_000);
    going = false;
    await hammering;
    expect(answers.filter(([status]) => status !== 200)).toEqual([]);
    expect(new Set(answers.map(([, text]) => text))).toEqual(new Set(["v1", "v2"]));
    expect((await settled("shop", 2)).map(({ status }) => status)).toEqual(["healthy", "healthy"]);
    const { commits, head } = await call<{ commits: { message: string }[]; head: string }>("delivery.repository.get", { name: "shop" });
    expect(commits.map(({ message }) => message)).toEqual(["pushed", "first"]);
    expect(await server.repositories.head("shop", "main")).toBe(head);
    expect(await logOf("shop")).toContain("bye v1");
  });

  test("a build that fails says why, and what ran before goes on", async () => {
    await create("builds", service({ version: "v1", build: "console.log('built well')" }));
    await settled("builds");
    await push("builds", service({ version: "v2", build: "console.log('compiling'); console.error('no such module'); process.exit(2)" }));
    const [failed] = await settled("builds", 2);
    expect(failed).toMatchObject({ status: "failed" });
    expect(failed?.error).toContain("ended with exit code 2");
    expect(failed?.error).toContain("no such module");
    expect(await get("builds")).toEqual([200, "v1"]);
    expect(await workloadOf("builds")).toMatchObject({ health: "healthy" });
  });

  test("a version that never gets healthy is given up, and what ran before goes on", async () => {
    await create("sickly", service({ version: "v1" }));
    await settled("sickly");
    await push("sickly", service({ version: "v2", health: "never" }));
    const [failed] = await settled("sickly", 2);
    expect(failed).toMatchObject({ status: "failed" });
    expect(failed?.error).toContain("/healthz answered 500");
    expect(await get("sickly")).toEqual([200, "v1"]);
  });

  test("a first deployment that fails is seen at the workload", async () => {
    await create("stillborn", service({ version: "v1", manifest: "kind: service\nstart: [node, missing.mjs]\n" }));
    const [failed] = await settled("stillborn");
    expect(failed?.error).toContain("Cannot find module");
    await eventually(async () =>
      expect(await workloadOf("stillborn")).toMatchObject({ health: "failed", detail: expect.stringContaining("Cannot find module") }),
    );
    expect((await get("stillborn"))[0]).toBe(502);
  });

  test("a roadbed.yaml that cannot be read fails with its line; without one nothing is deployed", async () => {
    await create("wrong", service({ version: "v1", manifest: "kind: service\nstart: [node]\nhealth: nope\n" }));
    expect((await settled("wrong"))[0]?.error).toContain("roadbed.yaml:3: health: must be a path");
    await create("library", [{ path: "README.md", content: "# A library" }]);
    await server.relay.settled();
    expect(await deploymentsOf("library")).toEqual([]);
    await expect(call("delivery.deployment.create", { entityRef: "component:default/library" })).rejects.toMatchObject({ code: "INVALID" });
    await expect(call("delivery.deployment.create", { entityRef: "component:default/nobody" })).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
  });

  test("a crash is answered with a page and mended by a restart", async () => {
    await create("crashes", service({ version: "v1" }));
    await settled("crashes");
    await get("crashes", "/crash");
    await eventually(async () => expect((await workloadOf("crashes"))?.restarts).toBe(1));
    await eventually(async () => expect(await get("crashes")).toEqual([200, "v1"]));
    const lines = await logOf("crashes");
    expect(lines).toContain("boom v1");
    expect(lines.some((line) => line.includes("ended with exit code 3"))).toBe(true);
  });

  test("a crash loop says so, with the last lines", async () => {
    await create("loops", service({ version: "v1" }));
    await settled("loops");
    const crashed = async (times: number): Promise<void> => {
      await eventually(async () => {
        await get("loops", "/crash");
        const found = await workloadOf("loops");
        return found !== undefined && (found.restarts >= times || found.detail?.startsWith("Crash loop") === true);
      }, 30_000);
    };
    await crashed(5);
    await eventually(async () => {
      const workload = await workloadOf("loops");
      expect(workload).toMatchObject({ health: "crashed" });
      expect(workload?.detail).toContain("Crash loop");
      expect(workload?.detail).toContain("boom v1");
    });
  });

  test("a process that no longer answers its health check is ended and started again", async () => {
    await create("hangs", service({ version: "v1" }));
    await settled("hangs");
    await get("hangs", "/sick");
    await eventually(async () => expect(await workloadOf("hangs")).toMatchObject({ health: "unhealthy", detail: "/healthz answered 500" }));
    await eventually(async () => expect(await workloadOf("hangs")).toMatchObject({ health: "healthy", restarts: 1 }));
  });

  test("a process that has more memory than its limit is ended, told why, and started again", async () => {
    await create("hogs", service({ version: "v1", manifest: "kind: service\nstart: [node, server.mjs]\nlimits: { memoryMb: 64 }\n" }));
    await settled("hogs");
    await get("hogs", "/hog");
    await eventually(async () => expect(await workloadOf("hogs")).toMatchObject({ health: "healthy", restarts: 1 }));
    expect((await logOf("hogs")).some((line) => /it used \d+ MB, more than its limit of 64 MB/.test(line))).toBe(true);
  });

  test("stopped it stays stopped, restarted it runs again without a gap", async () => {
    const target = { entityRef: "component:default/stops" };
    await create("stops", service({ version: "v1" }));
    await settled("stops");
    const [, pid] = await get("stops", "/pid");
    await call("delivery.workload.stop", target);
    await eventually(async () => expect(await workloadOf("stops")).toMatchObject({ health: "stopped", desired: "stopped" }));
    await eventually(async () => (await identityOf(Number(pid))) === undefined);
    expect((await get("stops"))[0]).toBe(503);
    await call("delivery.workload.restart", target);
    await eventually(async () => expect(await get("stops")).toEqual([200, "v1"]));
    const [, before] = await get("stops", "/pid");
    await call("delivery.workload.restart", target);
    await eventually(async () => {
      const [status, now] = await get("stops", "/pid");
      expect(status).toBe(200);
      expect(now).not.toBe(before);
    });
    await expect(call("delivery.workload.stop", { entityRef: "component:default/nobody" })).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  test("a commit that is overtaken while it is built stops building", async () => {
    await create("hasty", service({ version: "v1", build: "setTimeout(() => {}, 20000)" }));
    await eventually(async () => expect((await deploymentsOf("hasty"))[0]).toMatchObject({ status: "building" }));
    await push("hasty", service({ version: "v2" }));
    expect((await settled("hasty", 2)).map(({ status }) => status)).toEqual(["healthy", "superseded"]);
    expect(await get("hasty")).toEqual([200, "v2"]);
    const processes = join(dataDir, "workloads", ".processes");
    await eventually(async () => {
      const entries = await Promise.all((await readdir(processes)).map((file) => readFile(join(processes, file), "utf8").catch(() => "")));
      return !entries.some((entry) => entry.includes("build of hasty"));
    }, 5_000);
  });

  test("an older commit is deployed again when asked for", async () => {
    await create("returns", service({ version: "v1" }));
    const [first] = await settled("returns");
    await push("returns", service({ version: "v2" }));
    await settled("returns", 2);
    const made = await call<Deployment>("delivery.deployment.create", {
      entityRef: "component:default/returns",
      commit: first!.commit.slice(0, 10),
    });
    expect(made).toMatchObject({ commit: first!.commit, status: "queued" });
    await eventually(async () => expect(await get("returns")).toEqual([200, "v1"]), 20_000);
    await eventually(async () => expect(await call("delivery.deployment.get", { id: made.id })).toMatchObject({ status: "healthy" }));
  });

  test("a site is built and served as files", async () => {
    const build = "const fs = require('fs'); fs.mkdirSync('dist'); fs.writeFileSync('dist/index.html', '<h1>built</h1>')";
    const manifest = `kind: site\nbuild:\n  - [node, -e, ${JSON.stringify(build)}]\nsite: { dir: dist }\n`;
    await create("pages", [{ path: "roadbed.yaml", content: manifest }]);
    expect((await settled("pages"))[0]).toMatchObject({ status: "healthy" });
    expect(await get("pages")).toEqual([200, "<h1>built</h1>"]);
    expect(await workloadOf("pages")).toMatchObject({ kind: "site", health: "healthy" });
    await create("empty-site", [{ path: "roadbed.yaml", content: "kind: site\n" }]);
    expect((await settled("empty-site"))[0]?.error).toContain("no public/index.html");
  });

  test("a worker runs without a port, and has no address", async () => {
    const content = `console.log("working"); setInterval(() => {}, 1000);`;
    await create("works", [
      { path: "worker.mjs", content },
      { path: "roadbed.yaml", content: "kind: worker\nstart: [node, worker.mjs]\n" },
    ]);
    expect((await settled("works"))[0]).toMatchObject({ status: "healthy" });
    const workload = await workloadOf("works");
    expect(workload).toMatchObject({ kind: "worker", health: "healthy" });
    expect(workload?.url).toBeUndefined();
    expect(await logOf("works")).toContain("working");
  });

  test("dependencies are installed before the build, without the server's own npm settings", async () => {
    await create("depends", [
      {
        path: "package.json",
        content: JSON.stringify({ name: "depends", version: "1.0.0", type: "module", dependencies: { greeter: "file:./greeter" } }),
      },
      {
        path: "greeter/package.json",
        content: JSON.stringify({ name: "greeter", version: "1.0.0", type: "module", exports: "./index.js" }),
      },
      { path: "greeter/index.js", content: `export const greeting = "from a dependency";` },
      {
        path: "server.mjs",
        content: `import { greeting } from "greeter"; import { createServer } from "node:http"; createServer((_q, s) => s.end(greeting)).listen(process.env.PORT);`,
      },
      { path: "roadbed.yaml", content: "kind: service\nstart: [node, server.mjs]\n" },
    ]);
    expect((await settled("depends"))[0]).toMatchObject({ status: "healthy" });
    expect(await get("depends")).toEqual([200, "from a dependency"]);
    expect((await logOf("depends")).some((line) => line.startsWith("$ npm install --omit=dev"))).toBe(true);
  });

  test("a repository is made once per key, and its name once", async () => {
    const made = await create("once", [{ path: "a", content: "a" }], "run_1");
    expect(await create("once", [{ path: "a", content: "a" }], "run_1")).toEqual(made);
    await push("once", [{ path: "b", content: "b" }]);
    expect(await create("once", [{ path: "a", content: "a" }], "run_1")).toEqual(made);
    await expect(create("once", [{ path: "a", content: "a" }], "run_2")).rejects.toMatchObject({ code: "CONFLICT" });
    await expect(create("Not A Name", [], "run_3")).rejects.toMatchObject({ code: "INVALID" });
    const { rows } = await server.db.query(
      "select payload->>'before' as before from kernel.event where name = 'delivery.repository.pushed' and subject = 'once' order by seq",
    );
    expect(rows).toHaveLength(2);
  });

  test("a token that may only read cannot push", async () => {
    await create("guarded", [{ path: "a", content: "a" }]);
    await expect(push("guarded", [{ path: "b", content: "b" }], "reader")).rejects.toThrow(/403/);
    await expect(push("guarded", [{ path: "b", content: "b" }], "nobody")).rejects.toThrow(/Authentication failed/);
    const { rows } = await server.db.query(
      "select actor, face, operation from kernel.audit where operation = 'delivery.repository.push' and resource = 'repository:guarded'",
    );
    expect(rows).toEqual([]);
    await push("guarded", [{ path: "b", content: "b" }]);
    const audit = await server.db.query(
      "select actor, face from kernel.audit where operation = 'delivery.repository.push' and resource = 'repository:guarded'",
    );
    expect(audit.rows).toEqual([{ actor: "user:ada", face: "git" }]);
  });

  test("a component that leaves the catalogue is stopped", async () => {
    await create("leaves", service({ version: "v1" }));
    await settled("leaves");
    await server.db.query(`select kernel.append(null, $1::jsonb, now())`, [
      JSON.stringify([
        {
          id: crypto.randomUUID(),
          name: "catalog.entity.removed",
          subject: "component:default/leaves",
          actor: "user:ada",
          payload: { ref: "component:default/leaves", kind: "component", sample: false },
        },
      ]),
    ]);
    await server.relay.settled();
    await eventually(async () => expect(await workloadOf("leaves")).toMatchObject({ health: "stopped", desired: "stopped" }), 20_000);
  });

  test("lists go page by page", async () => {
    const names: string[] = [];
    for (let cursor: string | undefined; ;) {
      const page = await call<{ items: Workload[]; nextCursor?: string }>("delivery.workload.list", { limit: 3, cursor });
      names.push(...page.items.map(({ entityRef }) => entityRef));
      if (page.nextCursor === undefined) break;
      cursor = page.nextCursor;
    }
    const all = await call<{ items: Workload[] }>("delivery.workload.list", { limit: 100 });
    expect(names).toEqual(all.items.map(({ entityRef }) => entityRef));
    expect(names.length).toBeGreaterThan(6);
    expect((await server.delivery.health()).ok).toBe(true);
  });

  async function create(name: string, files: readonly FileChange[], key = name): Promise<{ cloneUrl: string; commit: string }> {
    const operation = server.delivery.handlers.find((handler) => handler.operation.name === "delivery.deployment.create")!.operation;
    return server.runtime.write(everyone, operation, { name }, undefined, (ctx) =>
      server.delivery.createRepository(ctx, { name, description: "", branch: "main", files, message: "first", author, key }),
    );
  }

  async function push(name: string, files: readonly FileChange[], token = "writer"): Promise<void> {
    await pushTo(`${server.url.replace("//", `//ada:${token}@`)}/git/${name}.git`, files);
  }

  function call<T>(name: string, input: unknown): Promise<T> {
    return callOn(server, name, input) as Promise<T>;
  }

  async function deploymentsOf(name: string): Promise<Deployment[]> {
    return (await call<{ items: Deployment[] }>("delivery.deployment.list", { entityRef: `component:default/${name}` })).items;
  }

  function settled(name: string, count = 1): Promise<Deployment[]> {
    return eventually(async () => {
      const found = await deploymentsOf(name);
      return found.length === count && found.every(({ status }) => !["queued", "building", "starting"].includes(status)) ? found : false;
    }, 30_000) as Promise<Deployment[]>;
  }

  async function workloadOf(name: string): Promise<Workload | undefined> {
    return (await call<{ items: Workload[] }>("delivery.workload.list", { entityRef: `component:default/${name}` })).items[0];
  }

  async function logOf(name: string): Promise<string[]> {
    const { items } = await call<{ items: { message: string }[] }>("delivery.workload.logs", {
      entityRef: `component:default/${name}`,
      limit: 2_000,
    });
    return items.map(({ message }) => message);
  }

  async function get(name: string, path = "/"): Promise<[number, string]> {
    return fetchText(`${server.routerUrl}/dev/${name}${path}`);
  }
});
function callOn(server: TestServer, name: string, input: unknown): Promise<unknown> {
  const handler = server.delivery.handlers.find(({ operation }: { operation: Operation }) => operation.name === name);
  return perform(server.runtime, handler!, everyone, input);
}
