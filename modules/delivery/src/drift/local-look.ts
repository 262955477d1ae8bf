import { createHash } from "node:crypto";

import type { LocalRuntime, WorkloadSpec } from "../runtime/local-runtime.ts";
import type { Look } from "./compare-places.ts";

type Variables = { readonly env: Record<string, string>; readonly secrets: readonly string[] };

export interface LocalLook {
  /** Keeps by which variables a process is started: their digests, since values are secret. */
  remember(spec: WorkloadSpec, made: Promise<Variables>): Promise<Variables>;
  readonly look: Look;
}

/** What the local runtime can tell of its processes: the release that they are of, and which of their variables would be others by now. */
export function createLocalLook(local: () => LocalRuntime, variablesOf: (spec: WorkloadSpec) => Promise<Variables>): LocalLook {
  // By what was started, not by its place: while a restart is under way the old process still has the old ones.
  const kept = new WeakMap<WorkloadSpec, ReadonlyMap<string, string>>();

  return {
    async remember(spec, made) {
      const variables = await made;
      kept.set(spec, digestsOf(variables));
      return variables;
    },
    async look(place) {
      const running = local().running(place);
      if (running === undefined) return { stale: [] };
      const before = kept.get(running);
      // A job has no process that could be old, and a site none at all.
      const hasProcess = running.manifest.kind === "service" || running.manifest.kind === "worker";
      if (before === undefined || !hasProcess) return { running, stale: [] };
      const now = digestsOf(await variablesOf(running));
      const names = new Set([...before.keys(), ...now.keys()]);
      return { running, stale: [...names].filter((name) => before.get(name) !== now.get(name)) };
    },
  };
}

function digestsOf({ env }: Variables): Map<string, string> {
  return new Map(Object.entries(env).map(([name, value]) => [name, createHash("sha256").update(value).digest("base64")]));
}
