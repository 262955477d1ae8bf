/**
 * The architecture as a check. A package sees only lower floors and declares what it sees; a module never
 * sees a module, a face never sees a module, and nobody reaches into a neighbour by a relative path.
 * Run by `npm test`; exits 1 with one line per fault, and fails when it looked at nothing.
 */
import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const FLOORS = ["kernel", "contracts", "modules", "faces", "apps"];
/** Kernel packages in the order in which they may see each other. */
const KERNEL = ["core", "cel", "git", "postgres", "clickhouse", "workflows", "http", "testkit"].map((name) => `@roadbed/${name}`);
/** Apps that run outside the server: they speak to it by the client, as anybody would. */
const OUTSIDE = ["@roadbed/web", "@roadbed/cli", "@roadbed/simulator"];
const OUTSIDE_MAY_SEE = ["@roadbed/core", "@roadbed/contracts", "@roadbed/face-client", "@roadbed/face-cli"];
const IMPORT = /(?:from|import)\s*\(?\s*["']([^"']+)["']/g;

interface Package {
  readonly name: string;
  readonly dir: string;
  readonly declared: ReadonlySet<string>;
}

const packages = globSync("{kernel/*,contracts,modules/*,faces/*,apps/*}/package.json").map(readPackage);
const byName = new Map(packages.map((pkg) => [pkg.name, pkg]));
const files = packages.flatMap((pkg) => globSync(`${pkg.dir}/src/**/*.{ts,tsx}`).map((file) => ({ pkg, file })));
const problems = files.flatMap(({ pkg, file }) => importsOf(file).flatMap((wanted) => checkImport(pkg, file, wanted)));

for (const problem of problems) console.error(problem);
console.log(`floors: ${packages.length} packages, ${files.length} files, ${problems.length} problems`);
process.exitCode = packages.length > 0 && files.length > 0 && problems.length === 0 ? 0 : 1;

function readPackage(path: string): Package {
  const manifest = JSON.parse(readFileSync(path, "utf8")) as {
    name: string;
    dependencies?: Record<string, string>;
    devDependencies?: Record<string, string>;
  };
  return {
    name: manifest.name,
    dir: dirname(path),
    declared: new Set([...Object.keys(manifest.dependencies ?? {}), ...Object.keys(manifest.devDependencies ?? {})]),
  };
}

function importsOf(file: string): string[] {
  return [...readFileSync(file, "utf8").matchAll(IMPORT)].map(([, specifier = ""]) => specifier);
}

function checkImport(pkg: Package, file: string, wanted: string): string[] {
  if (wanted.startsWith(".")) {
    return join(dirname(file), wanted).startsWith(`${pkg.dir}/`) ? [] : [`${file}: ${wanted} leaves ${pkg.name}`];
  }
  const target = byName.get(wanted.split("/").slice(0, 2).join("/"));
  if (!target || target === pkg) return [];
  if (target.name === "@roadbed/testkit") return isTest(file) ? [] : [`${file}: only tests may see ${target.name}`];
  if (!mayAt(target, pkg)) return [`${file}: ${pkg.name} may not see ${target.name}`];
  return pkg.declared.has(target.name) ? [] : [`${file}: ${target.name} is not declared in ${pkg.dir}/package.json`];
}

function mayAt(target: Package, pkg: Package): boolean {
  if (OUTSIDE.includes(pkg.name)) return OUTSIDE_MAY_SEE.includes(target.name);
  const [low, high] = [floorOf(target), floorOf(pkg)];
  if (low === 0 && high === 0) return KERNEL.indexOf(target.name) < KERNEL.indexOf(pkg.name);
  if (pkg.name === "@roadbed/face-cli" && target.name === "@roadbed/face-client") return true;
  return low < high && !(high === 3 && low === 2);
}

function floorOf(pkg: Package): number {
  return FLOORS.indexOf(pkg.dir.split("/")[0] ?? "");
}

function isTest(file: string): boolean {
  return /\.(test|suite)\.tsx?$/.test(file);
}
