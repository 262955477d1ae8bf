import type { PolicyAction, Resource } from "@roadbed/contracts/standards";
import { PolicyCases, testPolicy, type CaseResult } from "@roadbed/contracts/standards/workbench";
import { examine, handle, InvalidError, type Handler } from "@roadbed/core";
import { parse } from "yaml";

import type { Expressions } from "../deps.ts";
import { evaluatePolicies, type Judgement } from "../policy/evaluate-policies.ts";
import { readPolicyFile, type LoadedPolicies } from "../policy/load-policies.ts";
import type { ParamObject } from "../policy/params.ts";

/** Runs the test file of a policy: each object, changed as its case says, and whether the policy says what the case expects. */
export function makeTestPolicy({ cel, params }: { readonly cel: Expressions; readonly params: readonly ParamObject[] }): Handler {
  return handle(testPolicy, async (_ctx, { text, tests }) => {
    const loaded = readPolicyFile("policy.yaml", text, cel);
    const problems = loaded.problems.map(({ line, column, reason, mend }) => ({
      line,
      reason,
      ...(column === undefined ? {} : { column }),
      ...(mend === undefined ? {} : { mend }),
    }));
    const own = { policies: loaded.policies, params: loaded.params.length > 0 ? loaded.params : params };
    const cases = await runCases(cel, own, readCases(tests));
    const failed = cases.filter(({ passed }) => !passed).length;
    return { problems, cases, passed: cases.length - failed, failed };
  });
}

/** Throws `InvalidError` for what is no test file. */
export function readCases(text: string): PolicyCases {
  let data: unknown;
  try {
    data = parse(text, { maxAliasCount: 100 });
  } catch (error) {
    throw new InvalidError(`The tests are no YAML: ${error instanceof Error ? error.message : String(error)}`, { mend: "Mend that line." });
  }
  const { value, faults } = examine(PolicyCases, data);
  if (faults === undefined) return value;
  const problems = faults.map(({ path, reason }) => ({ at: path.map(String).join("."), reason }));
  throw new InvalidError(`The tests cannot be read: ${problems[0]?.at}: ${problems[0]?.reason}`, {
    problems,
    mend: "`policies/catalogue/has-owner.test.yaml` shows the shape.",
  });
}

export async function runCases(
  cel: Expressions,
  { policies, params }: Pick<LoadedPolicies, "policies" | "params">,
  { policy: name, moment, objects, cases }: PolicyCases,
): Promise<CaseResult[]> {
  const tested = policies.filter((one) => one.name === name);
  if (tested.length === 0) {
    throw new InvalidError(`The tests are of a policy named ${name}, which is not there.`, {
      mend: `Name one of: ${policies.map((one) => one.name).join(", ") || "none is read"}.`,
    });
  }
  const results: CaseResult[] = [];
  for (const one of cases) {
    const { catalog } = one;
    const circumstances = {
      moment,
      params,
      ...(catalog === undefined ? {} : { catalog: async ([ref = ""]) => new Map([[ref, catalog]]) }),
    };
    const judged = await evaluatePolicies(cel, tested, circumstances as never, [toResource(one, objects)]);
    const found = foundOf(judged);
    const messages = judged.findings.map(({ message }) => message);
    const fits = found === one.expect || (found === "allow" && one.expect === "skip");
    const said = one.message === undefined || messages.join("\n").includes(one.message);
    results.push({
      name: one.name,
      expected: one.expect,
      found,
      passed: fits && said,
      messages,
      ...(said ? {} : { missing: one.message! }),
    });
  }
  return results;
}

type Case = PolicyCases["cases"][number];

function foundOf({ findings, evaluated }: Judgement): Case["expect"] {
  if (evaluated === 0) return "unasked";
  const results = new Set(findings.map(({ result }) => result));
  if (results.has("error")) return "error";
  const severities = findings.filter(({ result }) => result === "fail").map(({ severity }) => severity);
  const strongest = (["deny", "warn", "audit"] as const satisfies readonly PolicyAction[]).find((one) => severities.includes(one));
  return strongest ?? (results.has("unknown") ? "unknown" : "allow");
}

function toResource({ of, set, remove, unknown, sensitive, operation }: Case, objects: PolicyCases["objects"]): Resource {
  const object = Object.hasOwn(objects, of) ? objects[of] : undefined;
  if (object === undefined)
    throw new InvalidError(`A case is of "${of}", and there is no such object.`, { mend: "Name one of `objects`." });
  const copy = structuredClone(object);
  for (const [pointer, value] of Object.entries(set)) {
    const { holder, key } = holderOf(copy, pointer);
    holder[key] = value;
  }
  for (const pointer of remove) {
    const { holder, key } = holderOf(copy, pointer);
    delete holder[key];
  }
  return {
    object: copy,
    ...(operation === undefined ? {} : { operation }),
    ...(unknown.length === 0 ? {} : { unknown: unknown.map(toWay) }),
    ...(sensitive.length === 0 ? {} : { sensitive: sensitive.map(toWay) }),
  };
}

/** Holders that are not there are made on the way. */
function holderOf(object: Record<string, unknown>, pointer: string): { holder: Record<string, unknown>; key: string } {
  const steps = stepsOf(pointer);
  const key = steps.pop() ?? "";
  let holder = object;
  for (const step of steps) {
    if (!Object.hasOwn(holder, step) || typeof holder[step] !== "object" || holder[step] === null) holder[step] = {};
    holder = holder[step] as Record<string, unknown>;
  }
  return { holder, key };
}

function toWay(pointer: string): (string | number)[] {
  return ["object", ...stepsOf(pointer).map((step) => (/^\d+$/.test(step) ? Number(step) : step))];
}

/** A JSON pointer: `~1` is a slash in a key, `~0` a tilde. */
function stepsOf(pointer: string): string[] {
  const steps = pointer
    .split("/")
    .slice(1)
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
  if (steps.length > 0 && !steps.includes("__proto__")) return steps;
  throw new InvalidError(`"${pointer}" is no place in an object.`, { mend: "Write a JSON pointer, e.g. /metadata/labels/team." });
}
