import { checkExpression, formatFault, type VariableType } from "@roadbed/cel";
import { InvalidError, type Ctx, type Problem } from "@roadbed/core";

import type { DeliveryDeps } from "../deps.ts";
import { FIRST_ENVIRONMENT, listEnvironmentRecords, type EnvironmentRecord, type EnvironmentText } from "./environment-store.ts";

/** What the expression of a gate may see: the release that wants to come, where from and where to, and the component. */
export const GATE_VARIABLES = {
  release: "dyn",
  promotion: "dyn",
  component: "dyn",
  environment: "dyn",
  upstream: "dyn",
  now: "dyn",
} as const satisfies Readonly<Record<string, VariableType>>;

type CheckDeps = Pick<DeliveryDeps, "entities" | "clusters">;

/** Throws `InvalidError` that names everything that is wrong with it. */
export async function checkEnvironmentText(deps: CheckDeps, ctx: Ctx, text: EnvironmentText): Promise<void> {
  const { entities } = deps;
  const all = await listEnvironmentRecords(ctx.sql);
  const before = all.find(({ name }) => name === text.name);
  const problems: Problem[] = await runtimeProblems(deps, ctx, text, before);
  const known = new Map(all.map(({ name, upstream }) => [name, upstream]));
  const passing = new Set(all.filter(({ expiresAt }) => expiresAt !== undefined).map(({ name }) => name));
  for (const [at, name] of text.upstream.entries()) {
    if (passing.has(name) && text.expiresAt === undefined)
      problems.push({ at: `upstream[${at}]`, reason: `${name} ends by itself, so nothing that stays can build on it` });
    if (!known.has(name)) problems.push({ at: `upstream[${at}]`, reason: `there is no environment ${name}` });
  }
  const circle = findCircle(text.name, text.upstream, known);
  if (circle !== undefined) problems.push({ at: "upstream", reason: `releases would go in a circle: ${circle.join(" → ")}` });
  if (text.soakMinutes > 0 && text.upstream.length === 0) {
    problems.push({ at: "soakMinutes", reason: "needs an upstream environment in which a release can run before" });
  }
  if (text.owner !== undefined) {
    if (!text.owner.startsWith("group:")) problems.push({ at: "owner", reason: "must be a group" });
    else if ((await entities.get(ctx, text.owner)) === undefined)
      problems.push({ at: "owner", reason: `${text.owner} is not in the catalogue` });
  }
  for (const [at, { by, names }] of text.approvals.entries()) {
    if ((by === "named") !== (names?.length ?? 0) > 0) {
      problems.push({ at: `approvals[${at}].names`, reason: by === "named" ? "must name users or groups" : 'goes with by "named" only' });
    }
    for (const [n, ref] of (names ?? []).entries()) {
      if (!/^(user|group):/.test(ref) || (await entities.get(ctx, ref)) === undefined)
        problems.push({ at: `approvals[${at}].names[${n}]`, reason: `${ref} is no user or group in the catalogue` });
    }
  }
  for (const [at, { name, cel }] of text.gates.entries()) {
    if (text.gates.findIndex((one) => one.name === name) !== at)
      problems.push({ at: `gates[${at}].name`, reason: `there are two gates ${name}` });
    const checked = cel === undefined ? undefined : checkExpression(cel, GATE_VARIABLES);
    if (checked?.ok === false) problems.push({ at: `gates[${at}].cel`, reason: formatFault(checked.fault) });
    else if (checked !== undefined && checked.type !== "bool" && checked.type !== "dyn")
      problems.push({ at: `gates[${at}].cel`, reason: `gives ${checked.type}, but must give true or false` });
  }
  if (problems.length > 0) throw new InvalidError(`The environment ${text.name} cannot be as described.`, { problems });
}

/** Of where it runs. */
async function runtimeProblems(
  { clusters }: CheckDeps,
  ctx: Ctx,
  { name, runtime, kubernetes }: EnvironmentText,
  before: EnvironmentRecord | undefined,
): Promise<Problem[]> {
  const problems: Problem[] = [];
  if (before !== undefined && before.runtime !== runtime && before.workloads > 0)
    problems.push({ at: "runtime", reason: `is ${before.runtime} as long as something runs there; make another environment` });
  if (runtime === "local") {
    if (kubernetes !== undefined) problems.push({ at: "kubernetes", reason: "goes with runtime=kubernetes only" });
    return problems;
  }
  if (name === FIRST_ENVIRONMENT)
    problems.push({ at: "runtime", reason: `${name} takes each push as it is, without an image; make another environment` });
  if (kubernetes === undefined) return [...problems, { at: "kubernetes", reason: "is needed: say at least cluster" }];
  const known = (await clusters?.names()) ?? [];
  if (!known.includes(kubernetes.cluster)) {
    const others = known.length === 0 ? "none is connected" : `connected are ${known.join(", ")}`;
    problems.push({
      at: "kubernetes.cluster",
      reason: `${kubernetes.cluster} is no connected cluster: ${others}`,
      mend: "Connect it as a source of the connector kubernetes that says delivery: true.",
    });
  }
  if (kubernetes.delivery === "gateway-api" && kubernetes.gateway === undefined)
    problems.push({ at: "kubernetes.gateway", reason: "is needed for delivery=gateway-api: routes are attached to it" });
  if (kubernetes.delivery === "gateway-api" && kubernetes.host === undefined)
    problems.push({
      at: "kubernetes.host",
      reason: "is needed for delivery=gateway-api: without a host there is no route whose weights could be set",
    });
  const taken = await ctx.sql.query<{ name: string }>(
    `select name from delivery.environment where name <> $1 and ended_at is null and kubernetes ->> 'cluster' = $2 and kubernetes ->> 'namespace' = $3
       and $3 not like '%{environment}%' limit 1`,
    [name, kubernetes.cluster, kubernetes.namespace],
  );
  if (taken.rows[0] !== undefined)
    problems.push({ at: "kubernetes.namespace", reason: `${taken.rows[0].name} has these namespaces already; name {environment} in it` });
  return problems;
}

/** The way by which an environment would come before itself; undefined when there is none. */
export function findCircle(
  name: string,
  upstream: readonly string[],
  known: ReadonlyMap<string, readonly string[]>,
): readonly string[] | undefined {
  const seen = new Set<string>();
  const visit = (at: string, way: readonly string[]): readonly string[] | undefined => {
    if (at === name) return [at, ...way];
    if (seen.has(at)) return undefined;
    seen.add(at);
    for (const before of known.get(at) ?? []) {
      const found = visit(before, [at, ...way]);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  for (const one of upstream) {
    const found = visit(one, [name]);
    if (found !== undefined) return found;
  }
  return undefined;
}
