import type { Capability } from "@roadbed/contracts/product/adoption";
import { allOperations } from "@roadbed/contracts/all";

/** What comes with Roadbed: whatever is saved under the same name is instead of it. */
export const BUILT_IN: readonly Capability[] = [
  {
    name: "golden-paths",
    title: "Golden paths",
    about: "Create, change and end things by supported paths.",
    actions: ["paths.path.run", "paths.path.preview", "paths.upgrade.*", "paths.run.again", "paths.run.retry"],
  },
  {
    name: "delivery",
    title: "Delivery",
    about: "Build, release and deploy by the platform.",
    actions: ["delivery.deployment.create", "delivery.release.create", "delivery.promotion.*", "delivery.pipeline.run", "git.push"],
    work: "deployments" as const,
    through: ["roadbed", "sample"],
  },
  {
    name: "git-hosting",
    title: "Git hosting",
    about: "Repositories of the embedded host, and changes of them.",
    actions: ["git.*", "delivery.change.*"],
    work: "changes" as const,
    through: ["roadbed", "sample"],
  },
  {
    name: "resources",
    title: "Resources",
    about: "Databases, buckets and environments by themselves.",
    actions: ["paths.resource.*", "delivery.environment.create", "delivery.environment.extend"],
  },
  {
    name: "catalogue",
    title: "Catalogue",
    about: "Find what there is, whose it is, and what depends on it.",
    actions: ["catalog.entity.*", "catalog.search.query", "catalog.graph.*", "catalog.impact.*", "catalog.docs.*", "catalog.ownership.*"],
  },
  {
    name: "observability",
    title: "Observability",
    about: "Traces, logs, objectives and incidents.",
    actions: ["telemetry.*"],
  },
  {
    name: "policy-checks",
    title: "Policy checks",
    about: "Know before the review what a policy or a scorecard says.",
    actions: ["standards.check.*", "standards.policy.*", "standards.mend.*", "standards.waiver.*", "standards.score.*"],
  },
].map((one) => ({ appliesTo: "", promised: [], retired: false, through: [], ...one }));

/** Actions that this platform counts by itself: that none was counted means that there was none. */
const OWN: readonly string[] = [...allOperations.map(({ name }) => name), "git.push"];

export function isCountedHere({ actions }: Pick<Capability, "actions">): boolean {
  const expression = new RegExp(patternOf(actions));
  return OWN.some((name) => expression.test(name));
}

/** A regular expression, of JavaScript and of Postgres alike; `*` stands for anything. */
export function patternOf(names: readonly string[]): string {
  return `^(${names.map((name) => name.split("*").map(quote).join(".*")).join("|")})$`;
}

function quote(text: string): string {
  return text.replaceAll(/[.\\+?^${}()|[\]/-]/g, String.raw`\$&`);
}
