import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import type { Expressions } from "../deps.ts";
import type { ParamObject } from "./params.ts";
import type { LoadedPolicy } from "./policy.ts";
import { readDocuments, type Documents, type PolicyProblem } from "./read-documents.ts";

export type { PolicyProblem };

export interface LoadedPolicies {
  /** By name, each with the bindings that say where it holds. */
  readonly policies: readonly LoadedPolicy[];
  /** What policies may be given as parameters. */
  readonly params: readonly ParamObject[];
  readonly problems: readonly PolicyProblem[];
}

/**
 * Reads every policy of these folders, by file name; a folder inside one of them is a pack. One bad document spoils no other; never
 * throws for what a file says.
 */
export function loadPolicies(folders: readonly (string | URL)[], cel: Expressions): LoadedPolicies {
  return assemble(
    folders
      .flatMap(policyFiles)
      .map(({ path, pack }) =>
        readDocuments(basename(path), readFileSync(path, "utf8"), cel, pack, (module) => readFileSync(join(dirname(path), module))),
      ),
  );
}

/** The same for one text; `file` is what problems name. */
export function readPolicyFile(file: string, content: string, cel: Expressions): LoadedPolicies {
  return assemble([readDocuments(file, content, cel)]);
}

/** The same for several texts that belong together. */
export function readPolicyFiles(files: readonly { readonly file: string; readonly content: string }[], cel: Expressions): LoadedPolicies {
  return assemble(files.map(({ file, content }) => readDocuments(file, content, cel)));
}

/** Brings together what stands in several files: policies, where they hold, and their parameters. */
function assemble(files: readonly Documents[]): LoadedPolicies {
  const policies = new Map<string, LoadedPolicy>();
  const problems = files.flatMap((one) => one.problems);
  for (const policy of files.flatMap((one) => one.policies)) {
    if (policies.has(policy.name)) problems.push(duplicate("policy", policy));
    else policies.set(policy.name, policy);
  }
  const bound = new Set<string>();
  for (const { file, line, binding } of files.flatMap((one) => one.bindings)) {
    const policy = policies.get(binding.policyName);
    if (bound.has(binding.name)) problems.push(duplicate("binding", { name: binding.name, file }));
    else if (policy === undefined) problems.push(unbound(file, line, binding.policyName));
    else policies.set(policy.name, { ...policy, bindings: [...policy.bindings, binding] });
    bound.add(binding.name);
  }
  const wanted = [...policies.values()].flatMap(({ paramKind }) => paramKind ?? []);
  const params: ParamObject[] = [];
  for (const { param, problem } of files.flatMap((one) => one.others)) {
    if (param && wanted.some(({ apiVersion, kind }) => apiVersion === param.apiVersion && kind === param.kind)) params.push(param);
    else problems.push(problem);
  }
  return { policies: [...policies.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1)), params, problems };
}

/** Policies of the folder itself, then of the packs in it, each by name. */
function policyFiles(folder: string | URL): { path: string; pack?: string }[] {
  const path = typeof folder === "string" ? folder : fileURLToPath(folder);
  const entries = readdirSync(path, { withFileTypes: true }).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const files = (names: readonly string[]): string[] => names.filter((name) => /\.ya?ml$/.test(name) && !/\.test\.ya?ml$/.test(name));
  const own = files(entries.filter((entry) => entry.isFile()).map(({ name }) => name)).map((name) => ({ path: join(path, name) }));
  const packs = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith("."));
  return [
    ...own,
    ...packs.flatMap(({ name: pack }) =>
      files(readdirSync(join(path, pack)).toSorted()).map((name) => ({ path: join(path, pack, name), pack })),
    ),
  ];
}

function duplicate(what: string, { name, file = "" }: { readonly name: string; readonly file?: string }): PolicyProblem {
  return { file, line: 1, reason: `a ${what} named ${name} was read before`, mend: "Give one of them another name.", leftOut: true };
}

function unbound(file: string, line: number, policy: string): PolicyProblem {
  return { file, line, reason: `spec.policyName: there is no policy named ${policy}`, mend: "Name a policy that is there.", leftOut: true };
}
