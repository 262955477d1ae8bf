import { createHash } from "node:crypto";

import { checkFiles, type ChangedFile, type FileFinding } from "@roadbed/contracts/standards/files";
import type { Finding, PolicyMoment, Resource, Verdict } from "@roadbed/contracts/standards";
import { handle, type Ctx, type Handler, type OutputOf } from "@roadbed/core";

import type { Judgement } from "../policy/evaluate-policies.ts";
import type { LoadedPolicy } from "../policy/policy.ts";
import { locate, type Definitions } from "./locate.ts";
import { expandChange, type Renderers } from "./expand.ts";
import type { Manifest } from "./read-manifests.ts";
import { suggest } from "./suggest.ts";

type DefinitionsByPolicy = ReadonlyMap<string, Definitions>;
/** What policies say of changed files as each environment would become. */
export type CheckedFiles = (ctx: Ctx, files: readonly ChangedFile[], moment?: PolicyMoment) => Promise<OutputOf<typeof checkFiles>>;
type Judge = (resources: readonly Resource[]) => Promise<Pick<Judgement, "findings" | "evaluated">>;

export function makeCheckFiles(check: CheckedFiles): Handler {
  return handle(checkFiles, (ctx, { moment, files }) => check(ctx, files, moment));
}

export function makeFileCheck(o: {
  readonly evaluate: (ctx: Ctx, resources: readonly Resource[], moment: PolicyMoment) => Promise<Judgement>;
  readonly policies: readonly LoadedPolicy[];
  readonly renderers: Renderers;
}): CheckedFiles {
  const definitions = definitionsOf(o.policies);
  return (ctx, files, moment = "pull-request") =>
    checkChange(files, (resources) => o.evaluate(ctx, resources, moment), definitions, o.renderers);
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
  renderers: Renderers = {},
): Promise<OutputOf<typeof checkFiles>> {
  const sides = await expandChange(files, renderers);
  const before = sides.before.manifests;
  const after = sides.after.manifests;
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
  const all = now.findings.map((finding) => ({ ...finding, introduced: !known.has(finding.fingerprint) }));
  const findings = (await withSuggestions(side, all, now.about)).toSorted(byWeight);
  const introduced = findings.filter((finding) => finding.introduced);
  const left = new Set(findings.map(({ fingerprint }) => fingerprint));
  const unreadBefore = new Set(sides.before.unread.map(keyOfUnread));
  const unchecked = sides.after.unread.filter((one) => !unreadBefore.has(keyOfUnread(one))).length;
  const verdict = verdictOf(introduced.filter(({ waiver }) => waiver === undefined));
  return {
    // What cannot be judged did not pass.
    verdict: unchecked > 0 && verdict !== "deny" ? "unknown" : verdict,
    findings,
    introduced: introduced.length,
    known: findings.length - introduced.length,
    mended: [...known].filter((fingerprint) => !left.has(fingerprint)).length,
    resources: after.length,
    evaluated: now.evaluated,
    unchecked,
    unread: sides.after.unread.map((one) => ({ ...one })),
  };
}

function keyOfUnread({ file, reason }: { readonly file: string; readonly reason: string }): string {
  return `${file}\n${reason}`;
}

async function judgeAll(
  { judge, definitions }: { readonly judge: Judge; readonly definitions: DefinitionsByPolicy },
  manifests: readonly Manifest[],
  more: (manifest: Manifest) => Pick<Resource, "oldObject" | "operation">,
): Promise<Judged> {
  const about = new Map<string, Manifest>();
  if (manifests.length === 0) return { findings: [], evaluated: 0, about };
  // The place in the list goes along as the name of the file: that is how a finding tells which resource it is about.
  const { findings, evaluated } = await judge(
    manifests.map((manifest, at) => ({ file: String(at), object: { ...manifest.object }, ...more(manifest) })),
  );
  return {
    findings: findings.map((finding) => {
      const manifest = manifests[Number(finding.file)]!;
      const one = placed(finding, manifest, definitions.get(finding.policy) ?? new Map());
      about.set(one.fingerprint, manifest);
      return one;
    }),
    evaluated,
    about,
  };
}

interface Judged {
  readonly findings: readonly Omit<FileFinding, "introduced">[];
  readonly evaluated: number;
  /** By fingerprint, the resource that the finding is about. */
  readonly about: ReadonlyMap<string, Manifest>;
}

/** Asking again costs: more than so many are not mended by a click. */
const MOST_SUGGESTED = 20;

/** The line that mends each finding that the change introduces, where there is one. */
async function withSuggestions(
  { judge, definitions }: { readonly judge: Judge; readonly definitions: DefinitionsByPolicy },
  findings: readonly FileFinding[],
  about: ReadonlyMap<string, Manifest>,
): Promise<FileFinding[]> {
  const done: FileFinding[] = [];
  let asked = 0;
  for (const finding of findings) {
    const manifest = about.get(finding.fingerprint);
    if (!finding.introduced || finding.waiver !== undefined || !manifest || asked >= MOST_SUGGESTED) {
      done.push(finding);
      continue;
    }
    asked++;
    const { policy, expression, message, severity } = finding;
    const own = definitions.get(policy) ?? new Map<string, string>();
    const suggestion = await suggest(finding, {
      manifest,
      way: locate({ expression, definitions: own, message, object: manifest.object }),
      definitions: own,
      stillFinds: async (object) => {
        const again = await judge([{ file: "0", object: { ...object } }]);
        return again.findings.some(
          (one) => (one.policy === policy && one.expression === expression) || (one.severity === "deny" && severity !== "deny"),
        );
      },
    });
    done.push(suggestion ? { ...finding, suggestion } : finding);
  }
  return done;
}

function placed(finding: Finding, manifest: Manifest, definitions: Definitions): Omit<FileFinding, "introduced"> {
  const { policy, binding = "", params = "", expression, message, result } = finding;
  const parts = [policy, binding, params, result, expression, message, identityOf(manifest)];
  const fingerprint = createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 32);
  return {
    ...finding,
    file: manifest.file,
    ...(manifest.environment === undefined ? {} : { environment: manifest.environment }),
    fingerprint,
    ...manifest.placeOf(locate({ expression, definitions, message, object: manifest.object })),
  };
}

/** What makes it the same thing after it was changed or moved. What has no name is known by its file. */
function identityOf({ file, object, environment }: Manifest): string {
  const { name, namespace } = (object["metadata"] ?? {}) as Record<string, unknown>;
  const group = String(object["apiVersion"]).split("/").slice(0, -1).join("/");
  return JSON.stringify([
    group,
    object["kind"],
    namespace ?? "",
    typeof name === "string" ? name : { file },
    ...(environment === undefined ? [] : [environment]),
  ]);
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
