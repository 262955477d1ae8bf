import { ConflictError, InvalidError, UnavailableError } from "@roadbed/core";
import { z } from "zod";

import type { NamedConnections } from "../../action/outside/named.ts";
import type { Facts, Plan, Provisioner, Seen, Wanted, Work } from "../provisioner.ts";
import { findTerraform, MISSING } from "./binary.ts";
import { changesOf, driftOf, parsePlan, readOutputs, sensitiveTexts, unknownOf, type PlanJson } from "./read-plan.ts";
import { endGroup, runTerraform, type TerraformRun } from "./run-terraform.ts";
import type { StateStore } from "./state-store.ts";
import { openFolder, type Folder } from "./work-folder.ts";

/** Everything that is not named here is a variable of the module. */
const Inputs = z
  .object({
    connection: z
      .string()
      .max(100)
      .optional()
      .describe("A named connection whose headers become variables of the process: AWS-REGION is AWS_REGION"),
    timeoutMinutes: z.number().min(0.1).max(240).default(30),
  })
  .catchall(z.unknown());
type Inputs = z.output<typeof Inputs>;

const LOCK_WAIT_MS = 30_000;

export interface TerraformDeps {
  /** Below it each resource has a folder while something is done. */
  readonly dataDir: string;
  readonly states: StateStore;
  readonly connections?: NamedConnections | undefined;
  /** Where the program is looked for; default: the server's own. */
  readonly path?: string | undefined;
}

/**
 * Runs the module that lies beside a class: init, plan to a file, policies, then apply of that very file. State is kept sealed in the
 * database, and lies on disk only while something is done. An apply that was interrupted is never begun anew blindly: what it wrote down
 * is taken up first, and what is missing is planned again.
 */
export function makeTerraform(deps: TerraformDeps): Provisioner {
  /** Alone, in a folder with the module, its variables and the newest state. */
  function inside<T>(work: Work, wanted: Wanted, use: (t: Terraform) => Promise<T>): Promise<T> {
    const binary = findTerraform(deps.path);
    if (binary === undefined) throw new UnavailableError(`${wanted.name}: ${MISSING.reason}.`, { mend: MISSING.mend });
    const run = async (): Promise<T> => {
      const interrupted = wanted.id === "" ? undefined : await deps.states.interrupted(wanted.id);
      const folder = await openFolder({ root: deps.dataDir, id: wanted.id, wanted, keep: interrupted !== undefined });
      try {
        if (interrupted !== undefined) await takeUp(deps.states, wanted, folder, interrupted);
        const state = wanted.id === "" ? undefined : await deps.states.read(wanted.id);
        await folder.writeState(state);
        return await use(await createTerraform(deps, work, wanted, folder, binary.file));
      } finally {
        // What an interrupted apply wrote is the only trace of it until it is kept.
        if (wanted.id === "" || (await deps.states.interrupted(wanted.id)) === undefined) await folder.remove();
      }
    };
    return wanted.id === "" ? run() : deps.states.alone(wanted.id, LOCK_WAIT_MS, run);
  }

  return {
    id: "terraform",
    description: "Runs the Terraform module that lies beside the class, by OpenTofu or Terraform of the server's machine.",
    inputs: Inputs,

    async plan(work, wanted, _secrets, act) {
      if (findTerraform(deps.path) === undefined) {
        return { words: `Would run Terraform for ${wanted.name}.`, changes: [], problems: [{ about: wanted.class, ...MISSING }] };
      }
      return inside(work, wanted, async (t) => toPlan(wanted, await t.plan(act === "destroy" ? ["-destroy"] : [])));
    },

    apply: (work, wanted, _secrets, plan) =>
      inside(work, wanted, async (t) => {
        if (plan.file === undefined) throw new InvalidError("There is no plan file to apply.");
        if (t.tookUp) await t.finishInterrupted();
        else await t.apply(plan.file);
        const { open, secret } = await t.outputs();
        await work.say(`Terraform applied: ${plan.changes.length} changes, as planned.`);
        return { facts: { outputs: open, sensitiveOutputs: Object.keys(secret) }, secrets: secret };
      }),

    async destroy(work, wanted) {
      if ((await deps.states.read(wanted.id)) === undefined && (await deps.states.interrupted(wanted.id)) === undefined) return;
      await inside(work, wanted, async (t) => {
        const { file, json } = await t.plan(["-destroy"]);
        await t.apply(file);
        await work.say(`Terraform took away ${changesOf(json).length} things.`);
      });
    },

    read: (work, wanted) => {
      if (findTerraform(deps.path) === undefined)
        return Promise.resolve({ state: "unknown", words: `Not looked at: ${MISSING.reason}`, facts: {}, drift: [] });
      return inside(work, wanted, (t) => t.look());
    },

    variables(facts, secrets) {
      const open = (facts["outputs"] ?? {}) as Facts;
      const hidden = (facts["sensitiveOutputs"] ?? []) as readonly string[];
      const texts = Object.entries(open).map(([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)] as const);
      return Object.fromEntries(
        [...texts, ...hidden.map((name) => [name, secrets[name] ?? ""] as const)].map(([name, value]) => [name.toUpperCase(), value]),
      );
    },
  };
}

function toPlan(wanted: Wanted, { json, file }: Planned): Plan {
  const changes = changesOf(json);
  const counts = (["create", "update", "replace", "delete"] as const).flatMap((action) => {
    const n = changes.filter((one) => one.action === action).length;
    return n === 0 ? [] : [`${n} to ${action}`];
  });
  return {
    words: `Runs Terraform for ${wanted.name}: ${counts.join(", ") || "nothing to change"}.`,
    changes,
    problems: [],
    unknown: unknownOf(json),
    document: json,
    file,
  };
}

interface Planned {
  readonly json: PlanJson;
  readonly file: Uint8Array;
}

interface Terraform {
  /** Whether an apply that was interrupted was taken up in this folder. */
  readonly tookUp: boolean;
  plan(more: readonly string[]): Promise<Planned>;
  apply(file: Uint8Array): Promise<void>;
  /** After an apply that was interrupted: nothing more may be missing. Throws `ConflictError` where something is. */
  finishInterrupted(): Promise<void>;
  outputs(): Promise<{ readonly open: Record<string, unknown>; readonly secret: Record<string, string> }>;
  look(): Promise<Seen>;
}

async function createTerraform(
  { states, connections }: TerraformDeps,
  work: Work,
  wanted: Wanted,
  folder: Folder,
  file: string,
): Promise<Terraform> {
  const { connection, timeoutMinutes } = wanted.inputs as Inputs;
  const credentials = await credentialsOf(connections, connection);
  const secrets = new Set(Object.values(credentials).filter((value) => value.length >= 4));
  const run = async (args: readonly string[], ok: readonly number[] = [0]): Promise<TerraformRun> => {
    const env = { ...folder.env, ...credentials };
    const done = await runTerraform({
      file,
      folder: folder.module,
      args,
      env,
      timeoutMs: timeoutMinutes * 60_000,
      signal: work.signal,
      onStart: (pid) => folder.notePid(pid),
    });
    if (ok.includes(done.code)) return done;
    throw new InvalidError(`terraform ${args[0]} failed: ${redact(lastWords(done), secrets)}`, {
      mend: "Mend what it names, then try again.",
    });
  };
  await run(["init", "-input=false", "-no-color"]);

  const show = async (plan: string): Promise<PlanJson> => {
    const json = parsePlan((await run(["show", "-json", plan])).stdout);
    for (const text of sensitiveTexts(json)) secrets.add(text);
    return json;
  };
  const plan: Terraform["plan"] = async (more) => {
    await run(["plan", "-input=false", "-no-color", "-lock=false", "-detailed-exitcode", "-out=roadbed.plan", ...more], [0, 2]);
    return { json: await show("roadbed.plan"), file: await folder.read("roadbed.plan") };
  };
  const keep = async (): Promise<void> => {
    const state = await folder.readState();
    if (state !== undefined) await states.keep(wanted.id, state, wanted.generation);
  };

  return {
    tookUp: folder.tookUp,
    plan,
    async apply(given) {
      await folder.write("roadbed.plan", given);
      await states.begin(wanted.id, wanted.generation, folder.path);
      let failed: unknown;
      try {
        await run(["apply", "-input=false", "-no-color", "-lock=false", "roadbed.plan"]);
      } catch (error) {
        failed = error;
      }
      // Also what a provider made before it failed is in the state: forgotten, it would be made twice or never go.
      await keep();
      await states.done(wanted.id);
      if (failed !== undefined) throw failed;
    },
    async finishInterrupted() {
      const { json } = await plan([]);
      await states.done(wanted.id);
      const rest = changesOf(json);
      if (rest.length === 0) return;
      throw new ConflictError(
        `The apply was interrupted; ${rest.length} of its changes are missing: ${rest.map(({ name }) => name).join(", ")}. What was made is known.`,
        {
          mend: "Try again: what is missing is planned anew, and policies are asked about it.",
        },
      );
    },
    outputs: async () => readOutputs((await run(["output", "-json", "-no-color"])).stdout),
    async look() {
      if ((await states.read(wanted.id)) === undefined) return { state: "gone", words: "There is no state of it", facts: {}, drift: [] };
      await run(["plan", "-refresh-only", "-input=false", "-no-color", "-lock=false", "-detailed-exitcode", "-out=roadbed.plan"], [0, 2]);
      const json = await show("roadbed.plan");
      const count = folder.countOf(await folder.readState());
      return {
        state: count === 0 ? "gone" : "present",
        words: `${count} ${count === 1 ? "thing" : "things"} in its state`,
        facts: {},
        drift: driftOf(json),
      };
    },
  };
}

/** The state that an interrupted apply wrote is kept before anything else. Its process, where it still lives, is ended first. */
async function takeUp(
  states: StateStore,
  wanted: Wanted,
  folder: Folder,
  { generation, here }: { readonly generation: number; readonly here: boolean },
): Promise<void> {
  const pid = await folder.leftover();
  if (pid !== undefined) {
    endGroup(pid, "SIGINT");
    await folder.waitForEnd(pid);
  }
  const state = await folder.readState();
  if (state === undefined && !here) {
    throw new ConflictError(`An apply of ${wanted.name} was interrupted on another machine, whose state of it is not known here.`, {
      mend: "Start the server there once more, so that it takes it up.",
    });
  }
  // Nothing was made before it was interrupted.
  if (state === undefined) return states.done(wanted.id);
  await states.keep(wanted.id, state, generation);
  folder.markTakenUp(generation === wanted.generation);
  // Of an act before this one: that is known now, and this one plans on it.
  if (generation !== wanted.generation) await states.done(wanted.id);
}

async function credentialsOf(connections: NamedConnections | undefined, name: string | undefined): Promise<Record<string, string>> {
  if (name === undefined) return {};
  const connection = await connections?.get(name);
  if (connection === undefined) {
    throw new InvalidError(`There is no connection ${name}, which the class names for its credentials.`, {
      mend: `roadbed connection save ${name} …`,
    });
  }
  return Object.fromEntries(
    Object.entries(connection.headers).map(([header, value]) => [header.replaceAll("-", "_").toUpperCase(), value]),
  );
}

/** What it said last, without the frame it draws around it. */
function lastWords({ stderr, stdout }: TerraformRun): string {
  const text = (stderr.trim() === "" ? stdout : stderr).replaceAll(/[│╷╵]/g, "").replaceAll(/\s+/g, " ").trim();
  return text.slice(-1_500);
}

function redact(text: string, secrets: ReadonlySet<string>): string {
  let said = text;
  for (const secret of secrets) said = said.replaceAll(secret, "***");
  return said;
}
