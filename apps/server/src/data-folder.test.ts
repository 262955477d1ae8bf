import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, expect, test } from "vitest";

import { claimDataFolder } from "./data-folder.ts";

const made: string[] = [];
afterAll(() => made.forEach((path) => rmSync(path, { recursive: true, force: true })));

function fresh(): string {
  const path = mkdtempSync(join(tmpdir(), "roadbed-data-"));
  made.push(path);
  return path;
}

test("a folder left by a process that is gone, or whose number is now another program's, can be taken", () => {
  for (const owner of ['{"pid":999999}', '{"pid":1}', "half a fi"]) {
    const path = fresh();
    writeFileSync(join(path, "server.json"), owner);
    expect(() => claimDataFolder(path).release()).not.toThrow();
  }
});

test("a folder that cannot be made says so and names the way out", () => {
  const file = join(fresh(), "a-file");
  writeFileSync(file, "");
  expect(() => claimDataFolder(join(file, "data"))).toThrow(/cannot be made/);
});

test("a server that lives keeps its folder; one whose number it only has does not", async () => {
  const home = fresh();
  mkdirSync(join(home, "apps/server/src"), { recursive: true });
  writeFileSync(join(home, "apps/server/src/main.ts"), "setInterval(() => {}, 1000);");
  const server = spawn(process.execPath, [join(home, "apps/server/src/main.ts")], { stdio: "ignore" });
  try {
    await once(server, "spawn");
    const path = fresh();
    writeFileSync(join(path, "server.json"), JSON.stringify({ pid: server.pid, url: "http://localhost:1" }));
    expect(() => claimDataFolder(path)).toThrow(
      `Another Roadbed (process ${server.pid}) uses the data folder ${path} and answers at http://localhost:1.`,
    );
    if (process.platform !== "linux") return;
    writeFileSync(join(path, "server.json"), JSON.stringify({ pid: server.pid, birth: "1" }));
    claimDataFolder(path).release();
  } finally {
    server.kill("SIGKILL");
  }
});

test("what is claimed says who has it and where, and leaves nothing behind", () => {
  const path = fresh();
  const folder = claimDataFolder(path);
  folder.announce("http://localhost:2");
  expect(JSON.parse(readFileSync(join(path, "server.json"), "utf8"))).toMatchObject({ pid: process.pid, url: "http://localhost:2" });
  folder.release();
  expect(readdirSync(path)).toEqual([]);
});
