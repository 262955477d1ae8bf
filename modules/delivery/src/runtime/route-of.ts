import type { Arm, Backend, RouteState } from "../router/table.ts";
import type { Instance } from "./launch.ts";
import type { Observation, Slot } from "./local-runtime.ts";
import type { ReplicaSet } from "./replica-set.ts";
import type { ReplicaSight } from "./replica.ts";

type Health = ReplicaSight["health"];

/** What leads to a workload: its stable processes by even parts, those of a release that is decided about by theirs. */
export function routeOf({
  stable,
  incoming,
  guests,
  split,
  absent,
}: Pick<Slot, "stable" | "incoming" | "guests" | "split" | "absent">): RouteState {
  const own = [...(stable?.serving() ?? []), ...(incoming?.serving() ?? [])];
  const fixed = own.find(({ port }) => port === undefined);
  // A site is files, a worker and a job answer nothing: there is nothing to divide.
  if (fixed !== undefined) return fixed.route;
  const baseline = guests.get("baseline")?.serving() ?? [];
  // The baseline is the stable release, too.
  if (own.length === 0 && baseline.length === 0) return nothing(stable, absent);
  const candidate = guests.get("candidate")?.serving() ?? [];
  const rest = 100 - (candidate.length > 0 ? split.candidate : 0) - (baseline.length > 0 ? split.baseline : 0);
  const rules = (own[0] ?? baseline[0])?.route;
  return {
    kind: "process",
    backends: [
      ...share(own, own.length === 0 ? 0 : rest, "stable"),
      ...share(baseline, own.length === 0 ? rest : split.baseline, "baseline"),
      ...share(candidate, split.candidate, "candidate"),
    ],
    rules: { ...(rules?.kind === "process" ? rules.rules : {}), ...split.rules },
  };
}

function share(instances: readonly Instance[], weight: number, arm: Arm): Backend[] {
  return instances.flatMap(({ port }) => (port === undefined ? [] : [{ port, weight: weight / instances.length, arm }]));
}

function nothing(stable: ReplicaSet | undefined, absent: Slot["absent"]): RouteState {
  const crashed = stable?.sights().find(({ health }) => health === "crashed");
  if (crashed === undefined) return { kind: "absent", why: absent };
  const [words] = crashed.detail?.split("\n") ?? [];
  return { kind: "absent", why: "crashed", ...(words === undefined ? {} : { detail: words }) };
}

/** One word for all of its processes: healthy when all are; while some can be asked and some cannot, that is said. */
export function summarise(set: ReplicaSet): Observation {
  const replicas = set.sights();
  const [first] = replicas;
  if (first === undefined) return { health: "starting", restarts: 0, replicas };
  const ill = replicas.filter(({ health }) => health !== "healthy");
  const { pid, startedAt } = replicas.find(({ health }) => health === "healthy") ?? first;
  const restarts = replicas.reduce((sum, one) => sum + one.restarts, 0);
  if (replicas.length === 1 || ill.length === 0) return { ...withoutLoop(first), restarts, pid, startedAt, replicas };
  const worst = worstOf(ill);
  const health: Health = ill.length === replicas.length ? worst.health : "unhealthy";
  const detail = [`${ill.length} of ${replicas.length} processes cannot be asked.`, worst.detail].filter(Boolean).join(" ");
  return { health, detail, pid, startedAt, restarts, replicas };
}

function withoutLoop({ health, detail, pid, startedAt }: ReplicaSight): Pick<Observation, "health" | "detail" | "pid" | "startedAt"> {
  return { health, detail, pid, startedAt };
}

function worstOf(ill: readonly ReplicaSight[]): ReplicaSight {
  return ill.find(({ health }) => health === "crashed") ?? ill.find(({ health }) => health === "unhealthy") ?? ill[0]!;
}
