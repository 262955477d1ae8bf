import type { PipelineRun } from "@roadbed/contracts/delivery/pipelines";

import { PIPELINE_FILE } from "../pipeline/describe-pipeline.ts";
import { runsOfCommit, type RunRow } from "../pipeline/pipeline-store.ts";
import { pipelineAt } from "../pipeline/request-run.ts";
import { ask, blocked, passed, waiting, type Found, type GateDeps, type GateRule, type Subject } from "./gate.ts";

/** Its commit was built and tested, here or at its host, and everything succeeded. Where nothing describes a pipeline, nothing is asked. */
export function testsGate(deps: GateDeps, { release }: Subject): GateRule {
  const { repository, commit } = release;
  return {
    name: "tests",
    title: "Tests",
    async evaluate() {
      if (repository === null || commit === null) return passed("It holds no commit of its own.");
      const runs = await ask(deps, (ctx) => runsOfCommit(ctx.sql, repository, commit));
      const described = (await deps.repositories.exists(repository)) && (await pipelineAt(deps, repository, commit)) !== undefined;
      return judge(runs, described);
    },
  };
}

/** What the newest run of each workflow of a commit says together. */
export function judge(runs: readonly RunRow[], described: boolean): Found {
  const evidence = runs.map((run) => ({
    label: run.host === "roadbed" ? "Pipeline" : `${run.name} at ${run.host}`,
    value: valueOf(run),
    link: `/pipelines/${run.id}`,
  }));
  const bad = runs.filter(({ state }) => state === "failed" || state === "cancelled");
  if (bad.length > 0)
    return blocked(
      bad.map((run) => `${nameOf(run)} ${run.state === "failed" ? "failed" : "was cancelled"}: ${firstLine(run)}`).join(" "),
      evidence,
    );
  const open = runs.filter(({ state }) => state === "queued" || state === "running");
  if (open.length > 0) return waiting(open.map((run) => `${nameOf(run)} is ${run.state}.`).join(" "), evidence);
  if (described && !runs.some(({ host }) => host === "roadbed")) {
    return blocked(`${PIPELINE_FILE} has not run for its commit. Run it: roadbed pipeline run.`, evidence);
  }
  if (runs.length === 0) return passed("Nothing describes how it is tested, so nothing was asked.");
  return passed(runs.map((run) => `${nameOf(run)} succeeded${countsOf(run)}.`).join(" "), evidence);
}

function nameOf({ host, name }: Pick<RunRow, "host" | "name">): string {
  return host === "roadbed" ? "Its pipeline" : `${name} at ${host === "github" ? "GitHub" : "GitLab"}`;
}

function valueOf(run: RunRow): string {
  const words: Partial<Record<PipelineRun["state"], string>> = { succeeded: "succeeded", failed: "failed" };
  return `${words[run.state] ?? run.state}${countsOf(run)}${run.flaky ? "; the same commit also did otherwise" : ""}`;
}

function countsOf({ tests }: Pick<RunRow, "tests">): string {
  if (tests === null) return "";
  const { total, failed, skipped } = tests;
  return `, ${total} ${total === 1 ? "test" : "tests"}${failed > 0 ? `, ${failed} failed` : ""}${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}

function firstLine({ error, id }: RunRow): string {
  return error?.split("\n")[0] ?? `see ${id}`;
}
