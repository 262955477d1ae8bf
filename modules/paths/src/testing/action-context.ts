import type { Entity } from "@roadbed/contracts/catalog";

import type { ActionContext } from "../action/action.ts";
import type { Renderer } from "../render/renderer.ts";
import { bareCtx } from "./ports.ts";
import { temporaryFolder } from "./temporary-folder.ts";

export interface TestContext {
  readonly c: ActionContext;
  readonly lines: string[];
  /** What `once` kept: give it to the next context to begin the step again as after a crash. */
  readonly notes: Map<string, unknown>;
}

/** A context for one action, without a run around it. */
export async function actionContext(o: {
  readonly workspace: string;
  readonly renderer?: Renderer;
  readonly notes?: Map<string, unknown>;
  readonly key?: string;
  readonly template?: ActionContext["template"];
}): Promise<TestContext> {
  const lines: string[] = [];
  const notes = o.notes ?? new Map<string, unknown>();
  const entity: Entity = {
    apiVersion: "backstage.io/v1alpha1",
    kind: "User",
    metadata: { name: "ada" },
    spec: { profile: { displayName: "Ada", email: "ada@example.org" }, memberOf: [] },
  };
  const ctx = bareCtx();
  const c: ActionContext = {
    workspace: o.workspace,
    template: o.template ?? { ref: "template:default/test", folder: await temporaryFolder(), root: undefined },
    taskId: "run_1",
    user: { ref: "user:default/ada", entity },
    key: o.key ?? "run_1:publish",
    signal: new AbortController().signal,
    renderer: o.renderer as Renderer,
    call: ctx,
    asStarter: ctx,
    log: async (level, message) => void lines.push(level === "info" ? message : `${level}: ${message}`),
    read: (work) => work(ctx),
    write: (work) => work(ctx),
    async once(name, work) {
      if (!notes.has(name)) notes.set(name, JSON.parse(JSON.stringify((await work()) ?? null)));
      return notes.get(name) as never;
    },
    noted: async (name) => notes.get(name) as never,
  };
  return { c, lines, notes };
}
