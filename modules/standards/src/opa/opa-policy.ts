import { referencesOf, mendOf, pointsOf, text, type OpaPolicyFile } from "@roadbed/contracts/policy-file";
import type { Resource } from "@roadbed/contracts/standards";
import { InvalidError } from "@roadbed/core";

import type { Expressions } from "../deps.ts";
import { describeRules, type Target } from "../policy/match.ts";
import { VARIABLES, type LoadedPolicy } from "../policy/policy.ts";
import type { OpaAnswer } from "./engine.ts";
import { readBundle, type Bundle } from "./read-bundle.ts";

/** Reads a file beside the policy's own. */
export type ReadModule = (path: string) => Uint8Array;

/** What was compiled elsewhere, ready to be asked. */
export interface CompiledPolicy {
  readonly entrypoint: string;
  /** What it is asked with. Secrets are not in it: its texts are its own. */
  inputOf(resource: Resource, target: Target, username: string): unknown;
  ask(inputs: readonly unknown[]): Promise<readonly OpaAnswer[]>;
}

/** Throws `InvalidError` where its module cannot be had or is none. */
export function createOpaPolicy(
  { metadata, spec }: OpaPolicyFile,
  cel: Pick<Expressions, "opa" | "createProgram">,
  readModule: ReadModule | undefined,
  pack?: string,
): LoadedPolicy {
  const { opa } = cel;
  if (opa === undefined || readModule === undefined) {
    throw new InvalidError("A compiled policy is read from the folder in which it stands.", {
      mend: "Put both files into the folder policies.",
    });
  }
  const { annotations } = metadata;
  const bundle = readBundle(read(readModule, spec.module));
  const module = opa.load({ ...bundle, data: { ...bundle.data, ...spec.data } } satisfies Bundle, spec.entrypoint);
  const points = pointsOf(annotations) ?? [];
  const severity = text(annotations, "severity");
  const title = text(annotations, "title");
  return {
    name: metadata.name,
    title,
    why: text(annotations, "why"),
    severity: severity === "warn" || severity === "audit" ? severity : "deny",
    version: text(annotations, "version"),
    ...(pack === undefined ? {} : { pack }),
    references: referencesOf(annotations),
    points,
    moments: points.map(({ moment }) => moment),
    matches: describeRules(spec.matchConstraints.resourceRules),
    rules: [{ expression: `data.${spec.entrypoint.replaceAll("/", ".")}`, message: title, mend: mendOf(annotations, 0) }],
    match: spec.matchConstraints,
    failurePolicy: spec.failurePolicy,
    answers: [{ reason: "Invalid" }],
    auditKeys: [],
    bindings: [],
    faults: [],
    // Nothing is asked of it.
    program: cel.createProgram({ names: VARIABLES, rules: [] }),
    readsRequest: false,
    compiled: {
      entrypoint: spec.entrypoint,
      inputOf: (resource, target, username) => (spec.input === "object" ? objectOf(resource) : reviewOf(resource, target, username)),
      ask: (inputs) => opa.ask(module, inputs),
    },
  };
}

function read(readModule: ReadModule, path: string): Uint8Array {
  try {
    return readModule(path);
  } catch {
    throw new InvalidError(`There is no file ${path} beside it.`, { mend: "Put the bundle or the module beside the policy's file." });
  }
}

function objectOf({ object, sensitive = [] }: Resource): unknown {
  return sensitive.length === 0 ? object : hide(object, sensitive, "object");
}

/** As an API server asks a webhook. */
function reviewOf(
  resource: Resource,
  { group, version, kind, resource: plural, name, namespace, operation }: Target,
  username: string,
): unknown {
  const { oldObject, sensitive = [] } = resource;
  return {
    apiVersion: "admission.k8s.io/v1",
    kind: "AdmissionReview",
    request: {
      kind: { group, version, kind },
      resource: { group, version, resource: plural },
      name,
      namespace,
      operation,
      userInfo: { username, groups: [] },
      object: operation === "DELETE" ? null : objectOf(resource),
      oldObject: oldObject === undefined ? null : hide(oldObject, sensitive, "oldObject"),
      dryRun: true,
    },
  };
}

/** A copy without the values that are never to be told. */
function hide(object: unknown, ways: NonNullable<Resource["sensitive"]>, under: string): unknown {
  const copy = structuredClone(object);
  for (const [root, ...way] of ways) {
    if (root !== under || way.length === 0) continue;
    let holder = copy as Record<string | number, unknown> | undefined;
    for (const step of way.slice(0, -1)) holder = own(holder, step) as typeof holder;
    const last = way.at(-1) as string | number;
    if (holder !== undefined && own(holder, last) !== undefined) holder[last] = "(sensitive)";
  }
  return copy;
}

function own(holder: unknown, key: string | number): unknown {
  if (typeof holder !== "object" || holder === null || !Object.hasOwn(holder, key)) return undefined;
  return (holder as Record<string | number, unknown>)[key];
}
