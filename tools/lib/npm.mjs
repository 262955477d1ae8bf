/** Runs npm as a script may: with the npm that started us, under a given Node, with errors turned into advice. */
import { spawnSync } from "node:child_process";
import fs, { existsSync, realpathSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";

/** A reason not to go on that the user can mend; printed without a stack. */
export class Refusal extends Error {
  constructor(message, mend) {
    super(message);
    this.mend = mend;
  }
}

/** Runs `npm ...args` in `cwd` under the Node binary `node`; throws `Refusal` with the cause in words. */
export function runNpm(node, args, cwd) {
  const result = spawnSync(node, [npmCli(), ...args, "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd,
    encoding: "utf8",
    env: cleanEnvironment(node),
    stdio: ["ignore", "pipe", "pipe"],
    maxBuffer: 64 * 1024 * 1024,
  });
  if (result.status === 0) return;
  if (result.signal) throw new Refusal(`npm was stopped (${result.signal}).`, "Run npm start again: it goes on where it was interrupted.");
  throw explain(`${result.stdout ?? ""}\n${result.stderr ?? ""}`, cwd);
}

/** Throws `Refusal` when less than `needed` bytes are free where `folder` is. */
export function refuseFullDisk(folder, needed) {
  if (fs.statfsSync === undefined) return; // Node before 18.15 cannot tell
  const { bavail, bsize } = fs.statfsSync(folder);
  if (bavail * bsize < needed) {
    throw new Refusal(
      `The disk is nearly full: ${mb(bavail * bsize)} MB free in ${folder}, ${mb(needed)} MB needed.`,
      "Free some space and run npm start again.",
    );
  }
}

function explain(output, cwd) {
  const lines = output.split("\n").filter((line) => line.trim() !== "" && !line.includes("A complete log of this run"));
  const tail = lines.slice(-12).join("\n");
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ECONNRESET|network/i.test(output)) {
    return new Refusal(
      `npm could not reach its registry:\n${tail}`,
      "Connect to the network (or set npm's proxy) and run npm start again: it goes on where it stopped.",
    );
  }
  if (/ENOSPC/.test(output)) return new Refusal(`The disk is full in ${cwd}.`, "Free about 2 GB and run npm start again.");
  if (/EACCES|EPERM/.test(output))
    return new Refusal(`npm may not write in ${cwd}:\n${tail}`, "Own the folder (chown) or clone it elsewhere, and run npm start again.");
  return new Refusal(`npm failed in ${cwd}:\n${tail}`, "Mend what it says and run npm start again.");
}

/** npm's settings stay (cache, registry, user file); what the outer `npm start` set for its own script goes. */
function cleanEnvironment(node) {
  const env = { PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ""}` };
  for (const [name, value] of Object.entries(process.env)) {
    if (name === "PATH" || name === "NODE_OPTIONS" || name === "NODE_ENV" || name === "INIT_CWD") continue;
    if (/^npm_/i.test(name) && !/^npm_config_(cache|registry|userconfig|globalconfig|proxy|https_proxy|noproxy|cafile|prefix)$/i.test(name))
      continue;
    env[name] = value;
  }
  return env;
}

function npmCli() {
  const started = process.env.npm_execpath;
  if (started && started.endsWith(".js") && existsSync(started)) return started;
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    const file = join(folder, "npm");
    if (!existsSync(file)) continue;
    const real = realpathSync(file);
    if (real.endsWith(".js")) return real;
    const beside = join(dirname(real), "..", "lib", "node_modules", "npm", "bin", "npm-cli.js");
    if (existsSync(beside)) return realpathSync(beside);
  }
  const bundled = join(
    dirname(process.execPath),
    process.platform === "win32" ? "node_modules" : "../lib/node_modules",
    "npm",
    "bin",
    "npm-cli.js",
  );
  if (existsSync(bundled)) return bundled;
  throw new Refusal("npm was not found.", "Install Node with npm, or run `npm start` instead of calling node.");
}

function mb(bytes) {
  return Math.round(bytes / 1024 / 1024);
}
