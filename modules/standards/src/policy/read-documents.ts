import { formatFault } from "@roadbed/cel";
import { BindingFile, OpaPolicyFile, PolicyFile } from "@roadbed/contracts/policy-file";
import { DomainError, examine, type Fault } from "@roadbed/core";
import { isNode, LineCounter, parseAllDocuments, type Document } from "yaml";

import type { Expressions } from "../deps.ts";
import { createOpaPolicy, type ReadModule } from "../opa/opa-policy.ts";
import type { ParamObject } from "./params.ts";
import { createBinding, createPolicy, type Binding, type LoadedPolicy } from "./policy.ts";

/** What is wrong with a policy file, and where. */
export interface PolicyProblem {
  readonly file: string;
  readonly line: number;
  readonly column?: number;
  readonly reason: string;
  readonly mend?: string;
  /** True where the policy is not in force for it; false where it stays and answers with an error. */
  readonly leftOut: boolean;
}

/** What stands in one file. */
export interface Documents {
  readonly policies: readonly LoadedPolicy[];
  readonly bindings: readonly { readonly file: string; readonly line: number; readonly binding: Binding }[];
  /** Of no kind of ours: parameters, if a policy takes such; else a problem. */
  readonly others: readonly { readonly param?: ParamObject; readonly problem: PolicyProblem }[];
  readonly problems: PolicyProblem[];
}

/** Reads the documents of one text; `file` is what problems name. Never throws for what it says. */
export function readDocuments(file: string, content: string, cel: Expressions, pack?: string, readModule?: ReadModule): Documents {
  const lines = new LineCounter();
  const documents = parseAllDocuments(content, { lineCounter: lines, prettyErrors: false });
  const policies: LoadedPolicy[] = [];
  const bindings: Documents["bindings"][number][] = [];
  const others: Documents["others"][number][] = [];
  const problems: PolicyProblem[] = [];
  for (const document of Array.isArray(documents) ? documents : []) {
    if (document.errors.length === 0 && document.contents === null) continue;
    readDocument(document);
  }
  return { policies, bindings, others, problems };

  function readDocument(document: Document): void {
    const place = (path: readonly PropertyKey[]): { line: number; column: number } => placeOf(path, document, lines);
    if (document.errors.length > 0) {
      for (const { pos, message } of document.errors) {
        const { line, col } = lines.linePos(pos[0]);
        problems.push({ file, line, column: col, reason: message, leftOut: true });
      }
      return;
    }
    const data = toData(document);
    const kind = typeof data === "object" && data !== null && "kind" in data ? data.kind : undefined;
    if (kind === "OpaPolicy") return readCompiled(data, place);
    const isBinding = kind === "ValidatingAdmissionPolicyBinding";
    const { value, faults } = isBinding ? examine(BindingFile, data) : examine(PolicyFile, data);
    if (faults !== undefined) {
      const found = faults.map((fault) => toProblem(fault, place));
      const [first] = found;
      if (first !== undefined && !isBinding && kind !== "ValidatingAdmissionPolicy" && typeof kind === "string") {
        const param = paramOf(data);
        others.push({ ...(param === undefined ? {} : { param }), problem: first });
      } else problems.push(...found);
      return;
    }
    if (value.kind === "ValidatingAdmissionPolicyBinding") {
      bindings.push({ file, line: place(["spec", "policyName"]).line, binding: createBinding(value) });
      return;
    }
    const policy = createPolicy(value, cel, pack);
    policies.push({ ...policy, file });
    for (const { path, fault } of policy.faults) {
      problems.push({
        file,
        ...place(path),
        reason: `${path.join(".")}: ${formatFault(fault)}`,
        ...(fault.mend === undefined ? {} : { mend: fault.mend }),
        leftOut: false,
      });
    }
  }

  function readCompiled(data: unknown, place: (path: readonly PropertyKey[]) => { line: number; column: number }): void {
    const { value, faults } = examine(OpaPolicyFile, data);
    if (faults !== undefined) return void problems.push(...faults.map((fault) => toProblem(fault, place)));
    try {
      policies.push({ ...createOpaPolicy(value, cel, readModule, pack), file });
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      const { mend } = error;
      problems.push({ file, ...place(["spec", "module"]), reason: error.message, ...(mend === undefined ? {} : { mend }), leftOut: true });
    }
  }

  function toProblem(
    { path, reason, mend }: Fault,
    place: (path: readonly PropertyKey[]) => { line: number; column: number },
  ): PolicyProblem {
    const at = path.map(String).join(".");
    return {
      file,
      ...place(path),
      reason: at === "" ? reason : `${at}: ${reason}`,
      ...(mend === undefined ? {} : { mend }),
      leftOut: true,
    };
  }
}

function toData(document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch {
    return undefined;
  }
}

function paramOf(data: unknown): ParamObject | undefined {
  const { apiVersion, kind, metadata } = data as { apiVersion?: unknown; kind?: unknown; metadata?: Record<string, unknown> };
  const { name, namespace, labels } = metadata ?? {};
  if (typeof apiVersion !== "string" || typeof kind !== "string" || typeof name !== "string") return undefined;
  return {
    apiVersion,
    kind,
    name,
    namespace: typeof namespace === "string" ? namespace : "",
    labels: typeof labels === "object" && labels !== null ? (labels as Record<string, unknown>) : {},
    object: data as Record<string, unknown>,
  };
}

/** The place of the nearest part that is there. */
function placeOf(path: readonly PropertyKey[], document: Document, lines: LineCounter): { line: number; column: number } {
  for (let length = path.length; length >= 0; length--) {
    const node: unknown = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) {
      const { line, col } = lines.linePos(node.range[0]);
      return { line, column: col };
    }
  }
  return { line: 1, column: 1 };
}
