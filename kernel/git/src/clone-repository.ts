import { rm } from "node:fs/promises";
import { isIP } from "node:net";
import { resolve } from "node:path";

import { InvalidError, UnavailableError } from "@roadbed/core";

import { checkRef } from "./names.ts";
import { GitFailure, redactCredentials, runGit } from "./run-git.ts";

export interface RemoteOptions {
  /** `https://`, `http://`, `ssh://`, `file://` or `git@host:path`; a name and password in it are sent, but never stored or printed. */
  readonly url: string;
  readonly dir: string;
  /** Default: the remote's own default branch. */
  readonly branch?: string;
  /** How many commits of history; default 1. */
  readonly depth?: number;
  readonly signal?: AbortSignal;
  /** Where the host may be connected to, once that was checked: nowhere else, and no redirect is followed. Without it, wherever it is. */
  readonly addresses?: readonly string[];
}

export interface RemoteState {
  readonly hash: string;
}

/**
 * Clones into `dir`, which must be missing or empty. Symbolic links become plain files, so that nobody who reads `dir` is led
 * out of it. Throws `InvalidError` for an address of another sort, `UnavailableError` when the remote refuses or does not answer.
 */
export async function cloneRepository(options: RemoteOptions): Promise<RemoteState> {
  const remote = readRemote(options.url);
  const branch = options.branch === undefined ? [] : ["--branch", checkRef(options.branch)];
  const depth = [`--depth=${Math.trunc(options.depth ?? 1)}`, "--single-branch", "--no-tags"];
  const dir = resolve(options.dir);
  await callRemote(remote, options, [
    "clone",
    "--quiet",
    "--template=",
    "-c",
    "core.symlinks=false",
    ...depth,
    ...branch,
    "--",
    remote.url,
    dir,
  ]).catch(async (error: unknown) => {
    await rm(`${dir}/.git`, { recursive: true, force: true });
    throw error;
  });
  return stateOf(dir);
}

/** Brings a clone to the newest commit of its remote; local changes are lost. The address is given anew because no secret of it was kept. */
export async function fetchRepository(options: RemoteOptions): Promise<RemoteState> {
  const remote = readRemote(options.url);
  const dir = resolve(options.dir);
  const wanted = options.branch === undefined ? "HEAD" : `refs/heads/${checkRef(options.branch)}`;
  const depth = `--depth=${Math.trunc(options.depth ?? 1)}`;
  await callRemote(remote, options, ["-C", dir, "fetch", "--quiet", "--no-tags", depth, "--", remote.url, wanted]);
  await runGit({ args: ["-C", dir, "reset", "--quiet", "--hard", "FETCH_HEAD"] });
  await runGit({ args: ["-C", dir, "clean", "--quiet", "-fdx"] });
  return stateOf(dir);
}

/** An address without credentials, and how they are sent. */
export interface Remote {
  /** Without credentials. */
  readonly url: string;
  readonly settings: Readonly<Record<string, string>>;
}

/** Throws `InvalidError` for an address of another sort. */
export function readRemote(text: string): Remote {
  if (/^[a-z0-9][a-z0-9._-]*@[a-z0-9][a-z0-9.-]*:(?!\/\/)[^\s\0]+$/i.test(text)) return { url: text, settings: {} };
  const url = URL.parse(text);
  if (url === null || !["https:", "http:", "ssh:", "file:"].includes(url.protocol) || url.hostname.startsWith("-")) {
    throw new InvalidError(`"${redactCredentials(text).slice(0, 200)}" is not an address that can be cloned.`, {
      mend: "Use https://, http://, ssh://, file:// or git@host:path.",
    });
  }
  if (!url.protocol.startsWith("http") || (url.username === "" && url.password === "")) return { url: text, settings: {} };
  const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  url.username = "";
  url.password = "";
  // By the environment: a command line can be read by every user of the machine, and a clone keeps its address in a file.
  return {
    url: url.href,
    settings: {
      GIT_CONFIG_COUNT: "1",
      GIT_CONFIG_KEY_0: `http.${url.origin}/.extraHeader`,
      GIT_CONFIG_VALUE_0: `Authorization: Basic ${Buffer.from(credentials).toString("base64")}`,
    },
  };
}

async function callRemote(
  remote: Remote,
  { signal, addresses }: Pick<RemoteOptions, "signal" | "addresses">,
  args: string[],
): Promise<void> {
  const settings = addresses === undefined ? [] : pinned(remote.url, addresses);
  try {
    await runGit({ args, network: true, settings, env: remote.settings, ...(signal ? { signal } : {}) });
  } catch (error) {
    if (!(error instanceof GitFailure)) throw error;
    const reason = reasonIn(error.stderr);
    const moved = /returned error: 30[12378]/.test(reason);
    if (moved && /^https?:.*(?<!\.git)$/.test(remote.url)) {
      const whole = `${remote.url.replace(/\/+$/, "")}.git`;
      // Some hosts lead to the same address with its ending.
      return callRemote(
        { ...remote, url: whole },
        { ...(signal && { signal }), ...(addresses && { addresses }) },
        args.map((arg) => (arg === remote.url ? whole : arg)),
      );
    }
    throw new UnavailableError(`${redactCredentials(remote.url)} could not be read: ${reason || "git gave no reason"}`, {
      mend: moved
        ? "It has moved: give the address it leads to."
        : "Check the address, the branch and, for a private repository, the token in it.",
    });
  }
}

/** A name that says one thing to the check says the same to the connection. Only what the check saw is asked, so no redirects. */
export function pinned(address: string, addresses: readonly string[]): string[] {
  const url = URL.parse(address);
  if (url?.protocol !== "https:" && url?.protocol !== "http:") return [];
  const port = url.port || (url.protocol === "https:" ? "443" : "80");
  const where = addresses.map((one) => (one.includes(":") ? `[${one}]` : one)).join(",");
  return ["http.followRedirects=false", ...(isIP(url.hostname) === 0 ? [`http.curloptResolve=${url.hostname}:${port}:${where}`] : [])];
}

/** Git says first what is wrong and ends with general advice. */
export function reasonIn(stderr: string): string {
  const lines = stderr.trim().split("\n");
  return lines.find((line) => /^(?:fatal|error|remote|ssh):/.test(line)) ?? lines[0] ?? "";
}

async function stateOf(dir: string): Promise<RemoteState> {
  const printed = await runGit({ args: ["-C", dir, "rev-parse", "HEAD"] });
  return { hash: printed.toString("utf8").trim() };
}
