import { existsSync, mkdirSync, mkdtempSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, expect, test } from "vitest";

import { makeMissingLinks, resolveBinaries } from "./binaries.ts";

const root = mkdtempSync(join(tmpdir(), "roadbed-links-"));
afterEach(() => rmSync(root, { recursive: true, force: true }));

test("makes the links that a forbidden install script left out, and only those", () => {
  const native = join(root, "native");
  mkdirSync(join(native, "lib"), { recursive: true });
  writeFileSync(join(native, "lib", "libx.so.1.2"), "library");
  writeFileSync(join(native, "lib", "libx.so"), "already there");
  const links = ["native/lib/libx.so", "native/lib/libx.so.1"].map((target) => ({ source: "native/lib/libx.so.1.2", target }));
  writeFileSync(join(native, "pg-symlinks.json"), JSON.stringify(links));
  makeMissingLinks(native);
  makeMissingLinks(native);
  expect(readlinkSync(join(native, "lib", "libx.so.1"))).toBe("libx.so.1.2");
  expect(() => readlinkSync(join(native, "lib", "libx.so"))).toThrow(/EINVAL/);
});

test("finds the server of this platform", () => {
  const { initdb, postgres, share } = resolveBinaries();
  expect([initdb, postgres, join(share, "postgres.bki")].filter((path) => !existsSync(path))).toEqual([]);
});
