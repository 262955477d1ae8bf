import { InvalidError } from "@roadbed/core";
import type { Repositories } from "@roadbed/git";

import type { RolloutPlan } from "../plan.ts";
import type { TemplateMetric } from "./metric.ts";
import { readTemplate } from "./read-template.ts";

/** What values of arguments may name. */
export interface RolledOut {
  readonly repository: string;
  readonly commit: string;
  readonly stableCommit: string;
  readonly environment: string;
  readonly component: string;
}

const MOST_METRICS = 30;

/** The metrics of all templates that a plan names, read in the release's commit. Throws `InvalidError` for what is not there or cannot be read. */
export async function loadMetrics(
  repositories: Pick<Repositories, "readFile">,
  { tripwires: { templates = [] } }: Pick<RolloutPlan, "tripwires">,
  what: RolledOut,
): Promise<readonly TemplateMetric[]> {
  const read = templates.map(async ({ file, args }) => {
    const content = await repositories.readFile(what.repository, what.commit, file);
    if (content === undefined)
      throw new InvalidError(`${file} is not in the repository, but rollout.tripwires.templates names it.`, {
        problems: [{ at: file, reason: "is not there" }],
        mend: "Commit the file, or name another.",
      });
    const filled = Object.fromEntries(Object.entries(args).map(([name, value]) => [name, fill(value, what)]));
    return readTemplate({ file, args: filled }, Buffer.from(content).toString("utf8"));
  });
  const metrics = (await Promise.all(read)).flat();
  if (metrics.length > MOST_METRICS) throw new InvalidError(`${metrics.length} metrics are more than a rollout may have: ${MOST_METRICS}.`);
  return metrics;
}

function fill(value: string, { commit, stableCommit, environment, component }: RolledOut): string {
  const known: Readonly<Record<string, string>> = { commit, stableCommit, environment, component };
  return value.replace(/\$\{(\w+)\}/g, (all, name: string) => (Object.hasOwn(known, name) ? known[name]! : all));
}
