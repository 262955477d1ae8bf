import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import { afterAll, describe, expect, test } from "vitest";

import { readTar, writeTar } from "./tar.ts";

const root = mkdtempSync(join(tmpdir(), "roadbed-tar-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

async function pack(name: string): Promise<string> {
  const file = join(root, name);
  const tar = writeTar(file);
  for (const size of [0, 1, 511, 512, 513, 3_000_001]) {
    writeFileSync(join(root, "source"), Buffer.alloc(size, size % 251));
    expect(await tar.addFile(`dir/f${size}`, join(root, "source"))).toBe(true);
  }
  expect(await tar.addFile("gone", join(root, "no-such-file"))).toBe(false);
  await tar.addFolder("empty");
  await tar.addText("note", "Größe");
  await tar.close();
  return file;
}

describe("tar", () => {
  test("gives back what was put in", async () => {
    const file = await pack("a.tar.gz");
    await readTar(file, join(root, "a"), (name) => name !== "dir/f512");
    for (const size of [0, 1, 511, 513, 3_000_001]) {
      expect(readFileSync(join(root, "a", "dir", `f${size}`)).equals(Buffer.alloc(size, size % 251))).toBe(true);
    }
    expect(readFileSync(join(root, "a", "note"), "utf8")).toBe("Größe");
    expect(() => readFileSync(join(root, "a", "dir", "f512"))).toThrow(/ENOENT/);
  });

  test("is read by the common tar", async () => {
    const file = await pack("b.tar.gz");
    mkdirSync(join(root, "b"));
    expect(spawnSync("tar", ["xzf", file, "-C", join(root, "b")]).status).toBe(0);
    expect(readFileSync(join(root, "b", "dir", "f513")).length).toBe(513);
  });

  test("does not write outside its folder", async () => {
    const plain = writeTar(join(root, "c.tar.gz"));
    await plain.addText("../escaped", "x");
    await plain.close();
    await expect(readTar(join(root, "c.tar.gz"), join(root, "c"))).rejects.toThrow(/leads out/);
  });

  test("notices a damaged header and an early end", async () => {
    writeFileSync(join(root, "d.tar.gz"), gzipSync(Buffer.alloc(512, 65)));
    await expect(readTar(join(root, "d.tar.gz"), join(root, "d"))).rejects.toThrow(/damaged/);
    writeFileSync(join(root, "e.tar.gz"), gzipSync(Buffer.alloc(0)));
    await expect(readTar(join(root, "e.tar.gz"), join(root, "e"))).rejects.toThrow(/too early/);
  });
});
