import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { SUITES } from "./suites.mjs";

const repository = join(import.meta.dirname, "../..");
let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "roadbed-unlisted-"));
  cpSync(join(repository, "knip.json"), join(root, "knip.json"));
  write("package.json", JSON.stringify({ name: "house", private: true, type: "module", workspaces: ["kernel/*"] }));
  write("kernel/core/package.json", JSON.stringify({ name: "@roadbed/core", type: "module", exports: { ".": "./src/index.ts" } }));
  write("kernel/core/src/index.ts", "export const one = 1;\n");
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

/** The suite `unlisted` on this small repository. */
function check(): { status: number | null; said: string } {
  const [program = "", ...args] = SUITES.find(({ name }) => name === "unlisted")?.command ?? [];
  const placed = args.map((arg) => (arg.startsWith("./") ? join(repository, arg) : arg));
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(repository, program), ...placed], { cwd: root, encoding: "utf8" });
  return { status, said: `${stdout}${stderr}` };
}

test("what is listed and there is fine, and counted", () => {
  expect(check()).toMatchObject({ status: 0, said: expect.stringMatching(/unlisted: 1 files, 0 problems/) });
});

test("a package that no manifest names and a file that is not there are faults, even in a file that nobody imports", () => {
  write("kernel/core/src/orphan.ts", `import "left-pad";\nimport "./nowhere.ts";\n`);
  const { status, said } = check();
  expect(status).toBe(1);
  expect(said).toContain("orphan.ts: left-pad is unlisted");
  expect(said).toContain("orphan.ts: ./nowhere.ts is unresolved");
});
