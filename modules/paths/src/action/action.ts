import type { Entity } from "@roadbed/contracts/catalog";
import type { Resource } from "@roadbed/contracts/standards";
import type { Call, Ctx } from "@roadbed/core";
import type { z } from "zod";

import type { RepositoryFile } from "../deps.ts";
import type { Renderer } from "../render/renderer.ts";
import type { PricedItem } from "../resource/cost.ts";

/** One thing that a step can do. */
export interface Action<I = any> {
  /** As paths name it, e.g. `fetch:template`. */
  readonly id: string;
  /** One sentence. */
  readonly description: string;
  readonly input: z.ZodType<I>;
  /** JSON Schema of what it puts out; absent where that is nothing or free. */
  readonly output?: z.ZodType;
  /** Of its outputs those that are secrets: later steps get them, people never, and they are forgotten when the run has succeeded. */
  readonly secretOutput?: readonly string[];
  /** Steps as they are written in a path. */
  readonly examples?: readonly { readonly description: string; readonly input: Readonly<Record<string, unknown>> }[];
  /**
   * `local`: changes nothing but the workspace, may be done again from the same workspace with the same result. `outside`: what
   * it makes stays; policies are judged before it, and it is only described in a preview.
   */
  readonly reach: "local" | "outside";
  /** False for one that reads only: no copy of the workspace is made for it. Default true for `local`. */
  readonly writesWorkspace?: boolean;
  /** It may take long without doing anything: the run is shown as waiting. */
  readonly waits?: boolean;
  /** False: not run in a preview although it is local, e.g. a pause. Default: true for `local`. */
  readonly supportsPreview?: boolean;
  /** What it would do with this input, in words and in things; never makes anything. */
  describe(c: ActionContext, input: I): Promise<Effect>;
  /** Does it; `c.key` makes an outside effect happen once. Answers the step's output. */
  run(c: ActionContext, input: I): Promise<Output>;
  /**
   * Takes back what `run` made, in the name of who started the run and under the same key. Absent: it stays, and is listed. It may be done
   * twice, and counts what is gone as taken back. `input` is absent where it cannot be made ready again (a secret is forgotten), `output`
   * empty where the step failed on its way.
   */
  undo?(c: ActionContext, made: { readonly input: I | undefined; readonly output: Output }): Promise<Undone>;
}

/** What became of something that was to be taken back: `done`, or it remains and the words say why. */
export interface Undone {
  readonly done: boolean;
  readonly words: string;
}

/** What a step tells the ledger of a repository that it made. */
export interface Publication {
  readonly repository: string;
  readonly branch: string;
  readonly commit: string;
  readonly files: readonly RepositoryFile[];
}

export type Output = Readonly<Record<string, unknown>>;

export interface Effect {
  /** One sentence that begins with what happens, e.g. `Makes the repository orders with 23 files.` */
  readonly words: string;
  readonly resources?: readonly { readonly kind: string; readonly name: string; readonly summary: string }[];
  /** What later steps of a preview may count on. */
  readonly output?: Output;
  /** What it costs, by thing and environment. */
  readonly priced?: readonly PricedItem[];
  /** What policies see of it beside the workspace. */
  readonly judged?: readonly Resource[];
  /** Terraform plans, as `show -json` gives them, that policies judge too. */
  readonly plans?: readonly unknown[];
  /** Why it could not be done; a preview and a run stop on it before anything is made. */
  readonly problems?: readonly { readonly about: string; readonly reason: string; readonly mend?: string }[];
}

export interface ActionContext {
  /** The run's folder. */
  readonly workspace: string;
  readonly template: { readonly ref: string; readonly folder: string | undefined; readonly root: string | undefined };
  readonly taskId: string;
  readonly user: { readonly ref: string; readonly entity: Entity };
  /**
   * Does this once for the step, however often it begins again, and answers the same every time: what must be known before something
   * is made outside. The value is kept as JSON and holds no secrets. A preview has none.
   */
  once<T>(name: string, work: () => Promise<T>): Promise<T>;
  /** What was noted for the step under a name since, by `once` or from outside; undefined while nothing was. */
  noted?<T>(name: string): Promise<T | undefined>;
  /** The same for every attempt at this step of this run, different for all others. */
  readonly key: string;
  readonly signal: AbortSignal;
  readonly renderer: Renderer;
  log(level: "info" | "warn" | "error", message: string): Promise<void>;
  /** Asks a neighbour. */
  read<T>(work: (ctx: Ctx) => Promise<T>): Promise<T>;
  /** Changes something at a neighbour, in one audited transaction, in the name of who started the run. */
  write<T>(work: (ctx: Ctx) => Promise<T>): Promise<T>;
  /** Tells the ledger of a repository that was made, in the transaction of `write`; absent in a preview. */
  remember?(ctx: Ctx, publication: Publication): Promise<void>;
  readonly call: Call;
  /** The same call with no more rights than who started the run has. */
  readonly asStarter: Call;
}

/** Keeps the input's type between schema and code. */
export function defineAction<S extends z.ZodType>(action: Omit<Action<z.output<S>>, "input"> & { readonly input: S }): Action {
  return Object.freeze(action) as Action;
}
