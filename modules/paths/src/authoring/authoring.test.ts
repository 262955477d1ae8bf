import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

import { lintPath, newPath, previewDraft, testPath } from "@roadbed/contracts/paths/authoring";
import { createCel } from "@roadbed/cel";
import type { Sql } from "@roadbed/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";

import { createActions, type ActionDeps } from "../action/actions.ts";
import type { PathsDeps, Platform } from "../deps.ts";
import { createRenderer, type Renderer } from "../render/renderer.ts";
import { createClassLibrary } from "../resource/class-library.ts";
import type { Provisioner } from "../resource/provisioner.ts";
import type { RequestDeps } from "../resource/request-resource.ts";
import { makeCheckValues } from "../template/check-values.ts";
import { bareCtx, createWorld, entity, PUBLIC_URL } from "../testing/ports.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { makeAuthoringHandlers } from "./authoring-handlers.ts";
import { lint } from "./lint.ts";

const world = createWorld();
world.entities.set("group:default/web", entity("Group", "web"));
const cel = createCel({ deadlineMs: 5_000 });
const conditions: PathsDeps["conditions"] = {
  holds: async (expression, of) => (await cel.evaluate(expression, { entity: of })) === true,
  evaluate: (expression, variables) => cel.evaluate(expression, variables),
};
/** Operations that paths perform: what they are called is all that a preview asks. */
const platform: Platform = {
  find: (name) => ({ summary: `${name} with another class`, risk: name.endsWith("list") ? "read" : "medium" }),
  perform: () => Promise.reject(new Error("a preview performs nothing")),
};
/** The shipped classes, by provisioners that say what they would make. */
const provisionerOf = (id: string): Provisioner =>
  ({ id, inputs: z.looseObject({}), plan: async () => ({ words: `By ${id}.`, changes: [], problems: [] }) }) as unknown as Provisioner;
const resources = (catalog: PathsDeps["catalog"]): RequestDeps => ({
  catalog,
  classes: createClassLibrary({ folder: fileURLToPath(new URL("../../../../resource-classes", import.meta.url)), log: bareCtx().log }),
  provisioners: new Map(["embedded-postgres", "embedded-bucket", "embedded-queue"].map((id) => [id, provisionerOf(id)])),
});
const repositories = { tree: async () => undefined } as unknown as NonNullable<PathsDeps["repositories"]>;
const changes: PathsDeps["changes"] = { propose: () => Promise.reject(new Error("a preview proposes nothing")) };
const acting = { ...world.ports, publicUrl: PUBLIC_URL, platform, repositories, changes };
const actions = createActions({ ...acting, resources: resources(world.ports.catalog) });
const neighbours = {
  ...acting,
  actions,
  actionsWith: (over: Pick<ActionDeps, "catalog">) => createActions({ ...acting, ...over, resources: resources(over.catalog) }),
};
/** A database that holds nothing yet. */
const empty = { query: async () => ({ rows: [], rowCount: 0 }) } as unknown as Sql;
let renderer: Renderer;
let call: (name: string, input: object) => Promise<any>;
beforeAll(async () => {
  renderer = createRenderer();
  // The process for templates is there before the first test waits for it.
  await renderer.examine(["${{ 1 }}"]);
  const checkValues = makeCheckValues({ ...world.ports, renderer });
  const handlers = makeAuthoringHandlers({ ...neighbours, renderer, checkValues, conditions, dataDir: await temporaryFolder() });
  call = async (name, input) => handlers.find(({ operation }) => operation.name === name)!.run(bareCtx({ sql: empty }), input);
});
afterAll(() => Promise.all([renderer.close(), cel.close()]));

const draft = (files: Record<string, string>) =>
  Object.entries(files).map(([path, text]) => ({ path, base64: Buffer.from(text).toString("base64") }));
const HEAD = "apiVersion: scaffolder.backstage.io/v1beta3\nkind: Template\nmetadata: { name: t }\nspec:\n  type: service\n";
const said = async (files: Record<string, string>): Promise<string[]> =>
  (await lint({ actions, renderer }, draft(files))).map(
    ({ file, line, column, reason, mend }) => `${file}:${line}:${column} ${reason}${mend === undefined ? "" : ` (${mend})`}`,
  );

describe("lint says file, line, column, reason and mend", () => {
  const FORM = "  parameters:\n    required: [name, onwer]\n    properties:\n      name: { type: string }\n      owner: { type: string }\n";
  test.each<[string, string, string[]]>([
    [
      "a text that is no YAML",
      "a: [1\n",
      ["template.yaml:2:1 Flow sequence in block collection must be sufficiently indented and end with a ]"],
    ],
    ["a template without steps", HEAD, ["template.yaml:5:3 spec.steps is missing"]],
    [
      "an action that is not here",
      `${HEAD}  steps:\n    - action: publish:azure\n`,
      [
        "template.yaml:7:15 needs the action publish:azure, which Roadbed does not have; in Backstage it comes from @backstage/plugin-scaffolder-backend-module-azure (Azure DevOps) (Use publish:github, publish:gitlab or publish:git in place of publish:azure.)",
      ],
    ],
    [
      "inputs that do not fit, and none where they are open",
      `${HEAD}  steps:\n    - action: fs:rename\n      input:\n        files: \${{ parameters.files }}\n        filse: 1\n    - action: fs:delete\n      input: { files: 3 }\n`,
      [
        "template.yaml:10:9 fs:rename has no input filse; it is passed over (Did you mean files?)",
        "template.yaml:12:23 fs:delete does not take this: files Invalid input: expected array, received number",
      ],
    ],
    [
      "expressions: what they reach for, and where",
      `${HEAD}${FORM}  steps:\n    - id: say\n      action: debug:log\n      if: \${{ secrets.token }}\n      input:\n        message: \${{ parameters.nmae }} \${{ steps.later.output.x }} \${{ parameters.name | lowr }}\n    - id: later\n      action: debug:log\n      input: { message: "\${{ parameters.name | upper }} \${{ steps.say.outptu.x }}" }\n  output:\n    url: \${{ steps.latr.output.url }}\n`,
      [
        "template.yaml:7:22 onwer is required and is no field of this page (Did you mean owner?)",
        "template.yaml:14:11 secrets cannot be seen here (Use them in the input of a step, or in its each.)",
        "template.yaml:16:18 the expression cannot be evaluated: there is no filter lowr",
        "template.yaml:19:25 a step has no outptu (Write steps.say.output.outptu)",
        "template.yaml:21:10 there is no step latr before this (Did you mean later?)",
      ],
    ],
  ])("%s", async (_what, text, expected) => expect(await said({ "template.yaml": text })).toEqual(expected));

  test("skeletons: a template that does not parse, a value that the step does not give, a folder that is not there", async () => {
    const template = `${HEAD}  steps:\n    - action: fetch:template\n      input: { url: ./skeleton, values: { name: x } }\n    - action: fetch:plain\n      input: { url: ./gone }\n`;
    expect(
      await said({ "template.yaml": template, "skeleton/a.md": "one\n${{ values.nmae }}\n", "skeleton/b.md": "x\n{% if values.name %}\n" }),
    ).toEqual([
      "skeleton/a.md:2:1 the step gives no value nmae: it is filled in as nothing (Did you mean name?)",
      expect.stringMatching(/^skeleton\/b\.md:\d+:1 .*(endif|end of file|tag)/),
      "template.yaml:10:21 ./gone is not there (Add it beside template.yaml, or correct the url.)",
    ]);
  });
});

test("a new path is without fault, and its tests pass; a test that is not met says what differs", async () => {
  const { files } = newPath.output.parse(await call(newPath.name, { name: "my-service", owner: "group:default/web" }));
  const folder = draft(Object.fromEntries(files.map(({ path, text }) => [path, text])));
  expect(await call(lintPath.name, { folder })).toMatchObject({ ok: true, problems: [], pages: [{ title: "What it is" }] });
  const tested = testPath.output.parse(await call(testPath.name, { folder }));
  expect(tested.tests.map(({ name, problems }) => [name, ...problems])).toEqual([["a name that cannot be one"], ["with the least"]]);
  expect(tested.ok).toBe(true);
  const wrong = [
    ...folder,
    ...draft({
      "tests/wrong.yaml":
        'values: {name: orders, owner: web}\nexpect: {files: {README.md: "# other\\n", gone.md: {contains: [x]}}, only: true, verdict: deny, entities: []}\n',
    }),
  ];
  const { ok, tests } = testPath.output.parse(await call(testPath.name, { folder: wrong }));
  expect(ok).toBe(false);
  expect(tests.at(-1)?.problems).toEqual([
    "policies say allow, not deny",
    'README.md, line 1: is "# orders", not "# other"',
    "gone.md is not made",
    "catalog-info.yaml is made, and was not expected",
    "describes component:default/orders, not nothing",
  ]);
});

test("a draft is previewed with its output, says no secret, and has no effects", async () => {
  const template = `${HEAD}  parameters: { properties: { name: { type: string } }, required: [name] }
  steps:
    - { id: say, action: "debug:log", input: { message: "token \${{ secrets.token }}" } }
    - { id: files, action: "fetch:template", input: { url: ./skeleton, values: { name: "\${{ parameters.name }}" } } }
    - { id: publish, action: "publish:git", input: { name: "\${{ parameters.name }}" } }
  output: { where: "\${{ steps.publish.output.cloneUrl }}", hidden: "\${{ parameters.name }}" }
`;
  const folder = draft({ "template.yaml": template, "skeleton/a.md": "# ${{ values.name }}\n" });
  const made = previewDraft.output.parse(
    await call(previewDraft.name, { folder, values: { name: "orders" }, secrets: { token: "t0p-s3cret" } }),
  );
  expect(made.contents).toEqual([{ path: "a.md", executable: false, base64: Buffer.from("# orders\n").toString("base64") }]);
  expect(made.output).toMatchObject({ where: "http://localhost:4400/git/orders.git", links: [] });
  expect(JSON.stringify(made)).not.toContain("t0p-s3cret");
  expect(world.calls).toEqual([]);
  expect(await call(previewDraft.name, { folder, values: {} })).toMatchObject({ problems: [{ field: "name" }], contents: [] });
  await expect(call(previewDraft.name, { folder: [...folder, ...draft({ "../x": "" })], values: { name: "a" } })).rejects.toThrow(
    "leads out",
  );
});

test("what is typed into a Secret is a secret, as in Backstage", async () => {
  const template = `${HEAD}  parameters: { properties: { pin: { type: string, ui:field: Secret } } }
  steps:
    - { id: say, action: "debug:log", input: { message: "pin \${{ secrets.pin }}" } }
    - { id: write, action: "roadiehq:utils:fs:write", input: { path: a, content: "\${{ secrets.pin }}" } }
`;
  const made = await call(previewDraft.name, { folder: draft({ "template.yaml": template }), values: { pin: "4711-4712" } });
  expect(made.contents[0].base64).toBe(Buffer.from("4711-4712").toString("base64"));
  expect(made.preview.log).toEqual(["***"]);
  expect(made.preview.steps[0].effect).toBe("***");
});

describe("the test files beside each path that ships pass", () => {
  const shipped = fileURLToPath(new URL("../../../../golden-paths", import.meta.url));
  const files = readdirSync(shipped, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map((entry) => join(entry.parentPath, entry.name));
  const names = paths.flatMap((path) => /^[^/]+(?=\/template\.yaml$)/.exec(relative(shipped, path))?.[0] ?? []).toSorted();

  test("and there are some", () => expect(names.length).toBeGreaterThanOrEqual(20));

  test.each(names)("%s", async (name) => {
    const template = await readFile(join(shipped, name, "template.yaml"), "utf8");
    // As the command line sends it: with the folders beside it that it names.
    const places = [name, ...[...template.matchAll(/url: \.\.\/(\S+)/g)].map(([, place]) => place!)];
    const own = paths.filter((path) => places.some((place) => relative(shipped, path).startsWith(`${place}/`)));
    const folder = await Promise.all(
      own.map(async (path) => ({ path: relative(join(shipped, name), path), base64: (await readFile(path)).toString("base64") })),
    );
    const { ok, tests } = await call(testPath.name, { folder });
    expect(tests).not.toEqual([]);
    const problems = tests.flatMap(({ file, problems: found }: { file: string; problems: string[] }) =>
      found.map((one) => `${file}: ${one}`),
    );
    expect([problems, ok]).toEqual([[], true]);
  });
});

test("a draft may bring the folders beside it that it names; neither leads out of theirs", async () => {
  const template = `${HEAD}  steps: [{ id: take, action: "fetch:plain", input: { url: ../shared } }]\n`;
  const files = draft({ "template.yaml": template, "../shared/a.txt": "shared", "../shared/deep/b.txt": "too" });
  const made = await call(previewDraft.name, { folder: files, values: {} });
  expect(made.contents.map(({ path }: { path: string }) => path)).toEqual(["a.txt", "deep/b.txt"]);
  for (const path of ["../../out.txt", "../shared/../../out.txt", "/abs.txt"])
    await expect(call(previewDraft.name, { folder: [...files, ...draft({ [path]: "x" })], values: {} }), path).rejects.toThrow(/leads out/);
  const linted = await call(lintPath.name, { folder: files });
  expect(linted.problems).toEqual([]);
});
