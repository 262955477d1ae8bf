import { listWorkloadsOf } from "../workload/workload-store.ts";
import { ask, asPlatform, passed, waiting, type GateDeps, type GateRule, type Subject } from "./gate.ts";

/** What it needs and what runs in that environment is healthy there. */
export function dependencyGate(deps: GateDeps, { release, environment }: Subject): GateRule {
  return {
    name: "dependencies",
    title: "Dependencies healthy",
    async evaluate() {
      const needs = await dependenciesOf(deps, release.entity_ref);
      if (needs.length === 0) return passed("It needs nothing else.");
      const running = await ask(deps, ({ sql }) => listWorkloadsOf(sql, needs));
      const there = [...running].flatMap(([ref, workloads]) =>
        workloads
          .filter((workload) => workload.environment === environment.name && workload.desired === "running")
          .map(({ health }) => ({ ref, health })),
      );
      if (there.length === 0) return passed(`Nothing that it needs runs in ${environment.name}.`);
      const evidence = there.map(({ ref, health }) => ({ label: ref, value: health, link: pageOf(ref) }));
      const sick = there.filter(({ health }) => health !== "healthy");
      if (sick.length > 0) return waiting(`It needs ${sick.map(({ ref, health }) => `${ref} (${health})`).join(", ")}.`, evidence);
      return passed(`All ${there.length} that it needs there are healthy.`, evidence);
    },
  };
}

async function dependenciesOf({ entities, runtime }: GateDeps, ref: string): Promise<readonly string[]> {
  if (entities.dependenciesOf !== undefined) return entities.dependenciesOf(ref);
  const entity = await runtime.read(asPlatform(runtime), (ctx) => entities.get(ctx, ref));
  const wanted = new Set(["dependsOn", "consumesApi"]);
  return (entity?.relations ?? []).flatMap(({ type, targetRef }) => (wanted.has(type) ? [targetRef] : []));
}

function pageOf(ref: string): string {
  const [, kind = "", namespace = "", name = ""] = /^([^:]+):([^/]+)\/(.+)$/.exec(ref) ?? [];
  return `/entities/${kind}/${namespace}/${name}?tab=deploys`;
}
