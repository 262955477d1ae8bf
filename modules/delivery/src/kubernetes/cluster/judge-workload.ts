import type { ClusterSight, Workload } from "@roadbed/contracts/delivery";

import { RELEASE_LABEL } from "../render/naming.ts";
import { judgePod, type PodSight } from "./judge-pod.ts";
import type { KubeObject } from "./sorts.ts";

/** What a cluster shows of one workload. */
export interface Shown {
  /** Its Deployment, Rollout or CronJob. */
  readonly main: KubeObject | undefined;
  readonly pods: readonly KubeObject[];
  /** Of a CronJob. */
  readonly jobs: readonly KubeObject[];
  /** What Argo CD or Flux say of it. */
  readonly engine: KubeObject | undefined;
}

/** `progressing`: nothing is decided yet. */
export interface Judgement {
  readonly verdict: "healthy" | "failed" | "progressing";
  readonly health: Workload["health"];
  readonly why: string | undefined;
  readonly pods: readonly PodSight[];
  readonly ready: number;
  readonly wanted: number;
  /** Of which releases pods are ready. */
  readonly actual: readonly number[];
  readonly engine: Pick<ClusterSight, "sync" | "revision" | "said">;
}

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
}

/** What an environment is to have of it, against what the cluster says. It is healthy only when the cluster says so of that very release. */
export function judgeWorkload(shown: Shown, desired: number): Judgement {
  const pods = shown.pods.map(judgePod).filter((pod) => !pod.ended);
  const engine = engineOf(shown.engine);
  const own = pods.filter(({ release }) => release === desired);
  const base = {
    pods,
    ready: own.filter(({ health }) => health === "healthy").length,
    wanted: wantedOf(shown.main),
    actual: [...new Set(pods.filter(({ health }) => health === "healthy").flatMap(({ release }) => release ?? []))].sort((a, b) => a - b),
    engine,
  };
  const { verdict, why } = decide(shown, desired, own, engine);
  return { ...base, verdict, why, health: healthOf(verdict, shown, desired, base) };
}

function decide(
  { main, jobs, engine: _engine }: Shown,
  desired: number,
  own: readonly PodSight[],
  engine: Judgement["engine"],
): { readonly verdict: Judgement["verdict"]; readonly why: string | undefined } {
  const said = engine.said === undefined ? "" : ` ${engine.said}`;
  if (main === undefined) return progressing(`It is not in the cluster yet.${said}`);
  const there = releaseOf(main);
  if (there !== desired) return progressing(`The cluster still has ${there === undefined ? "another one" : `release ${there}`}.${said}`);
  const hopeless = own.find(({ hopeless: is }) => is);
  if (hopeless !== undefined) return { verdict: "failed", why: hopeless.why };
  const { observedGeneration } = (main.status ?? {}) as { observedGeneration?: number | string };
  if (main.metadata?.generation !== undefined && Number(observedGeneration ?? 0) < main.metadata.generation && main.kind !== "CronJob")
    return progressing("Its controller has not seen it yet.");
  if (main.kind === "CronJob") return judgeJobs(jobs);
  return main.kind === "Rollout" ? judgeRollout(main, own) : judgeDeployment(main, own);
}

function judgeDeployment(main: KubeObject, own: readonly PodSight[]): { verdict: Judgement["verdict"]; why: string | undefined } {
  const status = (main.status ?? {}) as {
    replicas?: number;
    updatedReplicas?: number;
    availableReplicas?: number;
    conditions?: Condition[];
  };
  const condition = (type: string): Condition | undefined => status.conditions?.find((one) => one.type === type);
  const worst = own.find(({ why }) => why !== undefined)?.why;
  const late = condition("Progressing");
  if (late?.status === "False" && late.reason === "ProgressDeadlineExceeded")
    return { verdict: "failed", why: worst ?? late.message ?? "It made no progress within its deadline." };
  const refused = condition("ReplicaFailure");
  if (refused?.status === "True") return progressing(refused.message ?? "The cluster refuses its pods.");
  const wanted = wantedOf(main);
  const { updatedReplicas = 0, availableReplicas = 0, replicas = 0 } = status;
  if (updatedReplicas >= wanted && availableReplicas >= wanted && replicas === updatedReplicas)
    return { verdict: "healthy", why: undefined };
  return progressing(worst ?? `${Math.min(updatedReplicas, availableReplicas)} of ${wanted} pods are ready.`);
}

function judgeRollout(main: KubeObject, own: readonly PodSight[]): { verdict: Judgement["verdict"]; why: string | undefined } {
  const status = (main.status ?? {}) as { phase?: string; message?: string; abort?: boolean };
  const worst = own.find(({ why }) => why !== undefined)?.why;
  if (status.phase === "Healthy") return { verdict: "healthy", why: undefined };
  if (status.phase === "Degraded") return { verdict: "failed", why: worst ?? status.message ?? "Argo Rollouts calls it degraded." };
  return progressing(worst ?? status.message ?? `Argo Rollouts says ${status.phase ?? "nothing yet"}.`);
}

/** A job is well when its object is there; how its last time went is its health. */
function judgeJobs(jobs: readonly KubeObject[]): { verdict: Judgement["verdict"]; why: string | undefined } {
  const last = jobs.toSorted((a, b) => String(b.metadata?.creationTimestamp).localeCompare(String(a.metadata?.creationTimestamp)))[0];
  const failed = ((last?.status ?? {}) as { conditions?: Condition[] }).conditions?.find(
    (one) => one.type === "Failed" && one.status === "True",
  );
  return {
    verdict: "healthy",
    why: failed === undefined ? undefined : `Its last time failed: ${failed.message ?? failed.reason ?? "see its log"}`,
  };
}

function healthOf(
  verdict: Judgement["verdict"],
  { main }: Shown,
  desired: number,
  { pods, ready, wanted }: Pick<Judgement, "pods" | "ready" | "wanted">,
): Workload["health"] {
  if (verdict === "healthy") return "healthy";
  if (main === undefined) return "starting";
  // While a release comes, what answers requests is the one before: as long as that is well, so is the workload.
  const before = pods.filter(({ release, health }) => release !== desired && health === "healthy").length;
  if (before > 0) return "healthy";
  if (verdict === "failed") return ready > 0 ? "unhealthy" : pods.some(({ health }) => health === "crashed") ? "crashed" : "failed";
  if (pods.some(({ health }) => health === "crashed") && ready === 0) return "crashed";
  if (releaseOf(main) === desired && ready > 0 && ready < wanted) return "unhealthy";
  return "starting";
}

function engineOf(object: KubeObject | undefined): Judgement["engine"] {
  if (object === undefined) return {};
  const status = (object.status ?? {}) as {
    sync?: { status?: string; revision?: string };
    health?: { status?: string; message?: string };
    operationState?: { phase?: string; message?: string };
    conditions?: Condition[];
    lastAppliedRevision?: string;
  };
  if (object.kind === "Kustomization" || object.apiVersion?.startsWith("kustomize.") === true) {
    const ready = status.conditions?.find(({ type }) => type === "Ready");
    const revision = status.lastAppliedRevision?.split(":").at(-1);
    return defined({
      sync: ready === undefined ? "Unknown" : ready.status === "True" ? "Synced" : "OutOfSync",
      revision,
      said: ready === undefined || ready.status === "True" ? undefined : `Flux says: ${ready.message ?? ready.reason ?? "not ready"}`,
    });
  }
  const phase = status.operationState?.phase;
  const wrong = status.conditions?.find(({ type }) => type.endsWith("Error"))?.message;
  const failed = phase === "Failed" || phase === "Error" ? status.operationState?.message : undefined;
  const told = wrong ?? failed ?? status.health?.message;
  return defined({
    sync: status.sync?.status,
    revision: status.sync?.revision,
    said: told === undefined ? undefined : `Argo CD says: ${told}`,
  });
}

export function releaseOf({ metadata }: KubeObject): number | undefined {
  const said = metadata?.labels?.[RELEASE_LABEL];
  return said !== undefined && /^\d{1,9}$/.test(said) ? Number(said) : undefined;
}

function wantedOf(main: KubeObject | undefined): number {
  if (main === undefined || main.kind === "CronJob") return 0;
  return (main.spec as { replicas?: number } | undefined)?.replicas ?? 1;
}

function progressing(why: string): { verdict: "progressing"; why: string } {
  return { verdict: "progressing", why: why.trim() };
}

function defined<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as never;
}
