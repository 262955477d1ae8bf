import { cp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import type { OutputOf } from "@roadbed/core";
import type { Preview } from "@roadbed/contracts/paths";
import type { Deviation, diffLedger, LedgerDetail, LedgerEntry, listLedger, listVersions } from "@roadbed/contracts/paths/ledger";
import { eventually } from "@roadbed/testkit";
import fc from "fast-check";
import { stringify } from "yaml";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { blobHash } from "@roadbed/git";
import { createBench, type Bench } from "../testing/bench.suite.ts";
import { folderOf, template } from "../testing/preview.ts";
import { bareCtx, entity } from "../testing/ports.ts";
import { tellEnds } from "./end-deviations.ts";
import { renderPath } from "./render-path.ts";
import { createSources } from "./source-store.ts";

const FORM = `
managed: ["**", "!src/**"]
version: 1.0.0
parameters:
  required: [name]
  properties:
    name: { type: string }
    greeting: { type: string, default: hello }
    pin: { type: string, ui:widget: password }
steps:
  - { id: fetch, action: "fetch:template", input: { url: ./skeleton, values: "\${{ parameters }}" } }
  - { id: shared, action: "fetch:plain", input: { url: ../shared } }
  - { id: publish, action: "publish:git", input: { name: "\${{ parameters.name }}" } }
  - { id: register, action: "catalog:register", input: { repoContentsUrl: "\${{ steps.publish.output.repoContentsUrl }}" } }
`;
const SKELETON = {
  "service/skeleton/catalog-info.yaml":
    "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: { name: ${{ values.name }} }\nspec: { type: service, owner: payments }\n",
  "service/skeleton/config.txt": "greeting=${{ values.greeting }}\nport=8080\n",
  "service/skeleton/src/main.js": "console.log('${{ values.greeting }}');\n",
  "shared/ci.sh": "#!/bin/sh\nnpm test\n",
};

type List = OutputOf<typeof listLedger>;
let home: string;
let bench: Bench;

beforeAll(async () => {
  home = await folderOf({ "service/template.yaml": stringify(template(FORM, "service")), ...SKELETON });
  bench = await createBench(home, {
    deps: () => ({
      conditions: { holds: async (expression, { spec }) => spec?.["lifecycle"] === expression },
    }),
  });
});
afterAll(() => bench.close());

const show = (thing: string): Promise<LedgerDetail> => bench.call("paths.ledger.show", { thing });

describe("what a path made", () => {
  test("is remembered with version, answers and hashes, and without secrets", async () => {
    const run = await bench.run("service", { name: "orders", pin: "1234-secret" });
    expect(run.status).toBe("succeeded");
    const made = await show("component:default/orders");
    expect(run).toMatchObject({ version: "1.0.0", made: [{ thing: made.id, repository: "orders", commit: made.baseCommit }] });
    expect(made).toMatchObject({
      path: "template:default/service",
      version: "1.0.0",
      currentVersion: "1.0.0",
      state: "current",
      runId: run.id,
      repository: "orders",
      answers: { name: "orders", greeting: "hello", pin: "***" },
      files: 3,
    });
    expect(made.fileList.map(({ path, managed }) => [path, managed])).toEqual([
      ["catalog-info.yaml", true],
      ["ci.sh", true],
      ["config.txt", true],
      ["src/main.js", false],
    ]);
    expect(made.fileList.find(({ path }) => path === "config.txt")?.hash).toBe(blobHash("greeting=hello\nport=8080\n"));
    const kept = await bench.database.db.query("select * from paths.made");
    expect(JSON.stringify([kept.rows, made])).not.toContain("1234-secret");
  });

  test("drifts with a push that changes a managed file, and says whose commit it was", async () => {
    await bench.run("service", { name: "shop" });
    await bench.push("shop", [
      { path: "src/main.js", content: "mine\n" },
      { path: "new.txt", content: "new\n" },
    ]);
    await bench.heard();
    expect(await show("component:default/shop")).toMatchObject({ state: "current", drifted: 0 });
    const hash = await bench.push("shop", [{ path: "config.txt", content: "greeting=hello\nport=9090\n" }], { message: "Other port" });
    // Two pushes that are heard together are one look.
    await bench.heard();
    await bench.push("shop", [{ path: "moved.sh", content: "#!/bin/sh\nnpm test\n" }], { removed: ["ci.sh"], by: "Cleo Example" });
    await bench.heard();
    const made = await show("component:default/shop");
    expect(made).toMatchObject({ state: "drifted", drifted: 2 });
    expect(made.fileList.filter(({ change }) => change !== "none")).toMatchObject([
      { path: "ci.sh", change: "renamed", renamedTo: "moved.sh", author: "Cleo Example" },
      { path: "config.txt", change: "changed", commit: hash, author: "Ben Example", message: "Other port" },
    ]);
    const diff = await bench.call<OutputOf<typeof diffLedger>>("paths.ledger.diff", { thing: made.id, file: "config.txt" });
    expect(diff.items).toMatchObject([{ path: "config.txt", added: 1, removed: 1, patch: expect.stringContaining("+port=9090") }]);
    await bench.push("shop", [
      { path: "config.txt", content: "greeting=hello\nport=8080\n" },
      { path: "ci.sh", content: "#!/bin/sh\nnpm test\n" },
    ]);
    await bench.heard();
    expect(await show(made.id)).toMatchObject({ state: "current", drifted: 0 });
    const events = await bench.database.db.query<{ payload: { drifted: number } }>(
      "select payload from kernel.event where name = 'paths.ledger.changed' and subject = 'component:default/shop' order by seq",
    );
    expect(events.rows.map(({ payload }) => payload.drifted)).toEqual([1, 2, 0]);
  });

  test("is looked at on demand, also when nobody told of the push, and known to be gone", async () => {
    await bench.run("service", { name: "quiet" });
    await bench.repositories.commitFiles("quiet", {
      branch: "main",
      files: [],
      removed: ["ci.sh"],
      message: "Away",
      author: { name: "Ben", email: "b@example.org" },
    });
    const seen = await bench.call<LedgerEntry>("paths.ledger.check", { thing: "component:default/quiet" });
    expect(seen).toMatchObject({ state: "drifted", drifted: 1 });
    await bench.repositories.remove("quiet");
    expect(await bench.call("paths.ledger.check", { thing: seen.id })).toMatchObject({ state: "gone" });
  });

  test("is listed by state, and hidden from whom its entity is hidden", async () => {
    const all = await bench.call<List>("paths.ledger.list", {});
    expect(all.total).toBe(all.items.length);
    const gone = await bench.call<List>("paths.ledger.list", { state: "gone" });
    expect(gone.items.map(({ repository }) => repository)).toEqual(["quiet"]);
    expect(gone.counts).toEqual(all.counts);
    const page = await bench.call<List>("paths.ledger.list", { limit: 1 });
    const next = await bench.call<List>("paths.ledger.list", { limit: 1, cursor: page.nextCursor });
    expect([...page.items, ...next.items].map(({ id }) => id)).toEqual(all.items.slice(0, 2).map(({ id }) => id));
    bench.world.hidden.add("component:default/quiet");
    const seen = await bench.call<List>("paths.ledger.list", {});
    expect(seen.total).toBe((all.total ?? 0) - 1);
    await expect(show("component:default/quiet")).rejects.toMatchObject({ code: "NOT_FOUND" });
    bench.world.hidden.clear();
  });
});

describe("deviating knowingly", () => {
  const ben = { actor: { kind: "user", id: "ben", name: "Ben" } } as const;
  const reason = "Our port is fixed by a contract.";

  test("is declared with a reason and an end; then it is no drift, and after its end it is again", async () => {
    await bench.run("service", { name: "knowing" });
    await bench.push("knowing", [
      { path: "config.txt", content: "port=1\n" },
      { path: "ci.sh", content: "x\n" },
    ]);
    await bench.heard();
    const thing = "component:default/knowing";
    await expect(bench.call("paths.deviation.declare", { thing, reason: "short" })).rejects.toMatchObject({ code: "INVALID" });
    await expect(bench.call("paths.deviation.declare", { thing, reason, files: ["src/main.js"] })).rejects.toThrow(/not the path's/);
    const one = await bench.call<Deviation>("paths.deviation.declare", { thing, reason, files: ["config.txt"], days: 30 });
    expect(one).toMatchObject({ status: "active", files: ["config.txt"], owner: "group:default/payments", requestedBy: "user:ada" });
    expect(await show(thing)).toMatchObject({ state: "drifted", drifted: 1, deviating: 1 });
    const rest = await bench.call<Deviation>("paths.deviation.declare", { thing, reason });
    expect(rest.files).toEqual(["ci.sh"]);
    expect(await show(thing)).toMatchObject({ state: "deviates", drifted: 0, deviating: 2 });
    await bench.call("paths.deviation.end", { id: rest.id });
    expect(await show(thing)).toMatchObject({ state: "drifted", drifted: 1, deviating: 1 });
    await bench.database.db.query("update paths.deviation set expires_at = now() - interval '1 minute' where id = $1", [one.id]);
    expect(await show(thing)).toMatchObject({ state: "drifted", drifted: 2, deviating: 0 });
    for (let n = 0; n < 2; n++) await bench.write((ctx) => tellEnds(ctx));
    const told = await bench.database.db.query("select payload from kernel.event where name = 'paths.deviation.expired'");
    expect(told.rows).toMatchObject([{ payload: { deviation: one.id, files: 1, to: "group:default/payments" } }]);
    const listed = await bench.call<{ items: Deviation[] }>("paths.deviation.list", { thing, status: "expired" });
    expect(listed.items.map(({ id }) => id)).toEqual([one.id]);
  });

  test("needs somebody else's approval where the path says so; of two at once one decides, and after its end nobody", async () => {
    const strict = FORM.replace("version: 1.0.0", "version: 1.0.0\ndeviations: { approval: true, maxDays: 60 }");
    await cp(join(home, "service"), join(home, "strict"), { recursive: true });
    await writeFile(join(home, "strict/template.yaml"), stringify(template(strict, "strict")));
    await bench.run("strict", { name: "asking" });
    const thing = "component:default/asking";
    const ask = (): Promise<Deviation> => bench.call("paths.deviation.declare", { thing, reason, files: ["ci.sh"], days: 60 });
    await expect(bench.call("paths.deviation.declare", { thing, reason, files: ["ci.sh"], days: 61 })).rejects.toThrow(/60 days at most/);
    const asked = await ask();
    await bench.push("asking", [{ path: "ci.sh", content: "x\n" }]);
    await bench.heard();
    expect(asked.status).toBe("requested");
    expect(await show(thing)).toMatchObject({ state: "drifted" });
    await expect(bench.call("paths.deviation.approve", { id: asked.id })).rejects.toThrow(/Nobody approves what they asked for/);
    const stranger = { actor: { kind: "user", id: "eve", name: "Eve" } as const, scopes: new Set(["paths:write"]) };
    await expect(bench.call("paths.deviation.approve", { id: asked.id }, stranger)).rejects.toMatchObject({ code: "FORBIDDEN" });
    const both = await Promise.allSettled(
      ["approve", "refuse"].map((verb) => bench.call<Deviation>(`paths.deviation.${verb}`, { id: asked.id }, ben)),
    );
    expect(both.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    const late = await ask();
    await bench.database.db.query("update paths.deviation set expires_at = now() - interval '1 minute' where id = $1", [late.id]);
    await expect(bench.call("paths.deviation.approve", { id: late.id }, ben)).rejects.toThrow(/last day is over/);
  });
});

describe("a path about something that is there", () => {
  test("is offered only where its condition holds, and refused elsewhere at the field that names the entity", async () => {
    const spec = `
operation: day-2
version: 1.0.0
appliesTo: { kinds: [Component], condition: "production", parameter: thing }
promises: { guarantees: [Nothing breaks], support: "#platform", expectedMinutes: 2 }
parameters: { required: [thing], properties: { thing: { type: string }, text: { type: string } } }
steps: [{ id: say, action: "debug:log", input: { message: "\${{ parameters.thing }}" } }]
`;
    const golden = { ...template(spec, "tune"), apiVersion: "roadbed.dev/v1", kind: "GoldenPath" };
    await cp(await folderOf({ "tune/template.yaml": stringify(golden) }), home, { recursive: true });
    bench.world.entities.set("component:default/live", entity("Component", "live", { lifecycle: "production" }));
    bench.world.entities.set("component:default/trial", entity("Component", "trial", { lifecycle: "experimental" }));
    bench.world.entities.set("system:default/whole", entity("System", "whole", { lifecycle: "production" }));
    const on = async (entityRef: string): Promise<string[]> =>
      (await bench.call<{ items: { name: string }[] }>("paths.path.list", { entityRef })).items.map(({ name }) => name);
    expect(await on("component:default/live")).toEqual(["tune"]);
    for (const ref of ["component:default/trial", "system:default/whole", "component:default/nobody"]) expect(await on(ref)).toEqual([]);
    expect(await bench.call("paths.path.show", { path: "tune" })).toMatchObject({
      operation: "day-2",
      appliesTo: { parameter: "thing", kinds: ["component"] },
      guarantees: ["Nothing breaks"],
      expectedMinutes: 2,
    });
    expect((await bench.run("tune", { thing: "component:default/live" })).status).toBe("succeeded");
    for (const thing of ["component:default/trial", "component:default/nobody"]) {
      await expect(bench.call("paths.path.run", { path: "tune", values: { thing } })).rejects.toMatchObject({
        problems: [{ at: "thing" }],
      });
    }
    const creating = await bench.call<{ items: { name: string }[] }>("paths.path.list", { operation: "create" });
    expect(creating.items.map(({ name }) => name)).not.toContain("tune");
  });
});

describe("versions of a path", () => {
  test("what was made is older once the path moves on, and the old version is kept byte for byte", async () => {
    await cp(join(home, "service"), join(home, "versioned"), { recursive: true });
    const write = (text: string): Promise<void> => writeFile(join(home, "versioned/template.yaml"), stringify(template(text, "versioned")));
    await write(FORM);
    await bench.run("versioned", { name: "first" });
    const before = await show("component:default/first");
    await write(FORM.replace("version: 1.0.0", "version: 1.1.0\nchangelog: [{ version: 1.1.0, changes: [Another port] }]"));
    await writeFile(join(home, "versioned/skeleton/config.txt"), "port=9000\n");
    await eventually(async () => (await show(before.id)).older);
    const after = await show(before.id);
    expect(after).toMatchObject({ state: "older", version: "1.0.0", currentVersion: "1.1.0" });
    expect(after.changelog).toEqual([{ version: "1.1.0", changes: ["Another port"] }]);
    const versions = await bench.call<OutputOf<typeof listVersions>>("paths.version.list", { path: "versioned" });
    expect(versions.items.map(({ version, current, things }) => [version, current, things])).toEqual([
      ["1.1.0", true, 0],
      ["1.0.0", false, 1],
    ]);
    // Another server has only the database.
    const kept = await createSources(await folderOf({})).open(bench.database.db, versions.items[1]?.digest ?? "");
    await rm(join(home, "versioned"), { recursive: true });
    const user = { ref: "user:default/ada", entity: { apiVersion: "v1", kind: "User", metadata: { name: "ada" } } };
    const input = { taskId: before.runId, user, answers: before.answers, secrets: {}, step: "publish" };
    const files = await renderPath(bench.rendering, bareCtx(), kept, input);
    expect(files.map(({ path, content }) => [path, blobHash(content)])).toEqual(before.fileList.map(({ path, hash }) => [path, hash]));
  });
});

describe("a preview is exact", () => {
  const content = fc.oneof(
    fc.string({ maxLength: 60 }).map((text) => text.replaceAll(/[{}%#$]/g, "")),
    fc.constant("Hello ${{ values.a }} and ${{ values.b | upper }}\n"),
    fc.uint8Array({ maxLength: 40 }),
    fc.constant("{% raw %}${{ not.this }}{% endraw %}\r\n"),
  );
  const name = fc.stringMatching(/^[a-z][a-z0-9]{0,6}(\.(txt|js|yaml))?$/);
  const file = fc.tuple(
    fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => parts.join("/")),
    content,
  );
  let n = 0;
  beforeEach(() => n++);

  test("its files are byte for byte those that the run publishes", async () => {
    const plain = fc.string({ maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(fc.array(file, { minLength: 1, maxLength: 12 }), plain, plain, fc.boolean(), async (files, a, b, rename) => {
        const id = `case-${n}-${++count}`;
        const unique = new Map(files.map(([path, text]) => [path, text]));
        const folders = new Set(
          [...unique.keys()].flatMap((path) =>
            path
              .split("/")
              .slice(0, -1)
              .map((_, i, all) => all.slice(0, i + 1).join("/")),
          ),
        );
        const skeleton = [...unique].filter(([path]) => !folders.has(path));
        const steps = `
parameters: { properties: { a: { type: string }, b: { type: string } } }
steps:
  - { id: fetch, action: "fetch:template", input: { url: ./skeleton, values: "\${{ parameters }}" } }
  - { id: again, if: ${rename}, action: "fetch:template", input: { url: ./skeleton, targetPath: copy, values: { a: x, b: "\${{ parameters.b }}" } } }
  - { id: publish, action: "publish:git", input: { name: ${id} } }
`;
        const parts = {
          [`${id}/template.yaml`]: stringify(template(steps, id)),
          [`${id}/skeleton/always-\${{ values.b | length }}.txt`]: "x",
        };
        const made = await folderOf({ ...parts, ...Object.fromEntries(skeleton.map(([path, text]) => [`${id}/skeleton/${path}`, text])) });
        await cp(join(made, id), join(home, id), { recursive: true });
        const preview = await bench.call<Preview>("paths.path.preview", { path: id, values: { a, b } });
        const run = await bench.run(id, { a, b });
        expect(run.error).toBeUndefined();
        const tree = await bench.repositories.tree(id, "refs/heads/main");
        const inPreview = preview.files.map(({ path, hash, executable }) => ({ path, hash, executable }));
        const byPath = (x: { path: string }, y: { path: string }): number => (x.path < y.path ? -1 : 1);
        expect(inPreview.sort(byPath)).toEqual([...(tree?.files ?? [])].sort(byPath));
        expect(run.previewDigest).toBe(preview.digest);
      }),
      { numRuns: 12 },
    );
  });
});

let count = 0;
