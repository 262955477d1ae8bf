import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { ForbiddenError, type Logger } from "@roadbed/core";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

import { pushCommit } from "./push-commit.ts";
import { openRepositories, type Repositories } from "./repositories.ts";
import { createSmartHttp, type Push } from "./smart-http.ts";

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };
let home: string;
let repositories: Repositories;
let server: Server;
let host: string;
let pushes: Push<string>[] = [];

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "git-push-"));
  repositories = openRepositories(join(home, "git"));
  const handler = createSmartHttp<string>({
    root: repositories.root,
    log: silent,
    async authorize(request, repository) {
      if (repository === "locked") throw new ForbiddenError("Branch main is protected.");
      const [name, password] = Buffer.from(request.headers.authorization?.split(" ")[1] ?? "", "base64")
        .toString()
        .split(":");
      return name === "x-access-token" && password === "t0ken" ? { actor: "robot" } : undefined;
    },
    onPush: async (push) => void pushes.push(push),
  });
  server = createServer((request, response) => void handler(request, response)).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  await repositories.init("locked");
});
beforeEach(() => (pushes = []));
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await rm(home, { recursive: true, force: true });
});

const call = (repository: string, over: object = {}) => ({
  url: `http://x-access-token:t0ken@${host}/git/${repository}.git`,
  branch: "main",
  message: "Initial commit",
  author: { name: "Ada", email: "ada@example.org" },
  files: [
    { path: "README.md", content: "# Hi\n" },
    { path: "run.sh", content: "#!/bin/sh\n", executable: true },
  ],
  at: new Date("2026-01-02T03:04:05Z"),
  ...over,
});

test("an empty repository gets the commit; the same again is the same commit, pushed once", async () => {
  await repositories.init("orders");
  const first = await pushCommit(call("orders", { addresses: ["127.0.0.1"] }));
  const second = await pushCommit(call("orders"));
  expect(second).toEqual(first);
  expect(await repositories.head("orders", "main")).toBe(first.commit);
  expect(await repositories.listFiles("orders", "main")).toEqual(["README.md", "run.sh"]);
  expect(pushes.map(({ after }) => after)).toEqual([first.commit]);
});

test("other commits that are there stay, and are told", async () => {
  await repositories.init("taken");
  await pushCommit(call("taken"));
  await expect(pushCommit(call("taken", { message: "Another" }))).rejects.toMatchObject({ code: "CONFLICT" });
});

test("a refusal, a wrong token and a host that is away are told in words, without the token", async () => {
  await expect(pushCommit(call("locked"))).rejects.toMatchObject({ code: "INVALID", message: expect.stringContaining("refused the push") });
  await repositories.init("ours");
  const wrong = await pushCommit(call("ours", { url: `http://x-access-token:s3cret@${host}/git/ours.git` })).catch((e: unknown) => e);
  expect(wrong).toMatchObject({ code: "INVALID" });
  expect(String(wrong)).not.toContain("s3cret");
  await expect(pushCommit(call("ours", { url: "http://127.0.0.1:1/git/ours.git" }))).rejects.toMatchObject({ code: "UNAVAILABLE" });
});
