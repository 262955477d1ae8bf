import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, test } from "vitest";

import { claimDataFolder } from "./data-folder.ts";

const fresh = (): string => mkdtempSync(join(tmpdir(), "roadbed-data-"));

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
