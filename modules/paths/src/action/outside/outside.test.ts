import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { cloneRepository } from "@roadbed/git";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { createRenderer } from "../../render/renderer.ts";
import { actionContext } from "../../testing/action-context.ts";
import { outsideTo } from "../../testing/outside-to.ts";
import { openGitHub, type GitHubDouble } from "../../testing/github-double.ts";
import { createWorld, PUBLIC_URL } from "../../testing/ports.ts";
import { folderOf } from "../../testing/preview.ts";
import type { Output } from "../action.ts";
import { createActions } from "../actions.ts";
import { partsOf } from "./remote-source.ts";

describe("named systems", () => {
  let server: Server;
  let asked: { method: string; url: string; auth: string | undefined; body: any }[] = [];
  let base: string;
  beforeEach(async () => {
    asked = [];
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const text = Buffer.concat(chunks).toString();
        asked.push({
          method: request.method ?? "",
          url: request.url ?? "",
          auth: request.headers.authorization,
          body: text === "" ? undefined : JSON.parse(text),
        });
        response.writeHead(request.url?.includes("missing") ? 404 : 200, { "content-type": "application/json" });
        response.end(JSON.stringify({ ok: true }));
      });
    }).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/base`;
  });
  afterEach(() => server.close());

  async function run(id: string, input: object): Promise<Output> {
    const connections = {
      get: async (name: string) => (name === "builds" ? { name, url: base, headers: { authorization: "Bearer s3cret" } } : undefined),
    };
    const world = createWorld();
    const action = createActions({
      ...world.ports,
      publicUrl: PUBLIC_URL,
      outside: outsideTo({ host: "x", url: "x" }, "github"),
      connections,
    }).get(id)!;
    const { c } = await actionContext({ workspace: await folderOf({}) });
    const parsed = action.input.parse(input);
    const { problems } = await action.describe(c, parsed);
    if (problems !== undefined && problems.length > 0) throw new Error(problems.map(({ reason, mend }) => `${reason}: ${mend}`).join());
    return action.run(c, parsed);
  }

  test("http:backstage:request asks by name, with the credential, and nothing outside of it", async () => {
    const output = await run("http:backstage:request", {
      method: "post",
      path: "/api/proxy/builds/start?x=1",
      params: { y: 2 },
      body: { a: 1 },
    });
    expect(output).toMatchObject({ code: 200, body: { ok: true } });
    expect(asked).toEqual([{ method: "POST", url: "/base/start?x=1&y=2", auth: "Bearer s3cret", body: { a: 1 } }]);
    await expect(run("http:backstage:request", { method: "GET", path: "/api/proxy/builds/../admin" })).rejects.toThrow("leads out");
    await expect(run("http:backstage:request", { method: "GET", path: "/api/proxy/builds/%2e%2e/admin" })).rejects.toThrow("leads out");
    await expect(run("http:backstage:request", { method: "GET", path: "https://example.org" })).rejects.toThrow("no named system");
    await expect(run("http:backstage:request", { method: "GET", path: "/api/proxy/other/x" })).rejects.toThrow(
      "there is no connection other: An administrator makes it: roadbed connection save other",
    );
    await expect(run("http:backstage:request", { method: "GET", path: "/api/proxy/builds/missing" })).rejects.toThrow("404");
    expect(
      await run("http:backstage:request", { method: "GET", path: "/api/proxy/builds/missing", continueOnBadResponse: true }),
    ).toMatchObject({ code: 404 });
  });

  test("argocd:create-resources makes the project and the application so that it may begin again", async () => {
    const input = {
      appName: "orders",
      argoInstance: "builds",
      namespace: "orders",
      repoUrl: "https://github.com/acme/orders",
      path: "k8s",
    };
    expect(await run("argocd:create-resources", input)).toEqual({ applicationUrl: `${base}/applications/orders` });
    expect(asked.map(({ url }) => url)).toEqual(["/base/api/v1/projects?upsert=true", "/base/api/v1/applications?upsert=true"]);
    expect(asked[1]?.body.spec).toMatchObject({ project: "orders", source: { repoURL: input.repoUrl, path: "k8s" } });
  });
});

describe("files of a repository elsewhere", () => {
  let github: GitHubDouble;
  beforeEach(async () => void (github = await openGitHub()));
  afterEach(() => github.close());

  test.each([
    [
      "https://github.com/backstage/community/tree/main/a/b",
      { repository: "https://github.com/backstage/community", branch: "main", path: "a/b" },
    ],
    ["https://github.com/acme/orders", { repository: "https://github.com/acme/orders", path: "." }],
    ["https://gitlab.com/acme/shop/orders/-/tree/v1/x", { repository: "https://gitlab.com/acme/shop/orders", branch: "v1", path: "x" }],
  ])("%s", (url, parts) => expect(partsOf(url)).toEqual(parts));

  test("are cloned, filled in, and nothing leads out of them", async () => {
    await github.repositories.init("acme--skeletons", { defaultBranch: "main" });
    const files = [
      { path: "service/cookiecutter.json", content: '{"name": "unnamed", "port": ["8080", "80"]}' },
      { path: "service/{{ cookiecutter.name }}.md", content: "{{ cookiecutter.name }} on {{ cookiecutter.port }}\n" },
    ];
    await github.repositories.commitFiles("acme--skeletons", {
      branch: "main",
      files,
      message: "x",
      author: { name: "a", email: "a@b.c" },
    });
    const workspace = await folderOf({});
    const renderer = createRenderer();
    const outside = { ...outsideTo(github, "github"), clone: (o: any) => cloneRepository(o) };
    const action = createActions({ ...createWorld().ports, publicUrl: PUBLIC_URL, outside }).get("fetch:cookiecutter")!;
    const { c } = await actionContext({ workspace, renderer });
    const url = `${github.url}/acme/skeletons/tree/main/service`;
    await action.run(c, action.input.parse({ url, values: { name: "orders" } }));
    expect(await readFile(join(workspace, "orders.md"), "utf8")).toBe("orders on 8080\n");
    await expect(
      action.run(c, action.input.parse({ url: `${github.url}/acme/skeletons/tree/main/service%2F..%2F..%2Fx` })),
    ).rejects.toThrow("leads out");
    await renderer.close();
  });
});

test("the helpers change files of the workspace and nothing else", async () => {
  const workspace = await folderOf({ "package.json": '{"a":{"b":1},"l":[1]}', "x.yaml": "a: 1\n" });
  const actions = createActions({ ...createWorld().ports, publicUrl: PUBLIC_URL });
  const { c } = await actionContext({ workspace });
  const run = (id: string, input: object): Promise<Output> => actions.get(id)!.run(c, actions.get(id)!.input.parse(input));
  const read = (path: string): Promise<string> => readFile(join(workspace, path), "utf8");
  await run("roadiehq:utils:merge", { path: "package.json", content: { a: { c: 2 }, l: [2] }, mergeArrays: true });
  expect(JSON.parse(await read("package.json"))).toEqual({ a: { b: 1, c: 2 }, l: [1, 2] });
  await run("roadiehq:utils:merge", { path: "x.yaml", content: "b: 2" });
  expect(await read("x.yaml")).toBe("a: 1\nb: 2\n");
  await run("roadiehq:utils:fs:append", { path: "x.yaml", content: "# end\n" });
  await run("roadiehq:utils:fs:replace", { files: [{ file: "x.yaml", find: "end", replaceWith: "$& of it" }] });
  expect(await read("x.yaml")).toContain("# $& of it");
  expect(await run("roadiehq:utils:fs:parse", { path: "package.json", parser: "json" })).toMatchObject({ content: { a: { b: 1 } } });
  await expect(run("roadiehq:utils:fs:write", { path: "../x", content: "" })).rejects.toThrow("leads out");
});
