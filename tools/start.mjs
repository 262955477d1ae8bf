/** `npm start`: from a bare clone to a running Roadbed. Plain JavaScript, because it has to run on Node 18. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { environmentFor } from "./lib/node24.mjs";
import { prepare } from "./lib/prepare.mjs";
import { tellFailure } from "./lib/refusal.mjs";
import { unknownFlag, wantsHelp } from "./lib/start-flags.mjs";
import { supervise } from "./lib/supervise.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const argv = process.argv.slice(2);
const usage = readFileSync(join(root, "apps/server/src/usage.txt"), "utf8");
const say = (line) => process.stdout.write(`${line}\n`);

if (wantsHelp(argv)) process.stdout.write(usage);
else if (unknownFlag(argv, usage) !== undefined) {
  process.stderr.write(`npm start has no flag ${unknownFlag(argv, usage)}.\n\n${usage}`);
  process.exitCode = 2;
} else {
  try {
    const node = await prepare(root, { dev: false, say });
    process.exitCode = await startServer(node);
  } catch (error) {
    process.exitCode = tellFailure(error);
  }
}

function startServer(node) {
  return supervise(node, ["--disable-warning=ExperimentalWarning", join(root, "apps/server/src/main.ts"), ...argv], {
    // Compiled code is kept between starts: halves the time until the server answers.
    env: { ...environmentFor(node), NODE_COMPILE_CACHE: join(root, ".roadbed", "compile-cache") },
    again: { ROADBED_NO_OPEN: "1" },
    say,
  });
}
