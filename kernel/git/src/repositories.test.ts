import { mkdtemp, readFile, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { cloneRepository, fetchRepository } from "./clone-repository.ts";
import { openRepositories, type Repositories } from "./repositories.ts";
import { runGit } from "./run-git.ts";

const author = { name: "Ada Example", email: "ada@example.org" };
let home: string;
let repositories: Repositories;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "git-repositories-"));
  repositories = openRepositories(join(home, "git"));
});
afterAll(() => rm(home, { recursive: true, force: true }));

describe("repositories", () => {
  test("are made once, listed and removed", async () => {
    expect(await repositories.init("beta")).toBe(true);
    expect(await repositories.init("beta")).toBe(false);
    const made = await Promise.all([1, 2, 3].map(() => repositories.init("alpha")));
    expect(made.filter(Boolean)).toHaveLength(1);
    expect(await repositories.list()).toEqual(["alpha", "beta"]);
    expect(await repositories.head("alpha", "main")).toBeUndefined();
    await repositories.remove("beta");
    expect(await repositories.exists("beta")).toBe(false);
    await expect(repositories.remove("beta")).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  test.each(["", "..", "a..b", "A", "a/b", "../a", "a.git", "-a", "a b", "ä", "a".repeat(101), ".hooks", "a.lock"])(
    "refuse the name %j",
    async (name) => {
      await expect(async () => repositories.init(name)).rejects.toMatchObject({ code: "INVALID" });
    },
  );
});

describe("commitFiles", () => {
  test("writes text, bytes and the executable bit, and reads them back", async () => {
    await repositories.init("files");
    const bytes = Uint8Array.from([0, 255, 10, 13, 0]);
    const { hash } = await repositories.commitFiles("files", {
      branch: "main",
      message: "First\n\nWith a body.",
      author,
      expectedParent: null,
      files: [
        { path: 'a/ä "quoted".txt', content: "grüße\n" },
        { path: "bytes.bin", content: bytes },
        { path: "run.sh", content: "#!/bin/sh\n", executable: true },
      ],
    });
    expect(await repositories.head("files", "main")).toBe(hash);
    expect(await repositories.listFiles("files", "main")).toEqual(['a/ä "quoted".txt', "bytes.bin", "run.sh"]);
    expect(Buffer.from((await repositories.readFile("files", "main", "bytes.bin"))!)).toEqual(Buffer.from(bytes));
    expect(await repositories.readFile("files", hash, "missing")).toBeUndefined();
    const dir = join(home, "export");
    await repositories.exportTree("files", hash, dir);
    expect(await readFile(join(dir, 'a/ä "quoted".txt'), "utf8")).toBe("grüße\n");
    expect((await stat(join(dir, "run.sh"))).mode & 0o111).not.toBe(0);
    expect(await readdir(dir)).not.toContain(".git");
    expect(await repositories.log("files", { ref: "main", limit: 5 })).toMatchObject([{ hash, message: "First\n\nWith a body.", author }]);
  });

  test("adds on top of what is there", async () => {
    await repositories.init("adds");
    const first = await repositories.commitFiles("adds", {
      branch: "main",
      message: "one",
      author,
      files: [{ path: "one", content: "1" }],
    });
    await repositories.commitFiles("adds", {
      branch: "main",
      message: "two",
      author,
      files: [{ path: "two", content: "2" }],
      expectedParent: first.hash,
    });
    expect(await repositories.listFiles("adds", "main")).toEqual(["one", "two"]);
    expect((await repositories.log("adds", { ref: "main", limit: 10 })).map(({ message }) => message)).toEqual(["two", "one"]);
  });

  test("a repeated call answers the first commit, another one from the same parent conflicts", async () => {
    await repositories.init("repeat");
    const change = { branch: "main", message: "one", author, files: [{ path: "one", content: "1" }], expectedParent: null };
    const first = await repositories.commitFiles("repeat", change);
    expect(await repositories.commitFiles("repeat", change)).toEqual(first);
    await expect(repositories.commitFiles("repeat", { ...change, message: "other" })).rejects.toMatchObject({ code: "CONFLICT" });
    await expect(repositories.commitFiles("repeat", { ...change, expectedParent: "1".repeat(40) })).rejects.toMatchObject({
      code: "CONFLICT",
    });
    expect(await repositories.log("repeat", { ref: "main", limit: 10 })).toHaveLength(1);
  });

  test("of writers at once one wins and the others are told", async () => {
    await repositories.init("race");
    const outcomes = await Promise.allSettled(
      [1, 2, 3, 4].map((n) =>
        repositories.commitFiles("race", {
          branch: "main",
          message: `${n}`,
          author,
          files: [{ path: `${n}`, content: "x" }],
          expectedParent: null,
        }),
      ),
    );
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome.status === "rejected").map(({ reason }) => reason.code)).toEqual([
      "CONFLICT",
      "CONFLICT",
      "CONFLICT",
    ]);
    expect(await runGit({ args: ["--git-dir", join(repositories.root, "race.git"), "for-each-ref", "refs/drafts"] })).toHaveLength(0);
  });

  test.each([
    "../out",
    "/abs",
    "a/../../b",
    ".git/config",
    "a/.GIT/hooks/x",
    "a//b",
    "a\nb",
    "",
    "a\\b",
    ".git. /x",
    "git~1/x",
    ".g\u200cit/x",
  ])("refuses the path %j", async (path) => {
    await repositories.init("paths");
    const commit = repositories.commitFiles("paths", { branch: "main", message: "x", author, files: [{ path, content: "x" }] });
    await expect(commit).rejects.toMatchObject({ code: "INVALID" });
    expect(await repositories.head("paths", "main")).toBeUndefined();
  });

  test("an author cannot write into the commit's other fields", async () => {
    await repositories.init("author");
    await repositories.commitFiles("author", {
      branch: "main",
      message: "x",
      author: { name: "A\nB <c>", email: "x>\ncommitter y" },
      files: [],
    });
    expect((await repositories.log("author", { ref: "main", limit: 1 }))[0]?.author).toEqual({ name: "AB c", email: "xcommitter y" });
  });
});

test.each(["--upload-pack=x", "main..dev", "HEAD@{1}", "a b", ":/x", "^main"])("the ref %j is refused", async (ref) => {
  await repositories.init("refs");
  await expect(repositories.log("refs", { ref, limit: 1 })).rejects.toMatchObject({ code: "INVALID" });
});

describe("cloneRepository", () => {
  test("clones and fetches by file://, symbolic links as plain files", async () => {
    const { hash } = await repositories.commitFiles("adds", {
      branch: "main",
      message: "three",
      author,
      files: [{ path: "three", content: "3" }],
    });
    await addSymlink("adds");
    const [url, dir] = [`file://${join(repositories.root, "adds.git")}`, join(home, "clone")];
    const cloned = await cloneRepository({ url, dir });
    expect(cloned.hash).not.toBe(hash);
    expect(await readFile(join(dir, "link"), "utf8")).toBe("/etc/passwd");
    const next = await repositories.commitFiles("adds", {
      branch: "main",
      message: "four",
      author,
      files: [{ path: "four", content: "4" }],
    });
    expect(await fetchRepository({ url, dir })).toEqual(next);
    expect(await readdir(dir)).toContain("four");
  });

  test.each([
    "ext::sh -c touch% /tmp/x",
    "--upload-pack=touch /tmp/x",
    "ftp://example.org/x",
    "/etc",
    "-oProxyCommand=x",
    "fd::17",
    "git@-oProxyCommand=x:y",
    "ssh://-oProxyCommand=x/y",
  ])("refuses %j", async (url) => {
    await expect(cloneRepository({ url, dir: join(home, "never") })).rejects.toMatchObject({ code: "INVALID" });
  });

  test("never shows a password", async () => {
    const failure = await cloneRepository({ url: "http://ada:s3cret@127.0.0.1:1/x.git", dir: join(home, "never") }).catch(
      (error: unknown) => error,
    );
    expect(failure).toMatchObject({ code: "UNAVAILABLE" });
    expect(inspect(failure)).not.toContain("s3cret");
  });
});

async function addSymlink(name: string): Promise<void> {
  const gitDir = join(repositories.root, `${name}.git`);
  const input =
    "commit refs/heads/main\ncommitter a <a@example.org> 1 +0000\ndata 4\nlink\nfrom refs/heads/main^0\nM 120000 inline link\ndata 11\n/etc/passwd\n\ndone\n";
  await runGit({ args: ["--git-dir", gitDir, "fast-import", "--quiet", "--done"], input });
}
