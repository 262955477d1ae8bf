import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "roadbed-floors-"));
  const packages: [dir: string, name: string, dependencies: string[]][] = [
    ["kernel/core", "@roadbed/core", []],
    ["kernel/git", "@roadbed/git", ["@roadbed/core"]],
    ["kernel/testkit", "@roadbed/testkit", ["@roadbed/core"]],
    ["contracts", "@roadbed/contracts", ["@roadbed/core"]],
    ["modules/catalog", "@roadbed/catalog", ["@roadbed/core", "@roadbed/contracts", "@roadbed/paths"]],
    ["modules/paths", "@roadbed/paths", ["@roadbed/core"]],
    ["faces/http", "@roadbed/face-http", ["@roadbed/core", "@roadbed/catalog"]],
    ["apps/server", "@roadbed/server", ["@roadbed/core", "@roadbed/catalog"]],
    ["apps/web", "@roadbed/web", ["@roadbed/core", "@roadbed/git"]],
  ];
  for (const [dir, name, dependencies] of packages) {
    write(`${dir}/package.json`, JSON.stringify({ name, dependencies: Object.fromEntries(dependencies.map((each) => [each, "*"])) }));
    write(`${dir}/src/index.ts`, "export {};\n");
  }
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

function check(): { status: number | null; said: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(import.meta.dirname, "check-floors.ts")], {
    cwd: root,
    encoding: "utf8",
  });
  return { status, said: `${stdout}${stderr}` };
}

test("a house that stands is fine", () => {
  write(
    "modules/catalog/src/a.ts",
    `import { x } from "@roadbed/core";\nimport type { y } from "@roadbed/contracts/catalog";\nimport "./b.ts";\n`,
  );
  write("apps/server/src/main.ts", `import { x } from "@roadbed/catalog";\n`);
  write("modules/catalog/src/a.test.ts", `import { x } from "@roadbed/testkit";\n`);
  write("modules/paths/package.json", JSON.stringify({ name: "@roadbed/paths", devDependencies: { "@roadbed/testkit": "*" } }));
  expect(check()).toMatchObject({ status: 0, said: expect.stringContaining("9 packages, 12 files, 0 problems") });
});

test.each([
  ["modules/catalog/src/a.ts", `import { x } from "@roadbed/paths";`, "@roadbed/catalog may not see @roadbed/paths"],
  ["modules/catalog/src/a.ts", `export * from "@roadbed/server";`, "@roadbed/catalog may not see @roadbed/server"],
  ["modules/catalog/src/a.ts", `await import("@roadbed/paths");`, "@roadbed/catalog may not see @roadbed/paths"],
  ["modules/catalog/src/a.ts", `import "../../paths/src/index.ts";`, "leaves @roadbed/catalog"],
  ["modules/paths/src/a.ts", `import { x } from "@roadbed/git";`, "@roadbed/git is not declared in modules/paths/package.json"],
  ["modules/paths/src/a.ts", `import { x } from "@roadbed/testkit";`, "only tests may see @roadbed/testkit"],
  ["faces/http/src/a.ts", `import { x } from "@roadbed/catalog";`, "@roadbed/face-http may not see @roadbed/catalog"],
  ["kernel/core/src/a.ts", `import { x } from "@roadbed/git";`, "@roadbed/core may not see @roadbed/git"],
  ["kernel/git/src/a.ts", `import { x } from "@roadbed/contracts";`, "@roadbed/git may not see @roadbed/contracts"],
  ["contracts/src/a.ts", `import { x } from "@roadbed/catalog";`, "@roadbed/contracts may not see @roadbed/catalog"],
  ["apps/web/src/a.tsx", `import { x } from "@roadbed/git";`, "@roadbed/web may not see @roadbed/git"],
])("%s with %s is a fault", (file, text, problem) => {
  write(file, `${text}\n`);
  expect(check()).toMatchObject({ status: 1, said: expect.stringContaining(`${file}: `) });
  expect(check().said).toContain(problem);
});

test("nothing looked at is a failure", () => {
  for (const floor of ["kernel", "contracts", "modules", "faces", "apps"]) rmSync(join(root, floor), { recursive: true });
  expect(check()).toMatchObject({ status: 1, said: expect.stringContaining("floors: 0 packages, 0 files") });
});
