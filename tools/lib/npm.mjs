/** Runs npm as a script may: with the npm that started us, under a given Node, with errors turned into advice. Node 18. */
import fs, { existsSync, realpathSync } from "node:fs";
import { basename, delimiter, dirname, join } from "node:path";

import { Refusal } from "./refusal.mjs";
import { runChild } from "./run-child.mjs";

/** Runs `npm ...args` in `cwd` under the Node binary `node`; throws `Refusal` with the cause in words. */
export async function runNpm(node, args, cwd, onStart) {
  const cli = findNpm(process.env, process.execPath);
  const { code, signal, output } = await runChild(
    node,
    [cli, ...args, ...patience(process.env), "--no-audit", "--no-fund", "--loglevel=error"],
    {
      cwd,
      env: npmEnvironment(process.env, node),
      onStart,
    },
  );
  if (code === 0) return;
  if (signal) throw new Refusal(`npm was stopped (${signal}).`, "Run npm start again: it goes on where it was interrupted.");
  throw explainNpm(output, cwd);
}

/** npm would try for more than a minute before it said that there is no network; who wants that has set it. */
function patience(env) {
  if (Object.keys(env).some((name) => /^npm_config_fetch_/i.test(name))) return [];
  return ["--fetch-retries=3", "--fetch-retry-mintimeout=500", "--fetch-retry-maxtimeout=4000"];
}

/** Throws `Refusal` when less than `needed` bytes are free where `folder` is. */
export function refuseFullDisk(folder, needed) {
  if (fs.statfsSync === undefined) return; // Node before 18.15 cannot tell
  const { bavail, bsize, blocks } = fs.statfsSync(folder);
  if (blocks === 0) return; // a file system that does not say
  if (bavail * bsize < needed) {
    throw new Refusal(
      `The disk is nearly full: ${mb(bavail * bsize)} MB free in ${folder}, ${mb(needed)} MB needed.`,
      "Free some space and run npm start again.",
    );
  }
}

/** Empty lines, stack frames and the fields of errors, and where npm keeps its log. */
const NOISE =
  /^(?:npm (?:error|ERR!))?\s*(?:at .*|[\w-]+: .*,|type: .*|requiredBy: .*|\[?\}.*)?$|A complete log of this run|^npm error .*_logs/;

/** What npm printed before it failed, as a `Refusal`. */
export function explainNpm(output, cwd) {
  const lines = output.split("\n").filter((line) => !NOISE.test(line));
  const tail = lines.slice(-12).join("\n");
  if (/ENOSPC|EDQUOT/.test(output))
    return new Refusal(
      `The disk is full: npm could not write in ${cwd} or in its cache.`,
      "Free about 2 GB and run npm start again: it goes on where it stopped.",
    );
  if (
    /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ECONNRESET|EHOSTUNREACH|ENETUNREACH|ERR_SOCKET_TIMEOUT|ENOTCACHED|ERR_INVALID_PROXY|code UNABLE_TO|CERT_/.test(
      output,
    )
  )
    return new Refusal(
      `npm could not reach its registry:\n${tail}`,
      "Connect to the network (or set npm's proxy or registry) and run npm start again: it goes on where it stopped.",
    );
  if (/code E(?:401|403|404|TARGET)\b/.test(output))
    return new Refusal(
      `npm's registry does not give what the lock file names:\n${tail}`,
      "Look at `npm config get registry`: it has to serve all public packages, and may want a sign-in (npm login).",
    );
  if (/EINTEGRITY/.test(output))
    return new Refusal(
      `A package from the registry is not the one that the lock file names:\n${tail}`,
      "Run npm cache verify and then npm start again; if it stays, the registry or a proxy changes packages.",
    );
  if (/EACCES|EPERM|EROFS/.test(output))
    return new Refusal(
      `npm may not write in ${cwd} or in its cache:\n${tail}`,
      "Own the folder (chown) or clone it elsewhere, and run npm start again.",
    );
  return new Refusal(`npm failed in ${cwd}:\n${tail}`, "Mend what it says and run npm start again.");
}

/** Settings of npm that say how the registry is reached and where npm keeps its things. */
const KEPT_SETTINGS =
  /^npm_config_(?:cache|registry|userconfig|globalconfig|prefix|proxy|https?_proxy|noproxy|ca|cafile|cert|key|strict_ssl|maxsockets|fetch_[a-z_]+|offline|prefer_offline|\/\/.*|@.*|_auth.*)$/i;

/** npm's settings stay; what an outer `npm start` set for its own script goes, and what would change what is installed. */
export function npmEnvironment(env, node) {
  const kept = Object.entries(env).filter(
    ([name]) => !["PATH", "NODE_OPTIONS", "NODE_ENV", "INIT_CWD"].includes(name) && (!/^npm_/i.test(name) || KEPT_SETTINGS.test(name)),
  );
  return { ...Object.fromEntries(kept), PATH: `${dirname(node)}${delimiter}${env.PATH ?? ""}` };
}

/** npm's own program: the one that started us, the one on the PATH, the one beside this Node. Throws `Refusal` without any. */
export function findNpm(env, execPath) {
  const started = env.npm_execpath;
  if (started && basename(started) === "npm-cli.js" && existsSync(started)) return started;
  for (const folder of (env.PATH ?? "").split(delimiter)) {
    const file = join(folder, "npm");
    if (folder === "" || !existsSync(file)) continue;
    const real = realpathSync(file);
    if (basename(real) === "npm-cli.js") return real;
    const beside = join(dirname(real), "..", "lib", "node_modules", "npm", "bin", "npm-cli.js");
    if (existsSync(beside)) return realpathSync(beside);
  }
  const modules = process.platform === "win32" ? "node_modules" : "../lib/node_modules";
  const bundled = join(dirname(realpathSync(execPath)), modules, "npm", "bin", "npm-cli.js");
  if (existsSync(bundled)) return bundled;
  throw new Refusal(
    "npm was not found.",
    "Install npm (it comes with Node from nodejs.org; some systems package it apart) and run npm start.",
  );
}

function mb(bytes) {
  return Math.round(bytes / 1024 / 1024);
}
