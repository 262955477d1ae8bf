import { createHash } from "node:crypto";

import { checkFiles, type ChangedFile, type FileFinding } from "@roadbed/contracts/standards/files";
import type { Finding, PolicyMoment, Resource, Verdict } from "@roadbed/contracts/standards";
import { handle, type Ctx, type Handler, type OutputOf } from "@roadbed/core";

import type { Judgement } from "../policy/evaluate-policies.ts";
import type { LoadedPolicy } from "../policy/policy.ts";
import { locate, type Definitions } from "./locate.ts";
import { readManifests, type Manifest } from "./read-manifests.ts";

type DefinitionsByPolicy = ReadonlyMap<string, Definitions>;
type Judge = (resources: readonly Resource[]) => Promise<Pick<Judgement, "findings" | "evaluated">>;

export function makeCheckFiles(o: {
  readonly evaluate: (ctx: Ctx, resources: readonly Resource[], moment: PolicyMoment) => Promise<Judgement>;
  readonly policies: readonly LoadedPolicy[];
}): Handler {
  const definitions = definitionsOf(o.policies);
  return handle(checkFiles, (ctx, { moment, files }) => checkChange(files, (resources) => o.evaluate(ctx, resources, moment), definitions));
}

/** What each policy computes before its rules. */
export function definitionsOf(policies: readonly LoadedPolicy[]): DefinitionsByPolicy {
  return new Map(
    policies.map(({ name, program }) => [name, new Map((program.source.definitions ?? []).map((one) => [one.name, one.expression]))]),
  );
}

/**
 * Judges both sides of a change by the same policies. What is found on both sides is old debt, wherever it stands now; a resource that
 * moved to another file is the same resource.
 */
export async function checkChange(
  files: readonly ChangedFile[],
  judge: Judge,
  definitions: DefinitionsByPolicy,
): Promise<OutputOf<typeof checkFiles>> {
  const sides = files.map(({ path, before, after }) => ({
    before: readManifests(path, before ?? ""),
    after: readManifests(path, after ?? ""),
  }));
  const before = sides.flatMap((side) => side.before.manifests);
  const after = sides.flatMap((side) => side.after.manifests);
  const was = new Map(before.map((one) => [identityOf(one), one]));
  const will = new Set(after.map(identityOf));
  const removed = before.filter((one) => !will.has(identityOf(one)));

  const side = { judge, definitions };
  const [old, now] = [
    await judgeAll(side, before, () => ({})),
    await judgeAll(side, [...after, ...removed], (one) => {
      const earlier = was.get(identityOf(one));
      if (removed.includes(one)) return { operation: "DELETE" };
      return earlier === undefined ? {} : { oldObject: earlier.object };
    }),
  ];
  const known = new Set(old.findings.map(({ fingerprint }) => fingerprint));
  const findings = now.findings.map((finding) => ({ ...finding, introduced: !known.has(finding.fingerprint) })).toSorted(byWeight);
  const introduced = findings.filter((finding) => finding.introduced);
  const left = new Set(findings.map(({ fingerprint }) => fingerprint));
  return {
    verdict: verdictOf(introduced.filter(({ waiver }) => waiver === undefined)),
    findings,
    introduced: introduced.length,
    known: findings.length - introduced.length,
    mended: [...known].filter((fingerprint) => !left.has(fingerprint)).length,
    resources: after.length,
    evaluated: now.evaluated,
    unread: sides.flatMap((side) => side.after.unread.map((one) => ({ ...one }))),
  };
}

async function judgeAll(
  { judge, definitions }: { readonly judge: Judge; readonly definitions: DefinitionsByPolicy },
  manifests: readonly Manifest[],
  more: (manifest: Manifest) => Pick<Resource, "oldObject" | "operation">,
): Promise<{ readonly findings: readonly Omit<FileFinding, "introduced">[]; readonly evaluated: number }> {
  if (manifests.length === 0) return { findings: [], evaluated: 0 };
  // The place in the list goes along as the name of the file: that is how a finding tells which resource it is about.
  const { findings, evaluated } = await judge(
    manifests.map((manifest, at) => ({ file: String(at), object: { ...manifest.object }, ...more(manifest) })),
  );
  return {
    findings: findings.map((finding) => placed(finding, manifests[Number(finding.file)]!, definitions.get(finding.policy) ?? new Map())),
    evaluated,
  };
}

function placed(finding: Finding, manifest: Manifest, definitions: Definitions): Omit<FileFinding, "introduced"> {
  const { policy, binding = "", params = "", expression, message, result } = finding;
  const parts = [policy, binding, params, result, expression, message, identityOf(manifest)];
  const fingerprint = createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 32);
  return {
    ...finding,
    file: manifest.file,
    fingerprint,
    ...manifest.placeOf(locate({ expression, definitions, message, object: manifest.object })),
  };
}

/** What makes it the same thing after it was changed or moved. What has no name is known by its file. */
function identityOf({ file, object }: Manifest): string {
  const { name, namespace } = (object["metadata"] ?? {}) as Record<string, unknown>;
  const group = String(object["apiVersion"]).split("/").slice(0, -1).join("/");
  return JSON.stringify([group, object["kind"], namespace ?? "", typeof name === "string" ? name : { file }]);
}

function verdictOf(findings: readonly { readonly severity: string }[]): Verdict {
  if (findings.some(({ severity }) => severity === "deny")) return "deny";
  return findings.some(({ severity }) => severity === "warn") ? "warn" : "allow";
}

const WEIGHT: Readonly<Record<string, number>> = { deny: 0, warn: 1, audit: 2 };

/** What stops the change first, then by place. */
function byWeight(a: FileFinding, b: FileFinding): number {
  if (a.introduced !== b.introduced) return a.introduced ? -1 : 1;
  return (WEIGHT[a.severity] ?? 3) - (WEIGHT[b.severity] ?? 3) || (a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line);
}
