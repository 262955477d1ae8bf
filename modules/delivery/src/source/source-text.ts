import { EnvironmentName, type Environment } from "@roadbed/contracts/delivery/environments";
import { EnvironmentFile, IntentFile, type SourceProblem } from "@roadbed/contracts/delivery/source";
import { DomainError, InvalidError, type Problem } from "@roadbed/core";
import { isDeepStrictEqual } from "node:util";
import { isMap, LineCounter, parseDocument, stringify } from "yaml";

import { workloadNameOf } from "../component.ts";
import { NOTHING_ASKED, type EnvironmentText } from "../environment/environment-store.ts";
import { NEXT } from "../gitops/gitops-repository.ts";
import { readYaml } from "../workload/read-yaml.ts";
import type { Intent } from "./intent.ts";

const VERSION = "roadbed.dev/v1";

/** What a path on `main` is of: an environment, or a component in one. Undefined: people have nothing to write there. */
export function subjectOf(path: string): { readonly environment: string; readonly name?: string } | undefined {
  const [, alone] = /^environments\/([a-z][a-z0-9-]*)\.yaml$/.exec(path) ?? [];
  if (alone !== undefined) return { environment: alone };
  const [, environment, name] = /^workloads\/([a-z][a-z0-9-]*)\/([a-z0-9][a-z0-9._-]*)\.yaml$/i.exec(path) ?? [];
  return environment === undefined || name === undefined ? undefined : { environment, name };
}

export function environmentPath(name: string): string {
  return `environments/${name}.yaml`;
}

export function intentPath(entityRef: string, environment: string): string {
  return `workloads/${environment}/${workloadNameOf(entityRef)}.yaml`;
}

/** What an environment asks for; what is as in one that asks for nothing is left out. */
export function environmentText({ name, expiresAt, ...text }: EnvironmentText): string {
  const asked = Object.entries(text).filter(([field, value]) => {
    return value !== undefined && (field === "title" || !isDeepStrictEqual(value, NOTHING_ASKED[field as keyof typeof NOTHING_ASKED]));
  });
  return textOf({
    apiVersion: VERSION,
    kind: "Environment",
    metadata: { name },
    spec: { ...Object.fromEntries(asked), ...(expiresAt === undefined ? {} : { expiresAt: expiresAt.toISOString() }) },
  });
}

export function intentText(o: {
  readonly entityRef: string;
  readonly environment: string;
  readonly release: number;
  readonly intent: Intent;
}): string {
  const { overrides = {}, suspended } = o.intent;
  return textOf({
    apiVersion: VERSION,
    kind: "Intent",
    metadata: { name: workloadNameOf(o.entityRef), environment: o.environment },
    spec: {
      component: o.entityRef,
      release: o.release,
      ...(Object.keys(overrides).length === 0 ? {} : { overrides }),
      ...(suspended === true ? { suspended } : {}),
    },
  });
}

/** Throws `InvalidError`; each problem says its line. */
export function readEnvironmentFile(path: string, text: string): EnvironmentText {
  const { metadata, spec } = readYaml(EnvironmentFile, path, text);
  const { environment } = subjectOf(path)!;
  const problems: Problem[] = [];
  if (metadata.name !== environment)
    problems.push({ at: "metadata.name", reason: `is ${metadata.name}, and the file is of ${environment}`, mend: "Make them the same." });
  if (!EnvironmentName.safeParse(environment).success || environment.endsWith(NEXT))
    problems.push({ at: "metadata.name", reason: `${environment} is no name that an environment can have` });
  if (problems.length > 0) throw wrong(path, problems);
  const { expiresAt, title, ...said } = spec;
  const given = Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
  return {
    ...NOTHING_ASKED,
    ...(given as Partial<Pick<Environment, "by">>),
    name: environment,
    title: title ?? environment.charAt(0).toUpperCase() + environment.slice(1),
    expiresAt: expiresAt === undefined ? undefined : new Date(expiresAt),
  };
}

/** Throws `InvalidError`; each problem says its line. */
export function readIntentFile(path: string, text: string): IntentFile["spec"] {
  const { metadata, spec } = readYaml(IntentFile, path, text);
  const { environment, name } = subjectOf(path)!;
  const problems: Problem[] = [];
  if (metadata.environment !== environment)
    problems.push({ at: "metadata.environment", reason: `is ${metadata.environment}, and the folder is of ${environment}` });
  const called = workloadNameOf(spec.component);
  if (called !== name || metadata.name !== name)
    problems.push({ at: called === name ? "metadata.name" : "spec.component", reason: `does not go with the name of the file, ${name}` });
  if (problems.length > 0) throw wrong(path, problems);
  return spec;
}

/** The same values in the text of somebody, whose comments and order stay; undefined where that cannot be read. */
export function keepWords(theirs: string, ours: string): string | undefined {
  const document = parseDocument(theirs);
  if (document.errors.length > 0 || !isMap(document.contents)) return undefined;
  const wanted = parseDocument(ours).toJS() as { spec: Record<string, unknown> };
  const there = document.toJS() as { spec?: Record<string, unknown> };
  for (const field of new Set([...Object.keys(there.spec ?? {}), ...Object.keys(wanted.spec)])) {
    if (isDeepStrictEqual(there.spec?.[field], wanted.spec[field])) continue;
    if (wanted.spec[field] === undefined) document.deleteIn(["spec", field]);
    else document.setIn(["spec", field], document.createNode(wanted.spec[field]));
  }
  return document.toString({ lineWidth: 0 });
}

/** What is wrong, as people read it: by file and line, whichever rule said it. */
export function problemsOf(path: string, text: string, error: DomainError): SourceProblem[] {
  const { message, mend, problems } = error;
  if (problems.length === 0) return [{ at: path, reason: message, ...(mend === undefined ? {} : { mend }) }];
  return problems.map((problem) => {
    const said = { reason: problem.reason, ...((problem.mend ?? mend) === undefined ? {} : { mend: problem.mend ?? mend }) };
    if (problem.at.startsWith(`${path}:`)) {
      const [, field, reason] = /^([\w.[\]-]+): (.*)$/s.exec(problem.reason) ?? [];
      return { ...said, at: problem.at, ...(field === undefined ? {} : { field, reason: reason! }) };
    }
    const { field, line } = lineOf(text, problem.at);
    return { ...said, at: `${path}:${line}`, field };
  });
}

/** Where a field stands: `gates[0].cel` is looked for below `spec`. What is not there is said of what it would stand in. */
function lineOf(text: string, at: string): { readonly field: string; readonly line: number } {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const words = at.replaceAll(/\[(\d+)\]/g, ".$1").split(".");
  const path = words[0] === "spec" || words[0] === "metadata" ? words : ["spec", ...words];
  for (let n = path.length; n > 0; n--) {
    const node = document.getIn(
      path.slice(0, n).map((word) => (/^\d+$/.test(word) ? Number(word) : word)),
      true,
    ) as { range?: [number, number, number] } | undefined;
    if (node?.range !== undefined && node.range !== null) return { field: path.join("."), line: lines.linePos(node.range[0]).line };
  }
  return { field: path.join("."), line: 1 };
}

function wrong(path: string, problems: readonly Problem[]): InvalidError {
  return new InvalidError(`${path} cannot be used.`, { problems });
}

function textOf(object: unknown): string {
  return stringify(object, { lineWidth: 0, aliasDuplicateObjects: false });
}
