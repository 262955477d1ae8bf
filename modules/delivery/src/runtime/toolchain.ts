import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { access, chmod, mkdir, readFile, realpath, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";

import type { Manifest } from "../workload/manifest.ts";

const run = promisify(execFile);

/** What builds may know of the server's surroundings: how to reach the network, never who the server is. */
const NETWORK_VARIABLES = [
  "HTTP_PROXY",
  "HTTPS_PROXY",
  "NO_PROXY",
  "http_proxy",
  "https_proxy",
  "no_proxy",
  "NODE_EXTRA_CA_CERTS",
  "SSL_CERT_FILE",
];

/** Where the installers of languages put their programs, beside the folders that the server's own `PATH` names. */
const FURTHER_FOLDERS = ["/usr/local/go/bin", "/usr/local/bin", "/usr/bin", "/bin"];
/** Programs of languages that are taken from wherever the server's own `PATH` has them. */
const LANGUAGES = ["python3", "go"];
/** A virtual environment that the platform makes for the packages of `requirements.txt`. */
export const VENV = ".venv";

export interface Toolchain {
  /** `PATH` for workloads: `node`, `npm` and `npx` are the ones that run the server, `python3` and `go` those that the server finds. */
  path(): Promise<string>;
  hasNpm(): Promise<boolean>;
  /** Which of the programs that a manifest names are not on this machine. */
  lacking(manifest: Pick<Manifest, "build" | "start">): Promise<readonly string[]>;
  /** Further variables for builds: npm's registry and cache, proxies, certificates. */
  buildVariables(): Promise<Record<string, string>>;
}

/** Makes a folder with `node`, `npm` and `npx`, because the Node that runs the server may have come without npm beside it. */
export function openToolchain(dir: string): Toolchain {
  let made: Promise<string | undefined> | undefined;
  let variables: Promise<Record<string, string>> | undefined;
  const make = (): Promise<string | undefined> => (made ??= makeFolder(dir));
  const path = async (): Promise<string> => {
    await make();
    return [dir, "/usr/local/bin", "/usr/bin", "/bin"].join(delimiter);
  };
  return {
    path,
    hasNpm: async () => (await make()) !== undefined,
    lacking: async ({ build, start }) => {
      const named = new Set([...build, ...(start === undefined ? [] : [start])].map(([program = ""]) => program));
      // A program with a slash in its name comes with the repository, or is made by its build.
      const sought = [...named].filter((program) => !program.includes("/"));
      const folders = (await path()).split(delimiter);
      const found = await Promise.all(sought.map((program) => findProgram(program, folders)));
      return sought.filter((_program, n) => found[n] === undefined);
    },
    buildVariables: () => (variables ??= make().then(readBuildVariables)),
  };
}

/** Answers npm's main file, undefined when there is none on this machine. */
async function makeFolder(dir: string): Promise<string | undefined> {
  await mkdir(dir, { recursive: true });
  const draft = join(dir, `.node-${process.pid}`);
  await rm(draft, { force: true });
  await symlink(process.execPath, draft);
  await rename(draft, join(dir, "node"));
  for (const name of LANGUAGES) await linkLanguage(dir, name);
  const npm = await findNpm();
  if (npm === undefined) return undefined;
  await writeScript(join(dir, "npm"), [process.execPath, npm]);
  await writeScript(join(dir, "npx"), [process.execPath, join(dirname(npm), "npx-cli.js")]);
  return npm;
}

/** A version manager's stand-in would ask for its own settings, so Python itself says where it really lies. */
async function linkLanguage(dir: string, name: string): Promise<void> {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), ...FURTHER_FOLDERS].filter((folder) => folder !== "" && folder !== dir);
  const found = await findProgram(name, folders);
  if (found === undefined) return rm(join(dir, name), { force: true });
  const asked =
    name === "python3"
      ? await run(found, ["-c", "import sys; print(sys.executable)"], { timeout: 10_000 }).catch(() => undefined)
      : undefined;
  await writeScript(join(dir, name), [asked?.stdout.trim() || found]);
}

async function findProgram(name: string, folders: readonly string[]): Promise<string | undefined> {
  for (const folder of folders) {
    const path = join(folder, name);
    const usable = await access(path, constants.X_OK).then(
      async () => (await stat(path)).isFile(),
      () => false,
    );
    if (usable) return path;
  }
  return undefined;
}

async function writeScript(path: string, command: readonly string[]): Promise<void> {
  const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
  const draft = `${path}.${process.pid}`;
  await writeFile(draft, `#!/bin/sh\nexec ${command.map(quote).join(" ")} "$@"\n`);
  await chmod(draft, 0o755);
  await rename(draft, path);
}

async function findNpm(): Promise<string | undefined> {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const candidates = [
    process.env["npm_execpath"] ?? "",
    join(dirname(process.execPath), "../lib/node_modules/npm/bin/npm-cli.js"),
    ...folders.flatMap((folder) => [join(folder, "npm"), join(folder, "../lib/node_modules/npm/bin/npm-cli.js")]),
  ];
  for (const candidate of candidates.filter((path) => path !== "")) {
    const path = await realpath(candidate).catch(() => undefined);
    if (path?.endsWith("/npm-cli.js")) return path;
  }
  return undefined;
}

/** Asked of npm itself, as the server's user has set it up; a token in that set-up is not among what is asked. */
async function readBuildVariables(npm: string | undefined): Promise<Record<string, string>> {
  const passed = NETWORK_VARIABLES.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]]));
  const variables = Object.fromEntries(passed) as Record<string, string>;
  // Where packages of Python and Go come from; an address that holds a password is not handed on.
  for (const name of ["PIP_INDEX_URL", "PIP_CERT", "GOPROXY", "GONOSUMDB"]) {
    const value = process.env[name];
    if (value !== undefined && !value.includes("@")) variables[name] = value;
  }
  if (npm === undefined) return variables;
  const read = await run(process.execPath, [npm, "config", "get", "registry", "cache", "cafile"], { cwd: "/" }).catch(() => undefined);
  for (const line of read?.stdout.split("\n") ?? []) {
    const [, name, value] = /^(registry|cache|cafile)=(.+)$/.exec(line.trim()) ?? [];
    if (name !== undefined && value !== undefined && value !== "null") variables[`npm_config_${name}`] = value;
  }
  return variables;
}

/** True when `package.json` in the folder names packages that have to be installed. */
export async function readDependencies(
  dir: string,
): Promise<{ readonly runtime: boolean; readonly development: boolean; readonly locked: boolean }> {
  const text = await readFile(join(dir, "package.json"), "utf8").catch(() => "{}");
  const locked = await readFile(join(dir, "package-lock.json")).then(
    () => true,
    () => false,
  );
  try {
    const { dependencies, optionalDependencies, devDependencies } = JSON.parse(text) as Record<string, Record<string, string> | undefined>;
    const any = (names: Record<string, string> | undefined): boolean => Object.keys(names ?? {}).length > 0;
    return { runtime: any(dependencies) || any(optionalDependencies), development: any(devDependencies), locked };
  } catch {
    return { runtime: false, development: false, locked };
  }
}

/** True when `requirements.txt` in the folder names packages that have to be installed. */
export async function hasRequirements(dir: string): Promise<boolean> {
  const text = await readFile(join(dir, "requirements.txt"), "utf8").catch(() => "");
  return text.split("\n").some((line) => line.replace(/#.*/, "").trim() !== "");
}
