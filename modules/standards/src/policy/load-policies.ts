import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

import { formatFault } from "@roadbed/cel";
import { PolicyFile } from "@roadbed/contracts/policy-file";
import { examine, type Fault } from "@roadbed/core";
import { isNode, LineCounter, parseAllDocuments, type Document } from "yaml";

import type { Expressions } from "../deps.ts";
import { createPolicy, type LoadedPolicy } from "./policy.ts";

/** What is wrong with a policy file, and on which line. */
export interface PolicyProblem {
  readonly file: string;
  readonly line: number;
  readonly reason: string;
  readonly mend?: string;
  /** True where the policy is not in force for it; false where it stays and answers with an error. */
  readonly leftOut: boolean;
}

export interface LoadedPolicies {
  readonly policies: readonly LoadedPolicy[];
  readonly problems: readonly PolicyProblem[];
}

/** Reads every policy of these folders, by file name. One bad document spoils no other; never throws for what a file says. */
export function loadPolicies(folders: readonly (string | URL)[], cel: Expressions): LoadedPolicies {
  const policies = new Map<string, LoadedPolicy>();
  const problems: PolicyProblem[] = [];
  for (const path of folders.flatMap(policyFiles)) {
    const loaded = readPolicyFile(basename(path), readFileSync(path, "utf8"), cel);
    problems.push(...loaded.problems);
    for (const policy of loaded.policies) {
      if (policies.has(policy.name)) problems.push(duplicate(basename(path), policy));
      else policies.set(policy.name, policy);
    }
  }
  return { policies: [...policies.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1)), problems };
}

/** The same for one text; `file` is what problems name. */
export function readPolicyFile(file: string, content: string, cel: Expressions): LoadedPolicies {
  const lines = new LineCounter();
  const documents = parseAllDocuments(content, { lineCounter: lines, prettyErrors: false });
  const policies: LoadedPolicy[] = [];
  const problems: PolicyProblem[] = [];
  for (const document of Array.isArray(documents) ? documents : []) {
    if (document.errors.length === 0 && document.contents === null) continue;
    const read = readDocument(document, (offset) => lines.linePos(offset).line, cel);
    if (read.policy) policies.push({ ...read.policy, file });
    problems.push(...read.problems.map((problem) => ({ file, ...problem })));
  }
  return { policies, problems };
}

type Found = Omit<PolicyProblem, "file">;

function policyFiles(folder: string | URL): string[] {
  const path = typeof folder === "string" ? folder : fileURLToPath(folder);
  return readdirSync(path)
    .filter((name) => /\.ya?ml$/.test(name) && !/\.test\.ya?ml$/.test(name))
    .toSorted()
    .map((name) => join(path, name));
}

function readDocument(
  document: Document,
  lineAt: (offset: number) => number,
  cel: Expressions,
): { policy?: LoadedPolicy; problems: Found[] } {
  if (document.errors.length > 0) {
    return { problems: document.errors.map(({ pos, message }) => ({ line: lineAt(pos[0]), reason: message, leftOut: true })) };
  }
  const { value, faults } = examine(PolicyFile, toData(document));
  if (faults !== undefined) return { problems: faults.map((fault) => toFound(fault, document, lineAt)) };
  const policy = createPolicy(value, cel);
  const problems = policy.faults.map(({ path, fault }) => ({
    line: lineOf(path, document, lineAt),
    reason: `${path.join(".")}: ${formatFault(fault)}`,
    ...(fault.mend === undefined ? {} : { mend: fault.mend }),
    leftOut: false,
  }));
  return { policy, problems };
}

function toData(document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch {
    return undefined;
  }
}

function toFound({ path, reason, mend, unknown }: Fault, document: Document, lineAt: (offset: number) => number): Found {
  const unsupported = unknown === true ? UNSUPPORTED[String(path.at(-1))] : undefined;
  const at = path.map(String).join(".");
  const help = unsupported === undefined ? mend : "Remove it; write what it says as a matchCondition.";
  return {
    line: lineOf(path, document, lineAt),
    reason: at === "" ? reason : `${at}: ${unsupported ?? reason}`,
    ...(help === undefined ? {} : { mend: help }),
    leftOut: true,
  };
}

/** Fields that Kubernetes knows and that mean nothing here: said, not silently passed over. */
const UNSUPPORTED: Record<string, string> = {
  namespaceSelector: "is not supported: there is no namespace to look at before something is deployed",
  paramKind: "is not supported: policies take no parameters here",
  auditAnnotations: "is not supported: each decision is stored whole",
};

/** The line of the nearest part that is there. */
function lineOf(path: readonly PropertyKey[], document: Document, lineAt: (offset: number) => number): number {
  for (let length = path.length; length >= 0; length--) {
    const node: unknown = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return lineAt(node.range[0]);
  }
  return 1;
}

function duplicate(file: string, { name }: LoadedPolicy): PolicyProblem {
  return { file, line: 1, reason: `a policy named ${name} was read before`, mend: "Give one of them another name.", leftOut: true };
}
