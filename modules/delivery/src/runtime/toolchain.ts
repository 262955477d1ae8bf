import { execFile } from "node:child_process";
import { chmod, mkdir, readFile, realpath, rename, rm, symlink, writeFile } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";

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

export interface Toolchain {
  /** `PATH` for workloads: `node`, `npm` and `npx` are the ones that run the server. */
  path(): Promise<string>;
  hasNpm(): Promise<boolean>;
  /** Further variables for builds: npm's registry and cache, proxies, certificates. */
  buildVariables(): Promise<Record<string, string>>;
}

/** Makes a folder with `node`, `npm` and `npx`, because the Node that runs the server may have come without npm beside it. */
export function openToolchain(dir: string): Toolchain {
  let made: Promise<string | undefined> | undefined;
  let variables: Promise<Record<string, string>> | undefined;
  const make = (): Promise<string | undefined> => (made ??= makeFolder(dir));
  return {
    path: async () => {
      await make();
      return [dir, "/usr/local/bin", "/usr/bin", "/bin"].join(delimiter);
    },
    hasNpm: async () => (await make()) !== undefined,
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
  const npm = await findNpm();
  if (npm === undefined) return undefined;
  await writeScript(join(dir, "npm"), npm);
  await writeScript(join(dir, "npx"), join(dirname(npm), "npx-cli.js"));
  return npm;
}

async function writeScript(path: string, main: string): Promise<void> {
  const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
  const draft = `${path}.${process.pid}`;
  await writeFile(draft, `#!/bin/sh\nexec ${quote(process.execPath)} ${quote(main)} "$@"\n`);
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
