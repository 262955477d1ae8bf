import { chmod, readdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { InvalidError } from "@roadbed/core";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { createPreviewBench, folderOf, template, type PreviewBench } from "../testing/preview.ts";
import { createWorld, entity, type World } from "../testing/ports.ts";

const DIGEST = `sha256:${"1".repeat(64)}`;
let world: World;
let bench: PreviewBench;
beforeAll(async () => {
  world = createWorld();
  bench = await createPreviewBench(world, { deadlineMs: 1_500 });
});
beforeEach(() => {
  world.entities.clear();
  world.repositories.clear();
  world.calls.length = 0;
  world.entities.set("group:default/payments", entity("Group", "payments"));
});
afterAll(() => bench.close());

const SERVICE = template(`
parameters:
  - title: About
    required: [name, owner]
    properties:
      name: { type: string, ui:field: EntityNamePicker, pattern: "^[a-z][a-z0-9-]*$", maxLength: 63, roadbed:unique: [component, repository] }
      owner: { type: string, ui:field: OwnerPicker }
      image: { type: string, default: "node:24@${DIGEST}" }
steps:
  - id: fetch
    name: Fill in the skeleton
    action: fetch:template
    input: { url: ./skeleton, values: { name: "\${{ parameters.name }}", owner: "\${{ parameters.owner }}", image: "\${{ parameters.image }}" } }
  - id: publish
    action: publish:git
    input: { name: "\${{ parameters.name }}", description: A service }
  - id: register
    action: catalog:register
    input: { repoContentsUrl: "\${{ steps.publish.output.repoContentsUrl }}" }
  - id: deploy
    action: roadbed:deploy:wait
    input: { entityRef: "\${{ steps.register.output.entityRef }}", commit: "\${{ steps.publish.output.commitHash }}" }
`);
const skeleton = (): Promise<string> =>
  folderOf({
    "skeleton/catalog-info.yaml":
      "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: ${{ values.name }}\nspec:\n  type: service\n  owner: ${{ values.owner }}\n",
    "skeleton/Dockerfile": "FROM ${{ values.image }}\n",
    "skeleton/src/${{ values.name }}.js": "console.log('${{ values.name }}');\n",
    "skeleton/logo.png": new Uint8Array([137, 80, 78, 71, 0, 1, 2]),
  });

test("a preview shows files, entities, resources and what each step would do, and makes nothing", async () => {
  const preview = await bench.preview(SERVICE, await skeleton(), { name: "orders", owner: "payments" });
  expect(preview.verdict).toBe("allow");
  expect(preview.files.map(({ path }) => path)).toEqual(["Dockerfile", "catalog-info.yaml", "logo.png", "src/orders.js"]);
  expect(preview.files.find(({ path }) => path === "src/orders.js")?.text).toBe("console.log('orders');\n");
  expect(preview.files.find(({ path }) => path === "logo.png")).not.toHaveProperty("text");
  expect(preview.entities.map(({ ref }) => ref)).toEqual(["component:default/orders"]);
  expect(preview.resources.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
    "Repository orders",
    "Entity component:default/orders",
    "Workload component:default/orders",
  ]);
  expect(preview.steps.map(({ effect }) => effect)).toEqual([
    "Fills in the skeleton ./skeleton.",
    "Makes the repository orders with 4 files in a first commit on main.",
    "Registers component:default/orders in the catalogue.",
    "Builds and starts component:default/orders in dev and waits until it is healthy.",
  ]);
  expect(world.calls).toEqual([]);
  expect(world.repositories.size).toBe(0);
});

test("an image that is not pinned is denied, with the rule's reason, before anything is made", async () => {
  const preview = await bench.preview(SERVICE, await skeleton(), { name: "orders", owner: "payments", image: "node:latest" });
  expect(preview.verdict).toBe("deny");
  expect(preview.findings).toMatchObject([{ message: "The image node:latest is not pinned.", file: "Dockerfile" }]);
  expect(world.calls).toEqual([]);
});

describe("values that cannot be", () => {
  test.each<[string, Record<string, unknown>, object]>([
    [
      "an owner nobody knows",
      { name: "orders", owner: "payment" },
      { at: "owner", reason: 'there is no owner "payment" in the catalogue', mend: "Did you mean group:default/payments?" },
    ],
    ["no owner", { name: "orders" }, { at: "owner", reason: "is needed", mend: "Give it a value." }],
    ["a name with letters of the world", { name: "bestellungen-für-łódź", owner: "payments" }, { at: "name" }],
    [
      "a name of 64 letters",
      { name: "a".repeat(64), owner: "payments" },
      { at: "name", reason: "must have at most 63 characters, and has 64", mend: "Shorten it." },
    ],
    [
      "a field that is not there",
      { name: "orders", owner: "payments", onwer: "x" },
      { at: "onwer", reason: "is not a field of this path", mend: "Did you mean owner?" },
    ],
    ["HTML and SQL in the name", { name: "<script>'; drop table x;--", owner: "payments" }, { at: "name" }],
  ])("%s", async (_what, values, problem) => {
    const error = await bench.preview(SERVICE, await skeleton(), values).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(InvalidError);
    expect((error as InvalidError).problems).toEqual([expect.objectContaining(problem)]);
  });

  test("a name that is taken, in the catalogue or as a repository", async () => {
    world.entities.set("component:default/orders", entity("Component", "orders"));
    const both = { at: "name", mend: "Choose another name." };
    await expect(bench.preview(SERVICE, await skeleton(), { name: "orders", owner: "payments" })).rejects.toMatchObject({
      problems: [{ ...both, reason: "component:default/orders is there already" }],
    });
    world.entities.delete("component:default/orders");
    world.repositories.set("orders", { key: "other", commit: "", files: [] });
    await expect(bench.preview(SERVICE, await skeleton(), { name: "orders", owner: "payments" })).rejects.toMatchObject({
      problems: [{ ...both, reason: "a repository named orders is there already" }],
    });
  });
});

describe("a template that wants out", () => {
  const one = (input: string, action = "fetch:template") => template(`steps: [{ id: s, action: "${action}", input: ${input} }]`);
  test.each<[string, string, string]>([
    ["a target above the workspace", "fetch:template", "{ url: ./skeleton, targetPath: ../../etc }"],
    ["an absolute target", "fetch:plain", "{ url: ./skeleton, targetPath: /tmp/x }"],
    ["a skeleton above the path", "fetch:template", "{ url: ../../../../../etc }"],
    ["a file above the path", "fetch:plain:file", "{ url: ../../../../../etc/passwd, targetPath: a }"],
    ["deleting above the workspace", "fs:delete", "{ files: [../../x] }"],
    ["renaming out", "fs:rename", "{ files: [{ from: a, to: ../b }] }"],
    ["reading out", "fs:readdir", "{ paths: [../..] }"],
    ["writing an entity out", "catalog:write", "{ filePath: ../../x.yaml, entity: { apiVersion: a, kind: b, metadata: { name: c } } }"],
    ["publishing from outside", "publish:git", "{ name: x, sourcePath: ../../ }"],
    ["a file name that leads out", "fetch:template", '{ url: ./evil, values: { up: "../../../outside" } }'],
  ])("%s is refused", async (_what, action, input) => {
    const folder = await folderOf({ "skeleton/a.txt": "x", "evil/${{ values.up }}.txt": "x" });
    await expect(bench.preview(one(input, action), folder, {})).rejects.toThrow(/leads out of/);
  });

  test("links out of the skeleton are left out, links inside it are files", async () => {
    const folder = await folderOf({ "skeleton/a.txt": "x", "secret.txt": "s" });
    await symlink("../secret.txt", join(folder, "skeleton/outside"));
    await symlink("/etc", join(folder, "skeleton/etc"));
    await symlink("a.txt", join(folder, "skeleton/inside"));
    const preview = await bench.preview(one("{ url: ./skeleton }"), folder, {});
    expect(preview.files.map(({ path, text }) => `${path}=${text}`)).toEqual(["a.txt=x", "inside=x"]);
    expect(preview.log.filter((line) => line.includes("left out"))).toHaveLength(2);
  });

  test("an address elsewhere is refused in words", async () => {
    const folder = await folderOf({ "a.txt": "x" });
    await expect(bench.preview(one("{ url: 'https://github.com/a/b/tree/main/skeleton' }"), folder, {})).rejects.toThrow(
      "This server talks to no other host.",
    );
    await expect(bench.preview(one("{ url: 'file:///etc' }"), folder, {})).rejects.toThrow(/outside of the path's own source/);
  });

  test("a loop without end is stopped", async () => {
    const folder = await folderOf({
      "skeleton/loop.txt": "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
    });
    await expect(bench.preview(one("{ url: ./skeleton }"), folder, {})).rejects.toThrow(
      /loop\.txt took longer than 1\.5 s and was stopped/,
    );
  });

  test("an expression that throws is left as it is and told in the log; in a file it stops the path", async () => {
    const folder = await folderOf({ "skeleton/a.txt": "one\n${{ values.x.y.z() }}" });
    const logged = await bench.preview(
      template('steps: [{ id: s, action: "debug:log", input: { message: "${{ nosuch() }}" } }]'),
      folder,
      {},
    );
    expect(logged.log).toEqual([
      '[s] warning: "${{ nosuch() }}" could not be evaluated and is left as it is: `nosuch` is not defined',
      "[s] ${{ nosuch() }}",
    ]);
    await expect(bench.preview(one("{ url: ./skeleton }"), folder, {})).rejects.toThrow(/^a\.txt, line 2: /);
  });
});

describe("fetch:template", () => {
  const fetch = (input: string) =>
    template(
      `steps: [{ id: s, action: "fetch:template", input: { url: ./skeleton, values: { name: orders, list: [1, 2], no: false }, ${input} } }]`,
    );
  const files = async (input: string, skeletonFiles: Record<string, string | Uint8Array>): Promise<Record<string, string | undefined>> => {
    const preview = await bench.preview(fetch(input), await folderOf(skeletonFiles), {});
    return Object.fromEntries(preview.files.map(({ path, text }) => [path, text]));
  };

  test("a name that renders to nothing in part leaves the file out", async () => {
    expect(
      await files("", {
        "skeleton/{% if values.no %}x{% endif %}": "1",
        "skeleton/{% if values.no %}d{% endif %}/f": "1",
        "skeleton/${{ values.name }}": "1",
      }),
    ).toEqual({ orders: "1" });
  });
  test("copyWithoutTemplating keeps the content and renders the name, copyWithoutRender keeps both", async () => {
    const skeletonFiles = { "skeleton/.github/${{ values.name }}.yml": "${{ secrets.X }}", "skeleton/b": "${{ values.name }}" };
    expect(await files('copyWithoutTemplating: [".github/**"]', skeletonFiles)).toEqual({
      ".github/orders.yml": "${{ secrets.X }}",
      b: "orders",
    });
    expect(await files('copyWithoutRender: [".github/**"]', skeletonFiles)).toEqual({
      ".github/${{ values.name }}.yml": "${{ secrets.X }}",
      b: "orders",
    });
  });
  test("templateFileExtension renders only such files and takes the extension away", async () => {
    const skeletonFiles = {
      "skeleton/a.md.njk": "${{ values.name }}",
      "skeleton/b.md": "${{ values.name }}",
      "skeleton/c.tpl": "${{ values.name }}",
    };
    expect(await files("templateFileExtension: true", skeletonFiles)).toEqual({
      "a.md": "orders",
      "b.md": "${{ values.name }}",
      "c.tpl": "${{ values.name }}",
    });
    expect(await files("templateFileExtension: .tpl", skeletonFiles)).toMatchObject({ c: "orders" });
  });
  test("cookiecutterCompat reads {{ cookiecutter.name }}", async () => {
    const made = await files("cookiecutterCompat: true", {
      "skeleton/{{cookiecutter.name}}/a": "{{ cookiecutter.list | jsonify }} ${{ x }}",
    });
    expect(Object.keys(made)).toEqual(["orders/a"]);
    expect(made["orders/a"]).toMatch(/^\[1,2\]/);
  });
  test("trimBlocks and lstripBlocks", async () => {
    const text = "a\n  {% if true %}\nb\n  {% endif %}\nc";
    expect(await files("trimBlocks: true, lstripBlocks: true", { "skeleton/x": text })).toEqual({ x: "a\nb\nc" });
  });
  test("a file that is there already is kept, unless replace", async () => {
    const two = (replace: boolean) =>
      template(
        `steps: [{ action: "fetch:template", input: { url: ./one } }, { action: "fetch:template", input: { url: ./two, replace: ${replace} } }]`,
      );
    const folder = await folderOf({ "one/a": "1", "two/a": "2" });
    expect((await bench.preview(two(false), folder, {})).files[0]?.text).toBe("1");
    expect((await bench.preview(two(true), folder, {})).files[0]?.text).toBe("2");
  });
  test("binaries are copied as they are and programs stay programs", async () => {
    const folder = await folderOf({ "skeleton/run.sh": "#!/bin/sh\n", "skeleton/x.bin": new Uint8Array([0, 36, 123, 123, 255]) });
    await chmod(join(folder, "skeleton/run.sh"), 0o755);
    const preview = await bench.preview(fetch(""), folder, {});
    expect(preview.files).toMatchObject([
      { path: "run.sh", executable: true },
      { path: "x.bin", bytes: 5, executable: false },
    ]);
  });
});

test("each, if, always(), outputs with types, and files moved and deleted", async () => {
  const preview = await bench.preview(
    template(`
parameters: { properties: { items: { type: array }, on: { type: boolean } } }
steps:
  - { id: plain, action: "fetch:plain", input: { url: ./files } }
  - { id: list, action: "fs:readdir", input: { paths: [.], recursive: true } }
  - { id: off, if: "\${{ parameters.on }}", action: "debug:log", input: { message: never } }
  - { id: tell, each: "\${{ parameters.items }}", if: "\${{ each.value != 'skip' }}", action: "debug:log", input: { message: "\${{ each.key }}=\${{ each.value }}" } }
  - { id: count, action: "debug:log", input: { message: "\${{ steps.list.output.files.length }}" } }
  - { id: move, action: "fs:rename", input: { files: [{ from: a.txt, to: deep/b.txt }] } }
  - { id: drop, action: "fs:delete", input: { files: ["**/*.tmp"] } }
  - { id: write, action: "catalog:write", input: { entity: { apiVersion: backstage.io/v1alpha1, kind: Component, metadata: { name: x }, spec: { owner: payments } } } }
`),
    await folderOf({ "files/a.txt": "1", "files/b.tmp": "2", "files/c/d.tmp": "3" }),
    { items: ["one", "skip", "two"], on: false },
  );
  expect(preview.steps.filter(({ skipped }) => skipped).map(({ id }) => id)).toEqual(["off"]);
  expect(preview.log).toEqual(expect.arrayContaining(["[tell] 0=one", "[tell] 2=two", "[count] 3"]));
  expect(preview.log).not.toContain("[tell] 1=skip");
  expect(preview.files.map(({ path }) => path)).toEqual(["catalog-info.yaml", "deep/b.txt"]);
  expect(preview.files[0]?.text).toContain("backstage.io/source-template: template:default/sample");
});

test("secrets are in no log, not as they are and not made into something else", async () => {
  const preview = await bench.preview(
    template(`
parameters: { properties: { pin: { type: string, ui:widget: password } } }
steps:
  - { id: plain, action: "debug:log", input: { message: "the token is \${{ secrets.token }}!" } }
  - { id: upper, action: "debug:log", input: { message: "\${{ secrets.token | upper | replace('T', '-') }}" } }
  - { id: pin, action: "debug:log", input: { message: "\${{ parameters.pin }}" } }
  - { id: b64, action: "debug:log", input: { message: "${Buffer.from("s3cret-tok3n").toString("base64")}" } }
  - { id: fine, action: "debug:log", input: { message: "all is well" } }
`),
    undefined,
    { pin: "4711-4712" },
    { token: "s3cret-tok3n" },
  );
  expect(preview.log).toEqual(
    ["[plain] ***", "[upper] ***", "[pin] ***", "[b64] ***", "[fine] all is well"].map((line) => (line.endsWith("***") ? "***" : line)),
  );
  expect(JSON.stringify(preview)).not.toMatch(/s3cret|S3CRE|4711/);
});

test("an action that Roadbed does not have is named before anything else is done", async () => {
  const unknown = template('steps: [{ id: p, action: "publish:azure", input: {} }]');
  await expect(bench.preview(unknown, undefined, {})).rejects.toMatchObject({
    message: "This path needs the action publish:azure, which Roadbed does not have.",
    problems: [{ at: "steps.p", mend: "Use publish:github, publish:gitlab or publish:git in place of publish:azure." }],
  });
});

test("an input that does not fit its action names the step and the field", async () => {
  await expect(
    bench.preview(template('steps: [{ id: f, name: Fetch, action: "fetch:template", input: { values: 3 } }]'), undefined, {}),
  ).rejects.toThrow(/The step "Fetch" gives fetch:template an input that does not fit: url .*; values /);
});

test("the scratch folder is gone afterwards, also after an error", async () => {
  const own = await createPreviewBench(world);
  await own.preview(template('steps: [{ action: "debug:log", input: {} }]'), undefined, {});
  await own.preview(template('steps: [{ action: "fetch:plain", input: { url: "./x" } }]'), undefined, {}).catch(() => undefined);
  expect(await readdir(join(own.dataDir, "previews"))).toEqual([]);
  await own.close();
});

test("a repository that would be made twice is refused before anything is made, by two steps or by one that is repeated", async () => {
  const twice = template(`steps:
  - { id: one, action: "publish:git", input: { name: orders } }
  - { id: two, action: "publish:git", input: { name: "\${{ 'Orders' | lower }}" } }`);
  await expect(bench.preview(twice, undefined, {})).rejects.toMatchObject({
    message: "The repository orders would be made twice, by one and two.",
    problems: [{ at: "steps.one" }, { at: "steps.two" }],
  });
  const each = template(
    `steps: [{ id: all, each: [a, b], action: "publish:git", input: { name: "\${{ parameters.fixed or each.value }}" } }]`,
  );
  expect((await bench.preview(each, undefined, {})).resources.map(({ name }) => name)).toEqual(["a", "b"]);
  const same = template(`steps: [{ id: all, each: [a, b], action: "publish:git", input: { name: orders } }]`);
  await expect(bench.preview(same, undefined, {})).rejects.toThrow("would be made twice, by all.");
  expect(world.calls).toEqual([]);
});
