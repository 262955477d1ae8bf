import type { Workload } from "@roadbed/contracts/delivery";
import { formatCount } from "../../format/number.ts";

const SICK: ReadonlySet<Workload["health"]> = new Set(["crashed", "failed", "unhealthy"]);

/** The page's answer in a sentence: `2 of 4 workloads are healthy; ferry-times crashed.` */
export function sentenceOf(workloads: readonly Pick<Workload, "entityRef" | "health" | "desired">[]): string {
  if (workloads.length === 0) return "Nothing runs here yet.";
  const wanted = workloads.filter(({ desired }) => desired === "running");
  const healthy = wanted.filter(({ health }) => health === "healthy");
  const sick = wanted.filter(({ health }) => SICK.has(health));
  const stopped = workloads.length - wanted.length;
  const parts = [
    wanted.length === 0
      ? undefined
      : healthy.length === wanted.length
        ? allHealthy(wanted.length)
        : `${healthy.length} of ${formatCount(wanted.length, "workload is", "workloads are")} healthy`,
    sick.length === 0 ? undefined : wordsOf(sick),
    stopped === 0
      ? undefined
      : stopped === workloads.length
        ? `${formatCount(stopped, "workload is", "workloads are")} stopped`
        : `${stopped} stopped on purpose`,
  ];
  return `${parts.filter((part) => part !== undefined).join("; ")}.`;
}

function allHealthy(count: number): string {
  return count === 1 ? "The one workload is healthy" : `All ${formatCount(count, "workload")} are healthy`;
}

function wordsOf(sick: readonly Pick<Workload, "entityRef" | "health">[]): string {
  const [first] = sick;
  if (first === undefined) return "";
  if (sick.length > 1) return `${sick.length} are not well`;
  const name = first.entityRef.replace(/^.*\//, "");
  if (first.health === "failed") return `${name} did not start`;
  return first.health === "crashed" ? `${name} crashed` : `${name} is unhealthy`;
}
