import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";

import { ForbiddenError, type Logger } from "@roadbed/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { cloneRepository, fetchRepository } from "./clone-repository.ts";
import { openRepositories, type Repositories } from "./repositories.ts";
import { createSmartHttp, type Push } from "./smart-http.ts";

const run = promisify(execFile);
const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };
const author = { name: "Ada Example", email: "ada@example.org" };

let home: string;
let repositories: Repositories;
let server: Server;
let address: string;
let pushes: Push<string>[] = [];

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "git-http-"));
  repositories = openRepositories(join(home, "git"));
  const handler = createSmartHttp<string>({
    root: repositories.root,
    log: silent,
    maxPushBytes: 3_000_000,
    async authorize(request, repository, access) {
      const password = Buffer.from(request.headers.authorization?.split(" ")[1] ?? "", "base64")
        .toString()
        .split(":")[1];
      if (repository === "secret") throw new ForbiddenError("Not yours.");
      if (password === "reader") return access === "read" ? { actor: "reader" } : undefined;
      return password?.startsWith("writer") === true ? { actor: password } : undefined;
    },
    async onPush(push) {
      pushes.push(push);
      if (push.branch === "unlucky") throw new Error("the listener failed");
    },
  });
  server = createServer((request, response) => void handler(request, response)).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await rm(home, { recursive: true, force: true });
});

describe("a remote whose addresses were checked", () => {
  test("is read there, whatever its name says, with and without its ending", async () => {
    await seededClone("pinned", "writer");
    // A host that leads to the address with its ending, as some do.
    const host = createServer((request, response) => {
      if (request.url?.includes(".git/") === true) server.emit("request", request, response);
      else response.writeHead(301, { location: request.url?.replace("/pinned/", "/pinned.git/") }).end();
    }).listen(0, "127.0.0.1");
    await new Promise((resolve) => host.once("listening", resolve));
    for (const ending of [".git", ""]) {
      const dir = join(home, `pinned-by-name${ending}`);
      const url = `http://ada:reader@nowhere.invalid:${(host.address() as AddressInfo).port}/git/pinned${ending}`;
      const { hash } = await cloneRepository({ url, dir, addresses: ["127.0.0.1"] });
      expect(await fetchRepository({ url, dir, addresses: ["127.0.0.1"] })).toEqual({ hash });
      await expect(cloneRepository({ url, dir: `${dir}-again` })).rejects.toMatchObject({ code: "UNAVAILABLE" });
    }
    host.close();
  });

  test("leads nowhere else by a redirect", async () => {
    const seen: string[] = [];
    const away = createServer((request, response) => {
      seen.push(request.url ?? "");
      response.writeHead(302, { location: `http://${address}/git/pinned.git/info/refs?service=git-upload-pack` }).end();
    }).listen(0, "127.0.0.1");
    await new Promise((resolve) => away.once("listening", resolve));
    const url = `http://127.0.0.1:${(away.address() as AddressInfo).port}/moved`;
    const clone = cloneRepository({ url, dir: join(home, "moved"), addresses: ["127.0.0.1"] });
    await expect(clone).rejects.toMatchObject({ code: "UNAVAILABLE", mend: expect.stringContaining("It has moved") });
    expect(seen.map((path) => path.split("/info", 1)[0])).toEqual(["/moved", "/moved.git"]);
    away.close();
  });
});

describe("the real git client", () => {
  test("clones, pushes and is heard", async () => {
    const { dir, hash } = await seededClone("journey", "writer");
    pushes = [];
    const next = await commit(dir, "b.txt", "second");
    await git(dir, "push", "origin", "main");
    expect(pushes).toEqual([{ repository: "journey", branch: "main", before: hash, after: next, actor: "writer" }]);
    expect(await repositories.head("journey", "main")).toBe(next);
    await git(dir, "push", "origin", "main");
    expect(pushes).toHaveLength(1);
  });

  test("tells of new, forced and removed branches, not of tags", async () => {
    const { dir, hash } = await seededClone("branches", "writer");
    pushes = [];
    await git(dir, "push", "origin", "main:refs/heads/feature/x", "main:refs/tags/v1");
    await git(dir, "commit", "--amend", "-m", "other");
    const forced = (await git(dir, "rev-parse", "HEAD")).trim();
    await git(dir, "push", "--force", "origin", "main");
    await git(dir, "push", "origin", ":feature/x");
    const zero = "0".repeat(40);
    expect(pushes.map(({ branch, before, after }) => [branch, before, after])).toEqual([
      ["feature/x", zero, hash],
      ["main", hash, forced],
      ["feature/x", hash, zero],
    ]);
  });

  test("pushes an empty repository's first commit and large files in chunks", async () => {
    await repositories.init("large");
    const dir = join(home, "large");
    await git(home, "clone", url("large", "writer"), dir);
    await git(dir, "checkout", "-B", "main");
    const hash = await commit(
      dir,
      "noise.bin",
      Buffer.from(crypto.getRandomValues(new Uint8Array(60_000)))
        .toString("hex")
        .repeat(15),
    );
    await git(dir, "-c", "http.postBuffer=1024", "-c", "core.compression=0", "push", "origin", "main");
    expect(await repositories.head("large", "main")).toBe(hash);
  });

  test("is refused a push above the limit, and the branch stays", async () => {
    const { dir, hash } = await seededClone("toolarge", "writer");
    await writeFile(join(dir, "big.bin"), Buffer.alloc(4_000_000, "0123456789abcdef"));
    await git(dir, "add", ".");
    await git(dir, "commit", "-m", "big");
    await expect(git(dir, "-c", "core.compression=0", "-c", "pack.compression=0", "push", "origin", "main")).rejects.toThrow();
    expect(await repositories.head("toolarge", "main")).toBe(hash);
  });

  test("with a wrong or weak token changes nothing and learns nothing", async () => {
    const { dir, hash } = await seededClone("guarded", "writer");
    await commit(dir, "b.txt", "second");
    await expect(git(dir, "push", url("guarded", "wrong"), "main")).rejects.toThrow(/Authentication failed/);
    await expect(git(dir, "push", url("guarded", "reader"), "main")).rejects.toThrow(/Authentication failed/);
    await expect(git(home, "clone", url("secret", "writer"), join(home, "x"))).rejects.toThrow(/403/);
    await git(home, "clone", url("guarded", "reader"), join(home, "read"));
    expect(await repositories.head("guarded", "main")).toBe(hash);
  });

  test("hears that an unknown repository is not there, only once it is signed in", async () => {
    const { dir } = await seededClone("known", "writer");
    await expect(git(dir, "push", url("unknown", "writer"), "main")).rejects.toThrow(/not found/);
    await expect(git(dir, "push", url("unknown", "wrong"), "main")).rejects.toThrow(/Authentication failed/);
  });

  test("pushes side by side to many branches, each announced once with its own actor", async () => {
    await seededClone("busy", "writer");
    pushes = [];
    await Promise.all(
      Array.from({ length: 6 }, async (_, n) => {
        const dir = join(home, `busy-${n}`);
        await git(home, "clone", url("busy", `writer${n}`), dir);
        await commit(dir, `${n}.txt`, `${n}`);
        await git(dir, "push", "origin", `HEAD:refs/heads/b${n}`);
      }),
    );
    expect(pushes.map(({ branch, actor }) => `${branch} ${actor}`).sort()).toEqual([0, 1, 2, 3, 4, 5].map((n) => `b${n} writer${n}`));
  });

  test("pushes side by side to one branch: one wins, the others are rejected", async () => {
    await seededClone("contended", "writer");
    pushes = [];
    const outcomes = await Promise.allSettled(
      Array.from({ length: 4 }, async (_, n) => {
        const dir = join(home, `contended-${n}`);
        await git(home, "clone", url("contended", "writer"), dir);
        const hash = await commit(dir, `${n}.txt`, `${n}`);
        await git(dir, "push", "origin", "main");
        return hash;
      }),
    );
    const won = outcomes.filter((outcome) => outcome.status === "fulfilled").map(({ value }) => value);
    expect(won.length).toBeGreaterThan(0);
    expect(pushes.map(({ after }) => after).sort()).toEqual([...won].sort());
    expect(won).toContain(await repositories.head("contended", "main"));
  });

  test("keeps what it pushed when the listener fails", async () => {
    const { dir } = await seededClone("listener", "writer");
    await git(dir, "push", "origin", "main:unlucky");
    expect(await repositories.head("listener", "unlucky")).toBeDefined();
  });

  test("cannot push a commit that holds a .git folder", async () => {
    const { dir, hash } = await seededClone("evil", "writer");
    const blob = (await git(dir, "hash-object", "-w", "a.txt")).trim();
    await writeFile(join(dir, "tree"), `40000 .git\0`, "latin1");
    const inner = (await gitWithInput(dir, `100644 blob ${blob}\tconfig\n`, "mktree")).trim();
    const tree = (
      await gitWithInput(
        dir,
        Buffer.concat([Buffer.from("40000 .git\0"), Buffer.from(inner, "hex")]),
        "hash-object",
        "-t",
        "tree",
        "-w",
        "--literally",
        "--stdin",
      )
    ).trim();
    const bad = (await git(dir, "commit-tree", tree, "-p", hash, "-m", "bad")).trim();
    await expect(git(dir, "push", "origin", `${bad}:refs/heads/main`)).rejects.toThrow(/\.git/);
    expect(await repositories.head("evil", "main")).toBe(hash);
  });
});

describe("the protocol", () => {
  const headers = { authorization: `Basic ${Buffer.from("x:writer").toString("base64")}` };
  const base = () => `http://${address}/git`;

  test("asks who it is", async () => {
    const answer = await fetch(`${base()}/journey.git/info/refs?service=git-upload-pack`);
    expect([answer.status, answer.headers.get("www-authenticate")]).toEqual([401, 'Basic realm="Git", charset="UTF-8"']);
  });

  test.each([
    "/journey.git/HEAD",
    "/journey.git/info/refs",
    "/journey.git/info/refs?service=git-archive",
    "/..%2f..%2fetc.git/info/refs?service=git-upload-pack",
    "/.hooks.git/info/refs?service=git-upload-pack",
    "/journey/info/refs?service=git-upload-pack",
  ])("does not know %s", async (path) => {
    expect((await fetch(base() + path, { headers })).status).toBe(404);
  });

  test("refuses a form that a foreign page could send", async () => {
    await repositories.init("form");
    const answer = await fetch(`${base()}/form.git/git-receive-pack`, {
      method: "POST",
      headers: { ...headers, "content-type": "text/plain" },
      body: "0000",
    });
    expect(answer.status).toBe(404);
  });

  test("reads a gzip body and stops a gzip bomb", async () => {
    await repositories.init("zipped");
    const post = (body: Buffer) =>
      fetch(`${base()}/zipped.git/git-receive-pack`, {
        method: "POST",
        headers: { ...headers, "content-type": "application/x-git-receive-pack-request", "content-encoding": "gzip" },
        body: new Uint8Array(body),
      }).then(
        (answer) => answer.status,
        () => "cut off",
      );
    expect(await post(gzipSync("0000"))).toBe(200);
    expect(await post(gzipSync(Buffer.alloc(50_000_000)))).not.toBe(200);
    expect(await post(Buffer.from("no gzip"))).toBe(400);
  });
});

async function seededClone(name: string, token: string): Promise<{ dir: string; hash: string }> {
  await repositories.init(name);
  const { hash } = await repositories.commitFiles(name, {
    branch: "main",
    message: "first",
    author,
    files: [{ path: "a.txt", content: "a" }],
  });
  const dir = join(home, name);
  await git(home, "clone", url(name, token), dir);
  expect(await readFile(join(dir, "a.txt"), "utf8")).toBe("a");
  return { dir, hash };
}

async function commit(dir: string, path: string, content: string): Promise<string> {
  await writeFile(join(dir, path), content);
  await git(dir, "add", ".");
  await git(dir, "commit", "-m", path);
  return (await git(dir, "rev-parse", "HEAD")).trim();
}

function url(name: string, token: string): string {
  return `http://ada:${token}@${address}/git/${name}.git`;
}

const clientEnv = {
  PATH: process.env.PATH ?? "",
  HOME: "/nonexistent",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_TERMINAL_PROMPT: "0",
  GIT_AUTHOR_NAME: author.name,
  GIT_AUTHOR_EMAIL: author.email,
  GIT_COMMITTER_NAME: author.name,
  GIT_COMMITTER_EMAIL: author.email,
};

async function git(cwd: string, ...args: string[]): Promise<string> {
  return (await run("git", args, { cwd, env: clientEnv })).stdout;
}

function gitWithInput(cwd: string, input: string | Buffer, ...args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile("git", args, { cwd, env: clientEnv }, (error, stdout) => (error ? reject(error) : resolve(stdout)));
    child.stdin?.end(input);
  });
}
