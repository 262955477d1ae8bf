import { InvalidError } from "@roadbed/core";
import { z } from "zod";

/** What a path says beyond a Backstage template: in `spec` of `kind: GoldenPath`, or of any Template, which ignores what it does not know. */
export interface Promises {
  /** As semver; absent: its content alone tells one state of it from another. */
  readonly version: string | undefined;
  /** Newest first. */
  readonly changelog: readonly { readonly version: string; readonly date?: string | undefined; readonly changes: readonly string[] }[];
  /** From that day on it is not supported any more. */
  readonly deprecation:
    | { readonly from: string; readonly reason?: string | undefined; readonly replacedBy?: string | undefined }
    | undefined;
  /** What it does: makes something, changes what is there, or ends it. */
  readonly operation: "create" | "day-2" | "delete";
  /** Of a path that is about something that is there: which entities it is offered on, and the answer that names the entity. */
  readonly appliesTo: {
    /** In lower case; empty: any. */
    readonly kinds: readonly string[];
    /** CEL over `entity`. */
    readonly condition: string | undefined;
    readonly parameter: string;
  };
  /** What one may count on. */
  readonly guarantees: readonly string[];
  readonly support: string | undefined;
  readonly expectedMinutes: number | undefined;
  /** Globs of the files that stay the path's; the others are only begun by it. Default: all of them. */
  readonly managed: readonly string[];
  /** Whether somebody else must approve a deviation, and how long one may hold. */
  readonly deviations: { readonly approval: boolean; readonly maxDays: number };
  /** How long what it makes is to be there; absent: until somebody removes it. */
  readonly lifetime?:
    | {
        readonly afterMs: number;
        readonly warnBeforeMs: number;
        readonly extendByMs: number;
        readonly atMostMs: number;
        /** The answer that says how long, e.g. `3d`; no longer than `atMostMs`. */
        readonly parameter: string | undefined;
        /** The path that is followed at its end, in place of taking back what the run made. */
        readonly end?: { readonly path: string; readonly values: Readonly<Record<string, unknown>> } | undefined;
      }
    | undefined;
  /** Whom a run of it waits for before its first step. Absent in runs of before. */
  readonly approvals?: readonly ApprovalRule[];
}

/** Who must approve a run of a path, and when. */
export interface ApprovalRule {
  readonly name: string;
  /** CEL over `parameters`, `actor`, `environment`, `entity` and `preview`; absent: always. */
  readonly when: string | undefined;
  /** `owner`, `on-call`, `team-lead`, `platform`, or the reference of a group or user. */
  readonly by: readonly string[];
  readonly count: number;
  readonly expiresAfterMs: number;
  readonly remindAfterMs: number;
  readonly because: string | undefined;
}

const UNITS_MS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
/** `90m`, `12h` or `3d`, as milliseconds. */
export const Duration = z
  .string()
  .regex(/^[1-9]\d{0,3}[mhd]$/, "must be a time such as 90m, 12h or 3d")
  .transform((text) => Number(text.slice(0, -1)) * UNITS_MS[text.slice(-1) as keyof typeof UNITS_MS]);

const By = z
  .string()
  .regex(
    /^(owner|on-call|team-lead|platform|(group|user):[^\s/:]+(\/[^\s/:]+)?)$/i,
    "must be owner, on-call, team-lead, platform, or a group or user such as group:default/security",
  )
  .transform((by) => by.toLowerCase());
const ApprovalSpec = z.object({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,59}$/, "must be lower-case letters, digits and dashes")
    .optional(),
  when: z.string().min(1).max(4_000).optional(),
  by: z.union([By, z.array(By).min(1).max(20)]),
  count: z.number().int().min(1).max(10).default(1),
  expiresAfter: Duration.default(7 * UNITS_MS.d),
  remindAfter: Duration.default(UNITS_MS.d),
  because: z.string().min(1).max(500).optional(),
});

const VERSION_ANNOTATION = "roadbed.dev/version";
const MANAGED_ANNOTATION = "roadbed.dev/managed";

/** Semver without the build part: https://semver.org */
const Version = z
  .string()
  .max(100)
  .regex(/^\d{1,9}\.\d{1,9}\.\d{1,9}(-[0-9A-Za-z.-]+)?$/, "must be a version such as 1.4.0");
const Day = z.union([z.iso.date(), z.date().transform((date) => date.toISOString().slice(0, 10))], {
  error: "must be a day such as 2027-01-31",
});

export const PromisesSpec = z.object({
  operation: z.enum(["create", "day-2", "delete"]).optional(),
  appliesTo: z
    .object({
      kinds: z.array(z.string().min(1).max(60)).max(50).optional(),
      condition: z.string().min(1).max(4_000).optional(),
      parameter: z.string().min(1).max(100).optional(),
    })
    .optional(),
  promises: z
    .object({
      guarantees: z.array(z.string().max(500)).max(50).optional(),
      support: z.string().max(500).optional(),
      expectedMinutes: z.number().min(0).max(100_000).optional(),
    })
    .optional(),
  version: Version.optional(),
  changelog: z
    .array(z.object({ version: Version, date: Day.optional(), changes: z.array(z.string().max(1_000)).max(100) }))
    .max(1_000)
    .optional(),
  deprecation: z.object({ from: Day, reason: z.string().max(1_000).optional(), replacedBy: z.string().max(200).optional() }).optional(),
  managed: z.array(z.string().min(1).max(300)).max(200).optional(),
  approvals: z.array(ApprovalSpec).max(20).optional(),
  lifetime: z
    .object({
      after: Duration,
      warnBefore: Duration.default(UNITS_MS.d),
      extendBy: Duration.optional(),
      atMost: Duration.optional(),
      parameter: z.string().min(1).max(100).optional(),
      end: z.strictObject({ path: z.string().min(1).max(200), values: z.record(z.string().max(100), z.unknown()).default({}) }).optional(),
    })
    .refine(({ after, atMost }) => atMost === undefined || atMost >= after, {
      error: "must be at least as long as after",
      path: ["atMost"],
    })
    .optional(),
  deviations: z.object({ approval: z.boolean().default(false), maxDays: z.number().int().min(1).max(730).default(365) }).optional(),
});

/** Reads them off a parsed spec and the template's annotations, which count where the spec says nothing. */
export function promisesOf(
  name: string,
  spec: z.output<typeof PromisesSpec>,
  annotations: Readonly<Record<string, unknown>> | undefined,
): Promises {
  const noted = annotations?.[VERSION_ANNOTATION];
  // An annotation that YAML reads as a number is told as one that is no version.
  const version = spec.version ?? (noted === undefined ? undefined : typeof noted === "string" ? noted : JSON.stringify(noted));
  if (version !== undefined && !Version.safeParse(version).success) {
    throw new InvalidError(`The path ${name} has the version "${version.slice(0, 100)}", which is no version.`, {
      mend: "Write it as 1.4.0.",
    });
  }
  const globs = annotations?.[MANAGED_ANNOTATION];
  return {
    version,
    changelog: [...(spec.changelog ?? [])].sort((a, b) => compareVersions(b.version, a.version)),
    deprecation: spec.deprecation,
    operation: spec.operation ?? "create",
    appliesTo: {
      kinds: (spec.appliesTo?.kinds ?? []).map((kind) => kind.toLowerCase()),
      condition: spec.appliesTo?.condition,
      parameter: spec.appliesTo?.parameter ?? "entity",
    },
    guarantees: spec.promises?.guarantees ?? [],
    support: spec.promises?.support,
    expectedMinutes: spec.promises?.expectedMinutes,
    deviations: spec.deviations ?? { approval: false, maxDays: 365 },
    approvals: approvalRules(name, spec.approvals ?? []),
    lifetime: spec.lifetime && {
      afterMs: spec.lifetime.after,
      warnBeforeMs: spec.lifetime.warnBefore,
      extendByMs: spec.lifetime.extendBy ?? spec.lifetime.after,
      atMostMs: spec.lifetime.atMost ?? Math.max(spec.lifetime.after, 90 * UNITS_MS.d),
      parameter: spec.lifetime.parameter,
      end: spec.lifetime.end,
    },
    managed: spec.managed ?? (typeof globs === "string" ? globs.split(/[\s,]+/).filter((glob) => glob !== "") : ["**"]),
  };
}

function approvalRules(path: string, given: readonly z.output<typeof ApprovalSpec>[]): readonly ApprovalRule[] {
  const rules = given.map(({ name, by, expiresAfter, remindAfter, when, because, count }, index) => ({
    name: name ?? `approval-${index + 1}`,
    when,
    by: [...new Set([by].flat())],
    count,
    expiresAfterMs: expiresAfter,
    remindAfterMs: remindAfter,
    because,
  }));
  const double = rules.find((rule, index) => rules.findIndex((other) => other.name === rule.name) !== index);
  if (double === undefined) return rules;
  throw new InvalidError(`The path ${path} has two approvals with the name ${double.name}.`, { mend: "Give each a name of its own." });
}

/** Below zero when `a` is older. A version without one is older than any; a pre-release is older than its release. */
export function compareVersions(a: string | undefined, b: string | undefined): number {
  if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? -1 : 1;
  const [numbersA, preA] = split(a);
  const [numbersB, preB] = split(b);
  for (const [n, number] of numbersA.entries()) if (number !== numbersB[n]) return number - (numbersB[n] ?? 0);
  if (preA === preB) return 0;
  if (preA === undefined || preB === undefined) return preA === undefined ? 1 : -1;
  return comparePreReleases(preA.split("."), preB.split("."));
}

function split(version: string): [number[], string | undefined] {
  const [numbers = "", ...pre] = version.split("-");
  return [numbers.split(".").map(Number), pre.length === 0 ? undefined : pre.join("-")];
}

function comparePreReleases(a: readonly string[], b: readonly string[]): number {
  for (let n = 0; n < Math.max(a.length, b.length); n++) {
    const [x, y] = [a[n], b[n]];
    if (x === undefined || y === undefined) return x === undefined ? -1 : 1;
    if (x === y) continue;
    const [isX, isY] = [/^\d+$/.test(x), /^\d+$/.test(y)];
    if (isX && isY) return Number(x) - Number(y);
    if (isX !== isY) return isX ? -1 : 1;
    return x < y ? -1 : 1;
  }
  return 0;
}
