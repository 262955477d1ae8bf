/**
 * Backstage's scaffolder API over golden paths and their runs, asked as its own client asks (the package is not among our
 * dependencies: the requests, headers and frames here are those of ScaffolderClient).
 */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { backstageFace } from "@roadbed/face-backstage";
import { createHttpServer } from "@roadbed/http";
import { createPaths, migrations, type Paths } from "@roadbed/paths";
import { createRelay } from "@roadbed/postgres";
import { callAs, createTestDatabase, quietLog, type TestDatabase } from "@roadbed/testkit";
import { createWorkflows } from "@roadbed/workflows";
import { WORKFLOW_TABLES } from "@roadbed/workflows/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { createWorld } from "../modules/paths/src/testing/ports.ts";

const TEMPLATE = `apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata: { name: service, title: A service, description: Makes one, "ui:options": { hidden: false } }
spec:
  type: service
  owner: group:default/platform
  parameters:
    - title: What
      required: [name]
      "backstage:permissions": { tags: [x] }
      properties: { name: { type: string, pattern: "^[a-z]+$" }, pauseMs: { type: number, default: 0 }, fail: { type: boolean, default: false } }
    - { description: More, properties: { size: { type: string, enum: [s, m], default: s } } }
  steps:
    - { id: files, name: Files, action: "fetch:template", input: { url: ./skeleton, values: { name: "\${{ parameters.name }}" } } }
    - { id: wait, name: Wait, action: "debug:wait", input: { milliseconds: "\${{ parameters.pauseMs }}" } }
    - { id: off, name: Off, if: "\${{ parameters.size == 'm' }}", action: "debug:log", input: { message: not now } }
    - { id: broken, name: Broken, if: "\${{ parameters.fail }}", action: "catalog:register", input: { catalogInfoUrl: "https://example.org/\${{ parameters.name }}.yaml" } }
    - { id: say, name: Say, action: "debug:log", input: { message: "made \${{ parameters.name }} with \${{ secrets.token }}" } }
  output:
    links: [{ title: Docs, url: "https://example.org/\${{ parameters.name }}", icon: docs }]
    text: [{ title: Done, content: "**\${{ parameters.name }}**" }]
    made: "\${{ parameters.name }}"
`;

let home: string;
let database: TestDatabase;
let paths: Paths;
let url: string;
const ends: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "scaffolder-"));
  await put("golden/service/template.yaml", TEMPLATE);
  await put("golden/service/skeleton/README.md", "# ${{ values.name }}\n");
  database = await createTestDatabase([migrations], { prepare: WORKFLOW_TABLES });
  const { db, runtime } = database;
  const workflows = createWorkflows({ databaseUrl: database.url, db, log: quietLog });
  const goldenPathsDir = join(home, "golden");
  const { ports } = createWorld();
  paths = createPaths({
    log: quietLog,
    db,
    runtime,
    workflows,
    dataDir: join(home, "data"),
    goldenPathsDir,
    publicUrl: "http://localhost:4400",
    ...ports,
  });
  const relay = createRelay({ db, log: quietLog, subscriptions: paths.subscriptions });
  const app = createHttpServer({ log: quietLog, checks: [] });
  backstageFace(app, {
    handlers: [...paths.handlers, ...paths.backstage],
    runtime,
    authenticate: async ({ headers }) => {
      if (headers.authorization === undefined) return undefined;
      const scopes = new Set(headers.authorization === "Bearer reader" ? ["paths:read"] : ["*"]);
      return { actor: callAs().actor, scopes, via: "token" };
    },
  });
  await paths.start();
  await workflows.launch();
  await relay.start();
  url = `${await app.listen({ port: 0, host: "127.0.0.1" })}/api/scaffolder`;
  ends.push(
    () => app.close(),
    () => relay.stop(),
    () => workflows.drain(2_000),
    () => paths.stop(),
    () => database.drop(),
  );
});
afterAll(async () => {
  for (const end of ends) await end();
  await rm(home, { recursive: true, force: true });
});

async function put(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(home, path)), { recursive: true });
  await writeFile(join(home, path), text);
}

async function ask(path: string, body?: unknown, token = "good"): Promise<{ status: number; body: any }> {
  const response = await fetch(`${url}${path}`, {
    method: body === undefined ? "GET" : "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text === "" ? undefined : JSON.parse(text) };
}

/** The frames of an event stream until the server closes it. */
async function streamOf(taskId: string, after?: number): Promise<{ event: string; data: any }[]> {
  const response = await fetch(`${url}/v2/tasks/${taskId}/eventstream${after === undefined ? "" : `?after=${after}`}`, {
    headers: { authorization: "Bearer good", accept: "text/event-stream" },
  });
  expect(response.headers.get("content-type")).toContain("text/event-stream");
  return (await response.text())
    .split("\n\n")
    .filter((frame) => frame.startsWith("event:"))
    .map((frame) => {
      const [, event = "", data = ""] = /^event: (.*)\ndata: (.*)$/s.exec(frame) ?? [];
      return { event, data: JSON.parse(data) };
    });
}

const start = async (values: object): Promise<string> => {
  const { status, body } = await ask("/v2/tasks", { templateRef: "template:default/service", values, secrets: { token: "t0p-s3cret" } });
  expect(status).toBe(201);
  return body.id;
};

test("the form, page by page, without who may see it", async () => {
  const { status, body } = await ask("/v2/templates/default/template/service/parameter-schema");
  expect(status).toBe(200);
  expect(body).toMatchObject({ title: "A service", description: "Makes one", "ui:options": { hidden: false } });
  expect(body.steps.map(({ title }: any) => title)).toEqual(["What", "Please enter the following information"]);
  expect(body.steps[0].schema.properties.name).toEqual({ type: "string", pattern: "^[a-z]+$" });
  expect(JSON.stringify(body)).not.toContain("backstage:permissions");
  const missing = await ask("/v2/templates/default/template/nothing/parameter-schema");
  expect(missing).toMatchObject({ status: 404, body: { error: { name: "NotFoundError" }, response: { statusCode: 404 } } });
});

test("actions with schema and examples, and what expressions can use", async () => {
  const { body } = await ask("/v2/actions");
  expect(body.find(({ id }: any) => id === "publish:github")).toMatchObject({
    description: expect.any(String),
    schema: { input: { type: "object", required: ["repoUrl"] }, output: { properties: { commitHash: {} } } },
    examples: [{ example: expect.stringContaining("action: publish:github") }],
  });
  expect(Object.keys((await ask("/v2/templating-extensions")).body.filters)).toContain("parseRepoUrl");
});

describe("a task", () => {
  test("is made, streamed to its end, listed and read", async () => {
    const id = await start({ name: "orders" });
    const frames = await streamOf(id);
    const last = frames.at(-1);
    expect(last).toMatchObject({ event: "completion", data: { type: "completion", taskId: id, isTaskRecoverable: false } });
    expect(last?.data.body).toEqual({
      message: "Run completed with status: completed",
      output: {
        links: [{ title: "Docs", url: "https://example.org/orders" }],
        text: [{ title: "Done", content: "**orders**" }],
        made: "orders",
      },
    });
    expect(frames.map(({ data }) => data.id)).toEqual(frames.map((_, index) => index + 1));
    const steps = frames.filter(({ data }) => data.body.status !== undefined).map(({ data }) => `${data.body.stepId} ${data.body.status}`);
    expect(steps).toEqual([
      "files processing",
      "files completed",
      "wait processing",
      "wait completed",
      "off skipped",
      "broken skipped",
      "say processing",
      "say completed",
    ]);
    const line = frames.find(({ data }) => data.body.message.includes("files of ./skeleton"));
    expect(line?.data.body.message).toBe("\u001b[32minfo\u001b[39m: 1 of 1 files of ./skeleton written.");
    expect(JSON.stringify(frames)).not.toContain("t0p-s3cret");
    expect((await streamOf(id, frames.length - 1)).map(({ event }) => event)).toEqual(["completion"]);

    const { body: task } = await ask(`/v2/tasks/${id}`);
    expect(task).toMatchObject({
      id,
      status: "completed",
      createdBy: expect.stringMatching(/^user:/),
      spec: { parameters: { name: "orders" } },
    });
    const { body: list } = await ask(
      `/v2/tasks?createdBy=${encodeURIComponent(task.createdBy)}&status=completed&order=desc:created_at&limit=1`,
    );
    expect(list).toMatchObject({ tasks: [{ id }], totalTasks: 1 });
    expect((await ask("/v2/tasks?createdBy=user:default/nobody")).body).toEqual({ tasks: [], totalTasks: 0 });
    expect((await ask("/v2/tasks?order=asc:color")).status).toBe(400);
    const polled = await ask(`/v2/tasks/${id}/events?after=${frames.length - 2}`);
    expect(polled.body.map(({ type }: any) => type)).toEqual(["log", "completion"]);
  });

  test("values that do not fit are answered as its validator writes it", async () => {
    const { status, body } = await ask("/v2/tasks", { templateRef: "template:default/service", values: { name: "Orders!" } });
    expect(status).toBe(400);
    expect(body.errors).toMatchObject([
      { path: ["name"], property: "instance.name", instance: "Orders!", stack: expect.stringContaining("instance.name") },
    ]);
    expect((await ask("/v2/tasks", { templateRef: "template:default/service", values: { name: "a" } }, "reader")).status).toBe(403);
    expect((await ask("/v2/tasks/run_nothing")).status).toBe(404);
  });

  test("that fails ends with the error, and a retry goes on with it", async () => {
    const id = await start({ name: "bad", fail: true });
    const frames = await streamOf(id);
    expect(frames.at(-1)?.data.body).toMatchObject({
      message: "Run completed with status: failed",
      error: { name: "Error", message: expect.stringContaining("https://example.org/bad.yaml is not a repository of this Roadbed.") },
    });
    expect(frames.find(({ data }) => data.body.status === "failed")?.data.body.stepId).toBe("broken");
    expect(await ask(`/v2/tasks/${id}/retry`, {})).toMatchObject({ status: 201, body: { id } });
    const again = await streamOf(id, frames.length);
    expect(again.at(-1)?.event).toBe("completion");
  });

  test("is cancelled", async () => {
    const id = await start({ name: "slow", pauseMs: 60_000 });
    expect(await ask(`/v2/tasks/${id}/cancel`, {})).toEqual({ status: 200, body: { status: "cancelled" } });
    expect((await streamOf(id)).at(-1)?.data.body.message).toBe("Run completed with status: cancelled");
    expect((await ask(`/v2/tasks/${id}`)).body.status).toBe("cancelled");
  });
});

test("a dry run answers the files, the log, the steps and the output, and makes no task", async () => {
  const { parse } = await import("yaml");
  const template = parse(TEMPLATE) as object;
  const before = (await ask("/v2/tasks")).body.totalTasks;
  const directoryContents = [{ path: "skeleton/README.md", base64Content: Buffer.from("# dry ${{ values.name }}\n").toString("base64") }];
  const { status, body } = await ask("/v2/dry-run", {
    template,
    values: { name: "orders" },
    secrets: { token: "t0p-s3cret" },
    directoryContents,
  });
  expect(status).toBe(200);
  expect(body.directoryContents).toEqual([
    { path: "README.md", executable: false, base64Content: Buffer.from("# dry orders\n").toString("base64") },
  ]);
  expect(body.output).toMatchObject({ made: "orders", links: [{ title: "Docs" }] });
  expect(body.steps.map(({ id, action }: any) => `${id} ${action}`)).toContain("files fetch:template");
  expect(body.log[0].body.message).toEqual(expect.any(String));
  expect(JSON.stringify(body)).not.toContain("t0p-s3cret");
  expect((await ask("/v2/dry-run", { template, values: {}, directoryContents })).body.errors[0].path).toEqual(["name"]);
  expect((await ask("/v2/tasks")).body.totalTasks).toBe(before);
});

test("autocomplete says what there is, and that it needs a token", async () => {
  const unknown = await ask("/v2/autocomplete/bitbucket-cloud/workspaces", { token: "x", context: {} });
  expect(unknown).toMatchObject({
    status: 400,
    body: { error: { name: "InputError", message: expect.stringContaining("github/branches") } },
  });
  expect(
    (await ask("/v2/autocomplete/github/branches", { token: "x", context: { owner: "a", repository: "b" } })).body.error.message,
  ).toContain("no token");
});
