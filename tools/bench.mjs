/** `npm run bench -- NAME`: runs bench/NAME.ts under Node 24; its last line is one JSON object. */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { environmentFor } from "./lib/node24.mjs";
import { prepare } from "./lib/prepare.mjs";
import { tellFailure } from "./lib/refusal.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [name, ...rest] = process.argv.slice(2);
const file = join(root, "bench", `${name}.ts`);
if (!name || !/^[a-z-]+$/.test(name) || !existsSync(file)) {
  const names = readdirSync(join(root, "bench"))
    .filter((entry) => entry.endsWith(".ts"))
    .map((entry) => entry.slice(0, -3));
  process.stderr.write(`usage: npm run bench -- NAME; there are: ${names.join(", ")}\n`);
  process.exitCode = 2;
} else {
  try {
    const node = await prepare(root, { dev: true, say: (line) => process.stderr.write(`${line}\n`) });
    process.exitCode = spawnSync(node, [file, ...rest], { cwd: root, stdio: "inherit", env: environmentFor(node) }).status ?? 1;
  } catch (error) {
    process.exitCode = tellFailure(error);
  }
}
