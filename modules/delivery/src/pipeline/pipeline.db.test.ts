import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { repositoryPushed, type Deployment } from "@roadbed/contracts/delivery";
import type { ToldBuild } from "@roadbed/contracts/catalog/builds";
import type { Attestation, getAttestation, getAttestationKey, verifyAttestation } from "@roadbed/contracts/delivery/attestations";
import type { Change, getChange } from "@roadbed/contracts/delivery/changes";
import { getPipelineLogs, getPipelineRun, type PipelineRun } from "@roadbed/contracts/delivery/pipelines";
import { perform, type OutputOf } from "@roadbed/core";
import { callAs, createTestDatabase, eventually, quietLog, type TestDatabase } from "@roadbed/testkit";
import { WORKFLOW_TABLES } from "@roadbed/workflows/testing";
import { afterAll, beforeAll, expect, test } from "vitest";

import { supplyChainOf } from "../attestation/attestation-store.ts";
import type { DeliveryDeps } from "../deps.ts";
import { service } from "../fixtures/apps.ts";
import { startServer, type TestServer } from "../fixtures/server.ts";
import { migrations } from "../index.ts";
import { pushRepository } from "../internal-operations.ts";
import { judge } from "../gate/tests-gate.ts";
import { runsOfCommit } from "./pipeline-store.ts";
import { takeTold } from "./take-told.ts";
import { sweepRuns } from "./sweep-runs.ts";

type Shown = OutputOf<typeof getPipelineRun>;
const author = { name: "Ada Example", email: "ada@example.org" };
let database: TestDatabase;
let dataDir: string;
let server: TestServer;

beforeAll(async () => {
  database = await createTestDatabase([migrations], { prepare: WORKFLOW_TABLES });
  dataDir = await mkdtemp(join(tmpdir(), "pipeline-"));
  server = await startServer({ databaseUrl: database.url, dataDir, log: quietLog });
});
afterAll(async () => {
  await server.stop();
  await database.drop();
  await rm(dataDir, { recursive: true, force: true });
});

const REPORT = `<testsuite name="s"><testcase name="a"/><testcase name="b"><failure message="no"/></testcase></testsuite>`;

test("a push is built and tested in order, with reports, artefacts and logs, and what fails keeps the rest from running", async () => {
  await create("steps", {
    "write.mjs": `import { mkdirSync, writeFileSync, symlinkSync } from "node:fs";
      mkdirSync("out/deep", { recursive: true });
      writeFileSync("out/deep/a.txt", "made"); writeFileSync("report.xml", ${JSON.stringify(REPORT)});
      symlinkSync("/etc/hostname", "out/leak.txt"); symlinkSync("/etc", "out/etc");`,
    ".roadbed/pipeline.yaml": `env: { GREETING: hello }
steps:
  - { name: build, run: [[node, write.mjs]], artefacts: [out, "*.xml"], tests: [report.xml] }
  - name: say
    needs: [build]
    script: |
      echo "$GREETING from $ROADBED_BRANCH"
      test -z "\${DATABASE_URL:-}"
      cat out/deep/a.txt
  - { name: break, needs: [say], run: [[node, -e, "console.error('it is broken'); process.exit(4)"]] }
  - { name: never, needs: [break], run: [[node, -e, "1"]] }
`,
  });
  const run = await ended("steps");
  expect(run.steps.map(({ name, state, exitCode }) => [name, state, exitCode])).toEqual([
    ["build", "succeeded", 0],
    ["say", "succeeded", 0],
    ["break", "failed", 4],
    ["never", "skipped", undefined],
  ]);
  expect(run).toMatchObject({
    state: "failed",
    branch: "main",
    trigger: "push",
    tests: { total: 2, failed: 1 },
    entityRef: "component:default/steps",
  });
  expect(run.error).toContain("it is broken");
  expect(run.steps[0]?.failedTests).toEqual([{ name: "b", suite: "s", message: "no" }]);
  // What is a link, or behind one, is not kept.
  expect(run.artefacts.map(({ path }) => path)).toEqual(["out/deep/a.txt", "report.xml"]);
  const piece = await call<{ base64: string }>("delivery.pipeline.artefact", { id: run.id, path: "out/deep/a.txt" });
  expect(Buffer.from(piece.base64, "base64").toString()).toBe("made");
  await expect(call("delivery.pipeline.artefact", { id: run.id, path: "../../cache" })).rejects.toMatchObject({ code: "NOT_FOUND" });
  const { items, done } = await call<OutputOf<typeof getPipelineLogs>>("delivery.pipeline.logs", { id: run.id });
  expect(done).toBe(true);
  expect(items.map(({ step, message }) => `${step}: ${message}`)).toEqual(
    expect.arrayContaining(["build: out/leak.txt is a link and is not kept", "say: hello from main", "say: made", "break: it is broken"]),
  );
  expect(items.map(({ seq }) => seq)).toEqual(items.map(({ seq }) => seq).toSorted((a, b) => a - b));
  const only = await call<OutputOf<typeof getPipelineLogs>>("delivery.pipeline.logs", { id: run.id, step: "break" });
  expect(new Set(only.items.map(({ step }) => step))).toEqual(new Set(["break"]));
  // Nothing of the work is left; its files go when it is old.
  expect(await readdir(join(dataDir, "pipelines/steps/work"))).toEqual([]);
  expect(await sweepRuns({ db: server.db, dataDir }, { runs: 0, days: 1 })).toBe(1);
  expect((await call<Shown>("delivery.pipeline.get", { id: run.id })).swept).toBe(true);
  await expect(call("delivery.pipeline.artefact", { id: run.id, path: "report.xml" })).rejects.toMatchObject({
    mend: expect.stringContaining("removed because the run is old"),
  });
});

test("a step that hangs is ended at its time limit with everything that it started", async () => {
  const script = `require('child_process').spawn(process.execPath, ['-e', 'setInterval(()=>{},1000)'], {stdio:'inherit'});
    const fs = require('fs'); fs.writeFileSync(process.env.HOME + '/../../pids', String(process.pid)); process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)`;
  await create("hangs", {
    "hang.cjs": script,
    ".roadbed/pipeline.yaml": "steps:\n  - { name: hang, run: [[node, hang.cjs]], timeoutSeconds: 1 }\n",
  });
  const run = await ended("hangs");
  expect(run.steps[0]).toMatchObject({ state: "timed-out", error: expect.stringContaining("longer than 1 s") });
  const group = Number(await readFile(join(dataDir, "pipelines", "hangs", "work", "pids"), "utf8"));
  await eventually(async () => expect(() => process.kill(-group, 0)).toThrow(/ESRCH/), 15_000);
});

test("what a step prints is bounded, and secrets are not in it", async () => {
  const flood = `const line = "x".repeat(999) + "\\n"; const once = line.repeat(1000);
    let n = 0; const go = () => { while (n++ < 100) if (!process.stdout.write(once)) return process.stdout.once("drain", go); console.log("the end " + process.env.DEPLOY_KEY + " " + process.env.OTHER); }; go();`;
  await create("floods", { "flood.cjs": flood });
  await call("delivery.pipeline-secret.set", { repository: "floods", variable: "DEPLOY_KEY", value: "sesame-open\nsecond-line" });
  await call("delivery.pipeline-secret.set", { repository: "floods", variable: "OTHER", value: "not-asked-for" });
  await push("floods", {
    ".roadbed/pipeline.yaml":
      "steps:\n  - { name: flood, run: [[node, flood.cjs]], secrets: [DEPLOY_KEY] }\n  - { name: lacks, run: [[node, -v]], secrets: [NOBODY] }\n",
  });
  const run = await ended("floods");
  const folder = join(dataDir, "pipelines/floods/log", run.id, "flood");
  const files = await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name), "utf8")));
  expect(files.reduce((sum, text) => sum + text.length, 0)).toBeLessThan(12 * 2 ** 20);
  const text = files.join("");
  expect(text).toContain("the end ***");
  expect(text).toContain("*** undefined");
  expect(text).not.toMatch(/sesame|second-line/);
  expect(run.steps.map(({ state }) => state)).toEqual(["succeeded", "failed"]);
  expect(run.steps[1]?.error).toContain("The secret NOBODY is not kept");
  const { rows } = await server.db.query<{ text: string }>("select sealed::text as text from delivery.pipeline_secret");
  expect(rows.every((row) => !Buffer.from(row.text.slice(2), "hex").includes("sesame"))).toBe(true);
  expect(JSON.stringify(await call("delivery.pipeline-secret.list", { repository: "floods" }))).not.toContain("sesame");
}, 240_000);

test("a cache is put back for the same key, never another repository's or branch's, and not when somebody changed it", async () => {
  const yaml = (more = ""): string => `steps:
  - name: fill
    script: |
      cat kept/thing ~/.npm/thing 2>/dev/null || echo nothing
      mkdir -p kept ~/.npm
      echo "$ROADBED_REPOSITORY-$ROADBED_BRANCH" > kept/thing
      echo home > ~/.npm/thing
    cache: { paths: [kept, ~/.npm], key: ["*.lock"] }
${more}`;
  const said = async (name: string): Promise<string[]> => {
    const run = await ended(name);
    const { items } = await call<OutputOf<typeof getPipelineLogs>>("delivery.pipeline.logs", { id: run.id });
    return [run.steps[0]!.cache!, ...items.filter(({ stream }) => stream === "stdout").map(({ message }) => message)];
  };
  await create("first", { ".roadbed/pipeline.yaml": yaml(), "a.lock": "1" });
  expect(await said("first")).toEqual(["saved", "nothing"]);
  await push("first", { "b.txt": "1" });
  expect(await said("first")).toEqual(["found", "first-main", "home"]);
  // The same file in another repository, and another key.
  await create("second", { ".roadbed/pipeline.yaml": yaml(), "a.lock": "1" });
  expect(await said("second")).toEqual(["saved", "nothing"]);
  await push("first", { "a.lock": "2" }, "work");
  expect(await said("first")).toEqual(["saved", "nothing"]);
  // What another branch left does not reach the default one.
  await push("first", { "a.lock": "2" });
  expect(await said("first")).toEqual(["saved", "nothing"]);
  // A repository that writes to another's folder reaches nothing but a cache that is not used.
  const folder = join(dataDir, "pipelines/first/cache");
  for (const name of await readdir(folder))
    await writeFile(
      join(folder, name),
      await readFile(join(dataDir, "pipelines/second/cache", (await readdir(join(dataDir, "pipelines/second/cache")))[0]!)),
    );
  await push("first", { "c.txt": "1" });
  expect(await said("first")).toEqual(["saved", "nothing"]);
}, 240_000);

test("a deployment of the default branch waits for the pipeline; one that fails is not deployed, and says why", async () => {
  const gate = join(dataDir, "gate");
  const yaml = `steps:\n  - { name: test, run: [[node, test.cjs]] }\n`;
  const waits = `const fs = require("fs"); const look = () => fs.existsSync(${JSON.stringify(gate)}) ? process.exit(Number(fs.readFileSync(${JSON.stringify(gate)}, "utf8"))) : setTimeout(look, 50); look();`;
  await create("shop", { ...files(service({ version: "v1" })), "test.cjs": waits, ".roadbed/pipeline.yaml": yaml });
  const waiting = await eventually(async () => {
    const [deployment] = await deployments("shop");
    const [run] = await runs("shop");
    if (run?.state !== "running" || deployment === undefined) throw new Error("not yet");
    return { deployment, run };
  }, 60_000);
  expect(waiting.deployment).toMatchObject({ status: "queued", pipelineRun: waiting.run.id });
  await writeFile(gate, "3");
  const failed = await eventually(async () => {
    const [deployment] = await deployments("shop");
    if (deployment?.status !== "failed") throw new Error(deployment?.status);
    return deployment;
  }, 60_000);
  expect(failed.error).toMatch(/Its pipeline failed \(pip_.*Step test: `node test.cjs` ended with exit code 3/s);
  // Run again, it succeeds: it is deployed after all, and the commit is known to do now this, now that.
  await writeFile(gate, "0");
  await call("delivery.pipeline.run", { repository: "shop" });
  await eventually(async () => {
    const [deployment] = await deployments("shop");
    if (deployment?.status !== "healthy") throw new Error(deployment?.status);
  }, 60_000);
  expect((await runs("shop")).map(({ state, flaky }) => [state, flaky])).toEqual([
    ["succeeded", true],
    ["failed", true],
  ]);
  expect((await call<{ items: PipelineRun[] }>("delivery.pipeline.list", { repository: "shop", only: "troubled" })).items).toHaveLength(2);
}, 240_000);

test("a change is merged only when the pipeline of its commit has succeeded, and the merged commit is not run again", async () => {
  await create("lib", { "a.txt": "1", ".roadbed/pipeline.yaml": "steps:\n  - { name: test, run: [[node, test.cjs]] }\n", "test.cjs": "" });
  await ended("lib");
  await push("lib", { "test.cjs": "process.exit(1)" }, "work");
  const change = await call<Change>("delivery.change.open", { repository: "lib", branch: "work", title: "Work" });
  await ended("lib");
  await expect(call("delivery.change.merge", { id: change.id })).rejects.toThrow(/pipeline failed/);
  await push("lib", { "test.cjs": "process.exit(0)" }, "work");
  await eventually(async () => {
    const now = await call<Change>("delivery.change.get", { id: change.id });
    if (now.head === change.head) throw new Error("not moved");
  });
  await expect(call("delivery.change.merge", { id: change.id })).rejects.toThrow(/is (queued|running)|has not run/);
  await ended("lib");
  await call("delivery.change.merge", { id: change.id });
  await eventually(async () => {
    const { rows } = await server.db.query("select head from delivery.repository where name = 'lib'");
    if (rows[0]?.["head"] === change.base) throw new Error("not yet");
  });
  expect(await runs("lib")).toHaveLength(3);
  await push("lib", { ".roadbed/pipeline.yaml": "steps: []\n" });
  expect(await ended("lib")).toMatchObject({ state: "failed", error: expect.stringContaining("pipeline.yaml:1"), steps: [] });
}, 240_000);

test("of two pushes at once the newer one supersedes what waits, and a run that is cancelled ends with its processes", async () => {
  const gate = join(dataDir, "never");
  const hold = `const fs = require("fs"); fs.writeFileSync(process.env.HOME + "/../../pid-" + process.env.ROADBED_REPOSITORY, String(process.pid)); setInterval(() => { if (fs.existsSync(${JSON.stringify(gate)})) process.exit(0); }, 50);`;
  const tree = { "hold.cjs": hold, ".roadbed/pipeline.yaml": "steps:\n  - { name: hold, run: [[node, hold.cjs]] }\n" };
  // Two take the places that there are.
  await create("busy-a", tree);
  await create("busy-b", tree);
  await eventually(async () => {
    const states = [...(await runs("busy-a")), ...(await runs("busy-b"))].map(({ state }) => state);
    if (states.join() !== "running,running") throw new Error(states.join());
  });
  await create("busy-c", tree);
  await eventually(async () => expect((await runs("busy-c"))[0]?.state).toBe("queued"));
  await Promise.all([push("busy-c", { "x.txt": "1" }), push("busy-c", { "y.txt": "1" }, "other")]);
  await push("busy-c", { "x.txt": "2" });
  await eventually(async () => {
    expect((await runs("busy-c")).filter(({ branch }) => branch === "main").map(({ state }) => state)).toEqual([
      "queued",
      "superseded",
      "superseded",
    ]);
  });
  const [held] = await runs("busy-a");
  const pid = Number(await eventually(() => readFile(join(dataDir, "pipelines", "busy-a", "work", "pid-busy-a"), "utf8")));
  expect(await call<PipelineRun>("delivery.pipeline.cancel", { id: held!.id })).toMatchObject({ state: "cancelled" });
  await eventually(async () => expect(() => process.kill(-pid, 0)).toThrow(/ESRCH/), 15_000);
  await expect(call("delivery.pipeline.cancel", { id: held!.id })).rejects.toMatchObject({ code: "CONFLICT" });
  expect((await call<Shown>("delivery.pipeline.get", { id: held!.id })).steps[0]?.state).toBe("cancelled");
  await writeFile(gate, "");
  await eventually(async () => {
    const states = [...(await runs("busy-b")), ...(await runs("busy-c"))].map(({ state }) => state);
    expect(states.toSorted()).toEqual(["succeeded", "succeeded", "succeeded", "superseded", "superseded"]);
  }, 100_000);
}, 240_000);

test("what somebody may not see is not there", async () => {
  await create("hidden", { ".roadbed/pipeline.yaml": "steps:\n  - { name: a, run: [[node, -v]] }\n" });
  const run = await ended("hidden");
  server.hidden.add("component:default/hidden");
  for (const name of ["get", "logs", "cancel"])
    await expect(call(`delivery.pipeline.${name}`, { id: run.id })).rejects.toMatchObject({ code: "NOT_FOUND" });
  await expect(call("delivery.pipeline.run", { repository: "hidden" })).rejects.toMatchObject({ code: "NOT_FOUND" });
  expect(await runs("hidden")).toEqual([]);
});

test("what succeeded is attested: anybody verifies it by the public key, and its bill of materials names what its lock file does", async () => {
  const lock = { lockfileVersion: 3, packages: { "": {}, "node_modules/left-pad": { version: "1.3.0", license: "WTFPL" } } };
  await create("made", {
    "package-lock.json": JSON.stringify(lock),
    ".roadbed/pipeline.yaml": `steps:\n  - { name: make, run: [[node, -e, "require('fs').writeFileSync('a.txt', 'a')"]], artefacts: [a.txt] }\n`,
  });
  const run = await ended("made");
  const items = await eventually(async () => {
    const found = await call<{ items: Attestation[] }>("delivery.attestation.list", { runId: run.id });
    const all = await call<{ items: Attestation[] }>("delivery.attestation.list", { entityRef: "component:default/made" });
    if (all.items.length < 2) throw new Error("not attested yet");
    expect(found.items.map(({ kind }) => kind)).toEqual(["provenance"]);
    return all.items;
  });
  const provenance = await call<OutputOf<typeof getAttestation>>("delivery.attestation.get", {
    id: items.find(({ kind }) => kind === "provenance")!.id,
  });
  expect(JSON.parse(provenance.statement)).toMatchObject({
    subject: [
      { name: "made", digest: { gitCommit: run.commit, gitTree: await server.repositories.treeHash("made", run.commit) } },
      { name: "a.txt", digest: { sha256: run.artefacts[0]!.digest.slice(7) } },
    ],
    predicate: { runDetails: { builder: { id: `${server.url}/pipelines` } } },
  });
  const { publicKey } = await call<OutputOf<typeof getAttestationKey>>("delivery.attestation.key", {});
  const verify = (input: object) =>
    call<OutputOf<typeof verifyAttestation>>("delivery.attestation.verify", { envelope: provenance.envelope, ...input });
  expect(await verify({ digest: run.artefacts[0]!.digest, publicKey })).toMatchObject({ verified: true });
  const changed = JSON.parse(provenance.envelope) as { payload: string };
  const payload = Buffer.from(Buffer.from(changed.payload, "base64").toString().replace("made", "evil")).toString("base64");
  expect(await verify({ envelope: JSON.stringify({ ...changed, payload }) })).toMatchObject({ verified: false, subjects: [] });
  await expect(verify({ publicKey: "no key" })).rejects.toMatchObject({ code: "INVALID" });
  const sbom = await call<OutputOf<typeof getAttestation>>("delivery.attestation.get", {
    id: items.find(({ kind }) => kind === "sbom")!.id,
  });
  expect(sbom.contents).toEqual([
    { purl: "pkg:npm/left-pad@1.3.0", name: "left-pad", version: "1.3.0", license: "WTFPL", development: false, from: "package-lock.json" },
  ]);
  expect(await supplyChainOf(server.db, "made", run.commit)).toMatchObject({
    provenance: { present: true, verified: true },
    sbom: { components: [{ name: "left-pad" }] },
  });
  expect(await supplyChainOf(server.db, "made", "0".repeat(40))).toMatchObject({
    provenance: { present: false, verified: false, builder: "none" },
    sbom: { present: false },
  });
  // What was changed in the tables afterwards does not fit its signature, and is no proof.
  const forge =
    "update delivery.attestation set envelope = jsonb_set(envelope, '{payload}', to_jsonb($2::text)) where commit = $1 and kind = 'provenance' returning 1";
  const forged = Buffer.from(JSON.stringify({ subject: run.commit })).toString("base64");
  await server.db.query(forge, [run.commit, forged]);
  expect(await supplyChainOf(server.db, "made", run.commit)).toMatchObject({ provenance: { present: true, verified: false } });
  const { rows } = await server.db.query<{ sealed: Buffer }>("select sealed from delivery.signing_key");
  expect(rows[0]?.sealed.toString("latin1")).not.toContain("PRIVATE");
}, 240_000);

test("runs at other hosts are runs like those made here, however often and in whichever order they are told", async () => {
  const tell = (more: Partial<ToldBuild>): Promise<void> =>
    server.runtime.write(callAs(), pushRepository, {} as never, undefined, (ctx) =>
      takeTold(
        { ...({} as DeliveryDeps), entities: { get: async () => undefined, componentAt: async () => "component:default/told" } },
        ctx,
        {
          system: "github",
          host: "github.com",
          repository: "acme/told",
          run: "workflow-1",
          name: "CI",
          branch: "main",
          commit: "a".repeat(40),
          message: "m",
          author: "Ada",
          attempt: 1,
          jobs: [],
          at: "2026-01-01T00:00:00.000Z",
          ...more,
        },
      ),
    );
  const one = async (): Promise<Shown> => call<Shown>("delivery.pipeline.get", { id: (await runs("acme/told"))[0]!.id });
  const job = { id: "7", name: "test" };
  await tell({ jobs: [{ ...job, state: "running", startedAt: "2026-01-01T00:01:00.000Z" }], at: "2026-01-01T00:01:00.000Z" });
  const done = {
    state: "failed" as const,
    at: "2026-01-01T00:02:00.000Z",
    startedAt: "2026-01-01T00:00:00.000Z",
    endedAt: "2026-01-01T00:02:00.000Z",
  };
  await tell(done);
  await tell(done);
  // Late, and older than what is known.
  await tell({ state: "running", at: "2026-01-01T00:00:30.000Z" });
  await tell({ jobs: [{ ...job, state: "failed", endedAt: "2026-01-01T00:01:50.000Z" }], at: "2026-01-01T00:01:50.000Z" });
  await tell({ jobs: [{ ...job, state: "queued" }], at: "2026-01-01T00:00:40.000Z" });
  expect(await runs("acme/told")).toHaveLength(1);
  expect(await one()).toMatchObject({
    host: "github",
    state: "failed",
    seconds: 120,
    entityRef: "component:default/told",
    steps: [{ name: "test", state: "failed" }],
  });
  expect(judge(await runsOfCommit(server.db, "acme/told", "a".repeat(40)), false)).toMatchObject({
    verdict: "blocked",
    why: expect.stringContaining("CI at GitHub failed"),
  });
  await tell({ state: "running", attempt: 2, at: "2026-01-01T00:03:00.000Z" });
  expect(await one()).toMatchObject({ state: "running" });
  await tell({ state: "succeeded", attempt: 2, at: "2026-01-01T00:04:00.000Z" });
  await tell(done);
  expect(await one()).toMatchObject({ state: "succeeded" });
  expect(judge(await runsOfCommit(server.db, "acme/told", "a".repeat(40)), false)).toMatchObject({ verdict: "passed" });
  const { rows } = await server.db.query(
    "select 1 from kernel.event where name = 'delivery.pipeline.finished' and payload->>'repository' = 'acme/told'",
  );
  expect(rows).toHaveLength(2);
});

test("an open change runs in an environment of its own, follows its pushes, and ends with it", async () => {
  await create("web", files(service({ version: "v1", manifest: "kind: service\nstart: [node, server.mjs]\npreviews: true\n" })));
  await push(
    "web",
    files(service({ version: "v2", manifest: "kind: service\nstart: [node, server.mjs]\npreviews: { hours: 5 }\n" })),
    "work",
  );
  const change = await call<Change>("delivery.change.open", { repository: "web", branch: "work", title: "Two" });
  const preview = (want: object) =>
    eventually(async () => {
      const shown = (await call<OutputOf<typeof getChange>>("delivery.change.get", { id: change.id })).preview;
      expect(shown).toMatchObject(want);
      return shown!;
    }, 100_000);
  const { address, environment } = await preview({ state: "ready", commit: change.head, expiresAt: expect.any(String) });
  expect(await (await fetch(address!)).text()).toBe("v2");
  await push("web", { "server.mjs": String(service({ version: "v3" })[0]!.content) }, "work");
  await preview({ state: "ready", commit: await server.repositories.head("web", "work") });
  expect(await (await fetch(address!)).text()).toBe("v3");
  // It is no release, and nothing of it stays.
  expect((await call<{ items: unknown[] }>("delivery.release.list", { entityRef: "component:default/web" })).items.length).toBeLessThan(2);
  await call("delivery.change.close", { id: change.id });
  await preview({ state: "ended", why: "The change was closed." });
  await expect(call("delivery.environment.create", { name: environment, hours: 1 })).resolves.toMatchObject({ name: environment });
  await eventually(async () => expect((await fetch(address!)).status).not.toBe(200), 30_000);
  // A repository has so many at once and no more.
  await server.db.query(
    `insert into delivery.change select id || n, key || n, repository, branch || n, target, title, body, status, base, head, made_head, conflicts, opened_by, opened_at, ended_by, ended_at, note
     from delivery.change, generate_series(1, 5) n where id = $1`,
    [change.id],
  );
  await server.db.query(
    "insert into delivery.preview select id, repository, id, head, 'ready', null, now() from delivery.change where repository = 'web' and id <> $1",
    [change.id],
  );
  await push("web", { "more.txt": "1" }, "other");
  const sixth = await call<Change>("delivery.change.open", { repository: "web", branch: "other", title: "Six" });
  await eventually(async () => {
    const shown = await call<OutputOf<typeof getChange>>("delivery.change.get", { id: sixth.id });
    expect(shown.preview).toMatchObject({ state: "refused", why: expect.stringContaining("5 previews") });
  }, 60_000);
}, 240_000);

async function call<T>(name: string, input: unknown): Promise<T> {
  const handler = server.delivery.handlers.find(({ operation }) => operation.name === name)!;
  return (await perform(server.runtime, handler, callAs({ actor: { kind: "user", id: "ada", name: "Ada" } }), input)) as T;
}

async function create(name: string, tree: Record<string, string>): Promise<void> {
  await server.runtime.write(callAs(), pushRepository, {} as never, undefined, (ctx) =>
    server.delivery.createRepository(ctx, {
      name,
      description: "",
      branch: "main",
      files: contents(tree),
      message: "first",
      author,
      key: name,
    }),
  );
}

/** A commit that is told of as a push is. */
async function push(name: string, tree: Record<string, string>, branch = "main"): Promise<void> {
  const before = await server.repositories.head(name, branch);
  const main = (await server.repositories.head(name, "main"))!;
  const input = { repository: name, branch, message: "pushed", author, files: contents(tree), removed: [] };
  await server.runtime.write(callAs(), pushRepository, {} as never, undefined, async (ctx) => {
    if (before !== undefined) return void (await server.delivery.commitToRepository(ctx, { ...input, parent: before }));
    const { hash } = await server.repositories.commitFiles(name, { ...input, onto: main, expectedParent: null });
    ctx.emit(repositoryPushed, name, {
      repository: name,
      branch,
      before: "0".repeat(40),
      after: hash,
      message: "pushed",
      author: author.name,
    });
  });
}

function contents(tree: Record<string, string>): { path: string; content: string }[] {
  return Object.entries(tree).map(([path, content]) => ({ path, content }));
}

function files(changes: readonly { path: string; content: string | Uint8Array }[]): Record<string, string> {
  return Object.fromEntries(changes.map(({ path, content }) => [path, String(content)]));
}

async function runs(repository: string): Promise<PipelineRun[]> {
  return (await call<{ items: PipelineRun[] }>("delivery.pipeline.list", { repository })).items;
}

async function deployments(name: string): Promise<Deployment[]> {
  return (await call<{ items: Deployment[] }>("delivery.deployment.list", { entityRef: `component:default/${name}` })).items;
}

/** The newest run, when it has ended and the newest commit is its own. */
function ended(repository: string): Promise<Shown> {
  return eventually(async () => {
    const [run] = await runs(repository);
    if (run?.endedAt === undefined) throw new Error(run?.state ?? "no run");
    const pushed = await Promise.all(["main", "work", "other"].map((branch) => server.repositories.head(repository, branch)));
    if (!pushed.filter(Boolean).every((commit) => seen.has(commit!) || commit === run.commit))
      throw new Error("a push was not heard of yet");
    for (const commit of pushed) if (commit !== undefined) seen.add(commit);
    return call<Shown>("delivery.pipeline.get", { id: run.id });
  }, 100_000);
}
const seen = new Set<string>();
