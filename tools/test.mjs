/** `npm test`: everything, in order, with one closing line per suite. `npm test -- NAME ...` runs only those named. */
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { environmentFor } from "./lib/node24.mjs";
import { prepare, tellFailure } from "./lib/prepare.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const bin = (name) => join(root, "node_modules", name);

/** name, the command under Node 24, and what its output must show, so that a suite which looked at nothing fails. */
const SUITES = [
  ["format", [bin("oxfmt/bin/oxfmt"), "--check"], undefined],
  ["types", [bin("typescript/bin/tsc"), "-p", "."], undefined],
  ["types-server", [bin("typescript/bin/tsc"), "-p", "tsconfig.server.json"], undefined],
  ["lint", [bin("oxlint/bin/oxlint"), "--type-aware", "--deny-warnings"], /on \d+ files/],
  ["floors", [join(root, "tools/check-floors.ts")], /floors: \d+ packages/],
  ["unlisted", [bin("knip/bin/knip.js"), "--include", "unlisted,unresolved"], undefined],
  ["docs", [join(root, "tools/check-docs.ts")], /docs: \d+/],
  ["lock", [join(root, "tools/check-lock.ts")], /lock: \d+/],
  ["unit", [bin("vitest/vitest.mjs"), "run", "--project", "unit"], /Tests\s+.*\d+ passed/],
  ["db", [bin("vitest/vitest.mjs"), "run", "--project", "db"], /Tests\s+.*\d+ passed/],
  ["e2e", [bin("vitest/vitest.mjs"), "run", "--project", "e2e"], /Tests\s+.*\d+ passed/],
];

try {
  const node = prepare(root, { dev: true, say: (line) => process.stdout.write(`${line}\n`) });
  const wanted = process.argv.slice(2);
  const suites = SUITES.filter(([name]) => wanted.length === 0 || wanted.includes(name));
  if (suites.length === 0) throw new Error(`no such suite; there are: ${SUITES.map(([name]) => name).join(", ")}`);
  const results = suites.map((suite) => runSuite(node, suite));
  for (const { name, ok, seconds } of results) process.stdout.write(`${ok ? "✓" : "✗"} ${name} (${seconds.toFixed(1)} s)\n`);
  const failed = results.filter(({ ok }) => !ok).length;
  process.stdout.write(`${results.length - failed} passed, ${failed} failed\n`);
  process.exitCode = failed === 0 ? 0 : 1;
} catch (error) {
  process.exitCode = tellFailure(error);
}

function runSuite(node, [name, args, mustShow]) {
  const began = Date.now();
  process.stdout.write(`\n── ${name}\n`);
  const result = spawnSync(node, args, {
    cwd: root,
    encoding: "utf8",
    env: { ...environmentFor(node), NO_COLOR: "1", FORCE_COLOR: "0" },
    stdio: ["ignore", "pipe", "pipe"],
    maxBuffer: 256 * 1024 * 1024,
  });
  const output = `${result.stdout ?? ""}${result.stderr ?? ""}`;
  process.stdout.write(output);
  const looked = mustShow === undefined || mustShow.test(output);
  if (!looked) process.stdout.write(`${name}: no sign that it looked at anything\n`);
  return { name, ok: result.status === 0 && looked, seconds: (Date.now() - began) / 1000 };
}
