import { InvalidError } from "@roadbed/core";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import type { Wanted } from "../provisioner.ts";

/** Where Terraform works on one resource: the module, its variables and, for as long as it lasts, its state. Nobody else may read it. */
export interface Folder {
  readonly path: string;
  readonly module: string;
  readonly env: Readonly<Record<string, string>>;
  readonly tookUp: boolean;
  markTakenUp(is: boolean): void;
  /** Undefined: there is none. */
  writeState(text: string | undefined): Promise<void>;
  readState(): Promise<string | undefined>;
  /** How many things a state holds. */
  countOf(state: string | undefined): number;
  write(name: string, content: Uint8Array): Promise<void>;
  read(name: string): Promise<Uint8Array>;
  notePid(pid: number): void;
  /** The process that was left here by a server that is gone. */
  leftover(): Promise<number | undefined>;
  waitForEnd(pid: number): Promise<void>;
  remove(): Promise<void>;
}

/** Its own state lies beside it, whatever backend it names: this file is merged over what it says. */
const OVERRIDE = `terraform {\n  backend "local" {}\n}\n`;
const STATE = "terraform.tfstate";

export async function openFolder(o: {
  readonly root: string;
  readonly id: string;
  readonly wanted: Wanted;
  readonly keep: boolean;
}): Promise<Folder> {
  await mkdir(o.root, { recursive: true, mode: 0o700 });
  const path = o.id === "" ? await mkdtemp(join(o.root, "plan-")) : join(o.root, o.id);
  const module = join(path, "module");
  const pidFile = join(path, "pid");
  if (!o.keep) await rm(path, { recursive: true, force: true });
  await mkdir(module, { recursive: true, mode: 0o700 });
  for (const folder of ["home", "tmp"]) await mkdir(join(path, folder), { recursive: true, mode: 0o700 });
  await writeModule(module, o.wanted);
  let tookUp = false;
  const found = (name: string): Promise<string | undefined> => readFile(join(module, name), "utf8").catch(() => undefined);
  return {
    path,
    module,
    env: {
      PATH: "/usr/local/bin:/usr/bin:/bin",
      HOME: join(path, "home"),
      TMPDIR: join(path, "tmp"),
      LANG: "C.UTF-8",
      TZ: "UTC",
      TF_IN_AUTOMATION: "1",
      TF_INPUT: "0",
      CHECKPOINT_DISABLE: "1",
      // Credentials and settings of whoever runs the server are not the module's.
      TF_CLI_CONFIG_FILE: "/dev/null",
    },
    get tookUp() {
      return tookUp;
    },
    markTakenUp: (is) => void (tookUp = is),
    async writeState(text) {
      if (text !== undefined) await writeFile(join(module, STATE), text, { mode: 0o600 });
    },
    readState: async () => {
      const text = await found(STATE);
      return text === undefined || text.trim() === "" ? undefined : text;
    },
    countOf: (state) => (state === undefined ? 0 : ((JSON.parse(state) as { resources?: unknown[] }).resources?.length ?? 0)),
    write: (name, content) => writeFile(join(module, name), content, { mode: 0o600 }),
    read: (name) => readFile(join(module, name)),
    notePid: (pid) => void writeFile(pidFile, `${pid} ${process.pid}`, { mode: 0o600 }).catch(() => {}),
    async leftover() {
      const [pid = "", server = ""] = ((await readFile(pidFile, "utf8").catch(() => "")) || "").split(" ");
      return Number(pid) > 1 && Number(server) !== process.pid && (await worksIn(Number(pid), module)) ? Number(pid) : undefined;
    },
    async waitForEnd(pid) {
      for (let tries = 0; tries < 150 && (await worksIn(pid, module)); tries++) await sleep(100);
    },
    remove: () => rm(path, { recursive: true, force: true }),
  };
}

/** Numbers of processes come again: it is ours only while it works in this folder. */
async function worksIn(pid: number, folder: string): Promise<boolean> {
  const { readlink } = await import("node:fs/promises");
  return (await readlink(`/proc/${pid}/cwd`).catch(() => "")) === folder;
}

async function writeModule(module: string, wanted: Wanted): Promise<void> {
  const files = Object.entries(wanted.files);
  const texts = new Map(files.map(([path, base64]) => [path, Buffer.from(base64, "base64")]));
  // A folder `module` beside the class, or its own `.tf` files.
  const inFolder = [...texts.keys()].some((path) => path.startsWith("module/"));
  const own = [...texts].map(
    ([path, content]) => [inFolder ? path.replace(/^module\//, "") : path, content, !inFolder || path.startsWith("module/")] as const,
  );
  const code = own.filter(([path, , counts]) => counts && /\.tf(\.json)?$/.test(path) && !path.includes("/"));
  if (code.length === 0)
    throw new InvalidError(`There is no Terraform module beside ${wanted.type}/${wanted.class}.`, {
      mend: "Put its .tf files into the class's folder.",
    });
  for (const [path, content, counts] of own) {
    if (!counts) continue;
    const place = join(module, path);
    await mkdir(dirname(place), { recursive: true });
    await writeFile(place, content, { mode: 0o600 });
  }
  await writeFile(join(module, "roadbed_override.tf"), OVERRIDE, { mode: 0o600 });
  await writeFile(
    join(module, "roadbed.auto.tfvars.json"),
    JSON.stringify(variablesOf(wanted, code.map(([, content]) => content.toString("utf8")).join("\n"))),
    { mode: 0o600 },
  );
}

/** The class's inputs, and what is known of the request where the module declares a variable for it. */
function variablesOf({ inputs, name, environment, owner, consumer }: Wanted, code: string): Record<string, unknown> {
  const { connection: _c, timeoutMinutes: _t, ...variables } = inputs as Record<string, unknown>;
  const declared = new Set([...code.matchAll(/^\s*variable\s+"([A-Za-z_][\w-]*)"/gm)].map(([, one]) => one));
  const known = Object.entries({ name, environment, owner, consumer }).filter(([key, value]) => declared.has(key) && value !== undefined);
  return { ...Object.fromEntries(known), ...variables };
}
