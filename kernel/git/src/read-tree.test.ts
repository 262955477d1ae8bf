import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { mergeText } from "./merge-text.ts";
import { blobHash } from "./read-tree.ts";
import { openRepositories, type Repositories } from "./repositories.ts";

const ada = { name: "Ada Example", email: "ada@example.org" };
const ben = { name: "Ben Example", email: "ben@example.org" };
const long = (word: string): string => Array.from({ length: 30 }, (_, n) => `line ${n} of ${word}\n`).join("");
let home: string;
let repositories: Repositories;
let first: string;
let last: string;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "git-tree-"));
  repositories = openRepositories(join(home, "git"));
  await repositories.init("one");
  const files = [
    { path: "a.txt", content: "a\n" },
    { path: 'odd "name"\u00e9.txt', content: long("odd") },
    { path: "run.sh", content: "#!/bin/sh\n", executable: true },
    { path: "picture.bin", content: Uint8Array.from([0, 1, 2]) },
  ];
  first = (await repositories.commitFiles("one", { branch: "main", files, message: "First", author: ada })).hash;
  await repositories.commitFiles("one", { branch: "main", files: [{ path: "a.txt", content: "b\n" }], message: "Change a", author: ben });
  const moved = { path: "moved.txt", content: long("odd") };
  const removed = ['odd "name"\u00e9.txt', "run.sh"];
  last = (await repositories.commitFiles("one", { branch: "main", files: [moved], removed, message: "Move and delete", author: ada })).hash;
});
afterAll(() => rm(home, { recursive: true, force: true }));

describe("a tree", () => {
  test("tells each file with the hash that its content has", async () => {
    const tree = await repositories.tree("one", first);
    expect(tree?.commit).toBe(first);
    expect(tree?.files.find(({ path }) => path === "run.sh")).toEqual({ path: "run.sh", hash: blobHash("#!/bin/sh\n"), executable: true });
    expect(tree?.files.map(({ path }) => path)).toContain('odd "name"\u00e9.txt');
    expect(await repositories.tree("one", "f".repeat(40))).toBeUndefined();
    const blobs = await repositories.blobs("one", [blobHash("a\n"), blobHash(Uint8Array.from([0, 1, 2])), "0".repeat(40)]);
    expect([...blobs.values()].map((content) => Buffer.from(content).toString("hex"))).toEqual(["610a", "000102"]);
  });

  test("tells what was changed, deleted and renamed, and by whom", async () => {
    expect(await repositories.differences("one", first, last)).toEqual([
      { path: "a.txt", status: "changed" },
      { path: "moved.txt", status: "renamed", was: 'odd "name"\u00e9.txt' },
      { path: "run.sh", status: "deleted" },
    ]);
    const touched = await repositories.lastTouched("one", { from: first, to: last, paths: ["a.txt", "run.sh", "picture.bin"] });
    expect([...touched].map(([path, { message, author }]) => [path, message, author.name])).toEqual([
      ["run.sh", "Move and delete", "Ada Example"],
      ["a.txt", "Change a", "Ben Example"],
    ]);
    const [patch] = await repositories.patches("one", first, last, ["a.txt"]);
    expect(patch).toMatchObject({ path: "a.txt", added: 1, removed: 1, patch: "@@ -1 +1 @@\n-a\n+b\n" });
    expect(await repositories.patches("one", first, last)).toHaveLength(3);
  });

  test("a history that was written anew still tells who changed what", async () => {
    const touched = await repositories.lastTouched("one", { from: "e".repeat(40), to: last, paths: ["picture.bin"] });
    expect(touched.get("picture.bin")?.message).toBe("First");
  });
});

describe("a branch", () => {
  test("is begun from a commit, made anew from another, and moved only from where it stands", async () => {
    const options = { branch: "proposed", files: [{ path: "c.txt", content: "c\n" }], message: "Propose", author: ada };
    const { hash } = await repositories.commitFiles("one", { ...options, onto: first, expectedParent: null });
    expect((await repositories.commitFiles("one", { ...options, onto: first, expectedParent: null })).hash).toBe(hash);
    const again = await repositories.commitFiles("one", { ...options, onto: last, expectedParent: hash });
    expect(await repositories.isAncestor("one", last, again.hash)).toBe(true);
    expect(await repositories.isAncestor("one", hash, again.hash)).toBe(false);
    expect(await repositories.moveBranch("one", "main", first, again.hash)).toBe(false);
    expect(await repositories.moveBranch("one", "main", last, again.hash)).toBe(true);
    expect(await repositories.moveBranch("one", "main", last, again.hash)).toBe(true);
    expect(await repositories.moveBranch("one", "proposed", again.hash, null)).toBe(true);
    expect(await repositories.head("one", "proposed")).toBeUndefined();
  });

  test("a kept tree is kept once and is no branch", async () => {
    const kept = { ref: "base/x", files: [{ path: "a.txt", content: "a\n" }], message: "Base", author: ada };
    const { hash } = await repositories.keepFiles("one", kept);
    expect((await repositories.keepFiles("one", kept)).hash).toBe(hash);
    expect((await repositories.tree("one", hash))?.files).toEqual([{ path: "a.txt", hash: blobHash("a\n"), executable: false }]);
  });
});

describe("three versions of a text", () => {
  const labels = { base: "before", ours: "here", theirs: "there" };
  const merge = async (base: string, ours: string, theirs: string): Promise<[string, number]> => {
    const merged = await mergeText({ base: Buffer.from(base), ours: Buffer.from(ours), theirs: Buffer.from(theirs) }, labels);
    return [Buffer.from(merged?.content ?? []).toString(), merged?.conflicts ?? -1];
  };

  test("become one where both sides changed other places", async () => {
    const lines = (a: string, z: string): string => [a, "b", "c", "d", "e", "f", "g", z, ""].join("\n");
    expect(await merge(lines("a", "z"), lines("A", "z"), lines("a", "Z"))).toEqual([lines("A", "Z"), 0]);
  });

  test("are marked where they changed the same", async () => {
    const [text, conflicts] = await merge("a\n", "b\n", "c\n");
    expect(conflicts).toBe(1);
    expect(text).toBe("<<<<<<< here\nb\n||||||| before\na\n=======\nc\n>>>>>>> there\n");
    expect(await mergeText({ base: Buffer.from([0]), ours: Buffer.from([1]), theirs: Buffer.from([0, 2]) }, labels)).toBeUndefined();
  });
});
