import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

import { expect, test } from "vitest";

import { machineRefusal, refuseWithoutGit } from "./node24.mjs";

const linux = (glibcVersionRuntime: string | undefined, over: { nodeVersion?: string; ownStores?: boolean } = {}) =>
  machineRefusal({ platform: "linux", nodeVersion: "20.20.2", ownStores: false, header: { glibcVersionRuntime }, ...over });

test("a Linux without glibc is refused with what to use instead", () => {
  expect(linux(undefined)?.message).toContain("no glibc");
  expect(linux(undefined)?.mend).toContain("Debian");
});

test("without glibc it goes on when neither store is the embedded one and Node 24 is there", () => {
  expect(linux(undefined, { nodeVersion: "24.1.0", ownStores: true })).toBeUndefined();
  expect(linux(undefined, { nodeVersion: "24.1.0" })).toBeDefined();
  expect(linux(undefined, { ownStores: true })).toBeDefined();
});

test("a glibc older than Node 24 needs is refused", () => {
  expect(linux("2.17")?.message).toContain("glibc 2.17; Node 24 needs 2.28");
  expect(linux("2.28")).toBeUndefined();
  expect(linux("2.36")).toBeUndefined();
  expect(linux("3.0")).toBeUndefined();
});

test("a Node before 18 is refused, elsewhere the C library is not asked about", () => {
  expect(machineRefusal({ platform: "darwin", nodeVersion: "16.20.0", header: {}, ownStores: false })?.message).toContain(
    "Node 18 or later",
  );
  expect(machineRefusal({ platform: "darwin", nodeVersion: "18.0.0", header: {}, ownStores: false })).toBeUndefined();
});

test("a machine without git is refused before anything is fetched", () => {
  const folder = mkdtempSync(join(tmpdir(), "roadbed-path-"));
  try {
    expect(() => refuseWithoutGit(["", folder].join(delimiter))).toThrow("git was not found.");
    writeFileSync(join(folder, process.platform === "win32" ? "git.exe" : "git"), "");
    refuseWithoutGit(["/none", folder].join(delimiter));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
