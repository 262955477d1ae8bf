import { mkdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { expect, test } from "vitest";

import { temporaryFolder } from "../testing/temporary-folder.ts";
import { createPlacer } from "./placer.ts";

const NEW = { mode: 0o644, replace: false };

test("files are placed with the folders above them; what is there stays unless it is to be replaced", async () => {
  const workspace = await temporaryFolder();
  const place = createPlacer(workspace, join(workspace, "out"));
  expect(await Promise.all(["a.txt", "b/c.txt", "b/d.sh"].map((path) => place(path, { data: path }, NEW)))).toEqual([true, true, true]);
  expect(await place("a.txt", { data: "again" }, NEW)).toBe(false);
  expect(await place("a.txt", { data: "again" }, { ...NEW, replace: true })).toBe(true);
  expect(await place("x.sh", { copyOf: join(workspace, "out/b/d.sh") }, { mode: 0o755, replace: false })).toBe(true);
  expect(await readFile(join(workspace, "out/a.txt"), "utf8")).toBe("again");
  expect((await stat(join(workspace, "out/x.sh"))).mode & 0o100).toBe(0o100);
});

test("no path leads out: not by .., not by a folder that is a link, not by a file that is one", async () => {
  const [workspace, elsewhere] = [await temporaryFolder(), await temporaryFolder()];
  await mkdir(join(workspace, "out"));
  await symlink(elsewhere, join(workspace, "out/link"));
  await writeFile(join(elsewhere, "kept.txt"), "theirs");
  await symlink(join(elsewhere, "kept.txt"), join(workspace, "out/file"));
  await symlink(join(elsewhere, "made.txt"), join(workspace, "out/dangling"));
  const place = createPlacer(workspace, join(workspace, "out"));
  for (const path of ["../up.txt", "/abs.txt", "link/in.txt", "link/deeper/in.txt", "file", "nul\0.txt"]) {
    for (const replace of [false, true])
      await expect(place(path, { data: "mine" }, { mode: 0o644, replace }), path).rejects.toThrow(/leads out/);
  }
  // A link to nothing is itself what is there.
  expect(await place("dangling", { data: "mine" }, NEW)).toBe(false);
  expect(await place("dangling", { data: "mine" }, { ...NEW, replace: true })).toBe(true);
  expect(await readFile(join(elsewhere, "kept.txt"), "utf8")).toBe("theirs");
  await expect(stat(join(elsewhere, "made.txt"))).rejects.toThrow();
  await expect(createPlacer(workspace, join(workspace, "out/link"))("a.txt", { data: "" }, NEW)).rejects.toThrow(/leads out/);
});
