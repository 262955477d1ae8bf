import { z } from "zod";

const names = z.array(z.string().max(253)).min(1);

/** The points at which a policy can hold, in the order in which a change passes them. */
export const MOMENTS = ["provision", "pull-request", "promotion", "audit", "scorecard"] as const;
export const ACTIONS = ["deny", "warn", "audit"] as const;
type Action = (typeof ACTIONS)[number];
type Moment = (typeof MOMENTS)[number];

const ResourceRule = z.strictObject({
  apiGroups: names,
  apiVersions: names,
  operations: z.array(z.enum(["CREATE", "UPDATE", "DELETE", "CONNECT", "*"])).min(1),
  resources: names,
  resourceNames: z.array(z.string()).optional(),
  scope: z.enum(["Cluster", "Namespaced", "*"]).optional(),
});
export type ResourceRule = z.infer<typeof ResourceRule>;

const LabelSelector = z.strictObject({
  matchLabels: z.record(z.string(), z.string()).optional(),
  matchExpressions: z
    .array(
      z.strictObject({
        key: z.string(),
        operator: z.enum(["In", "NotIn", "Exists", "DoesNotExist"]),
        values: z.array(z.string()).optional(),
      }),
    )
    .optional(),
});
export type LabelSelector = z.infer<typeof LabelSelector>;

const identifier = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "must be a name: letters, digits and _, not beginning with a digit");

const Match = z.strictObject({
  resourceRules: z.array(ResourceRule).min(1),
  excludeResourceRules: z.array(ResourceRule).default([]),
  namespaceSelector: LabelSelector.optional(),
  objectSelector: LabelSelector.optional(),
  matchPolicy: z.enum(["Exact", "Equivalent"]).optional(),
});
export type Match = z.infer<typeof Match>;

const Validation = z.strictObject({
  expression: z.string(),
  message: z
    .string()
    .max(5_000)
    .refine((message) => !message.trim().includes("\n"), { message: "must be one line" })
    .optional(),
  messageExpression: z.string().optional(),
  reason: z.enum(["Unauthorized", "Forbidden", "Invalid", "RequestEntityTooLarge"]).optional(),
});

const AuditAnnotation = z.strictObject({
  key: z
    .string()
    .max(63)
    .regex(/^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/, "must be letters, digits, -, _ and ., at most 63"),
  valueExpression: z.string().max(5_000),
});

const ANNOTATION = "roadbed.dev/";
const MOMENTS_HELP = `${ANNOTATION}moments is a list of ${MOMENTS.join(", ")}, separated by commas, each alone or with what it does: audit=warn`;

const annotations = z
  .record(z.string(), z.string())
  .refine((all) => text(all, "title") !== "", { message: `needs the annotation ${ANNOTATION}title` })
  .refine((all) => text(all, "why") !== "", { message: `needs the annotation ${ANNOTATION}why: why the rule exists` })
  .refine((all) => text(all, "mend") !== "", { message: `needs the annotation ${ANNOTATION}mend: what mends a violation` })
  .refine((all) => /^\d+\.\d+\.\d+$/.test(text(all, "version")), { message: `needs the annotation ${ANNOTATION}version, e.g. "1.0.0"` })
  .refine((all) => ["", ...ACTIONS].includes(text(all, "severity")), { message: `${ANNOTATION}severity is deny, warn or audit` })
  .refine((all) => pointsOf(all) !== undefined, { message: MOMENTS_HELP });

const name = z.string().regex(/^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$/, "must be at most 63 small letters, digits, - and .");

/** A policy as it stands in a file: Kubernetes' ValidatingAdmissionPolicy with annotations of ours. */
export const PolicyFile = z.strictObject({
  apiVersion: z.literal("admissionregistration.k8s.io/v1"),
  kind: z.literal("ValidatingAdmissionPolicy"),
  metadata: z.strictObject({ name, labels: z.record(z.string(), z.string()).optional(), annotations }),
  spec: z
    .strictObject({
      failurePolicy: z.enum(["Fail", "Ignore"]).default("Fail"),
      paramKind: z.strictObject({ apiVersion: z.string().min(1), kind: z.string().min(1) }).optional(),
      matchConstraints: Match,
      matchConditions: z
        .array(z.strictObject({ name: z.string(), expression: z.string() }))
        .max(64)
        .default([]),
      variables: z.array(z.strictObject({ name: identifier, expression: z.string() })).default([]),
      validations: z.array(Validation).default([]),
      auditAnnotations: z.array(AuditAnnotation).max(20).default([]),
    })
    .refine(({ validations, auditAnnotations }) => validations.length + auditAnnotations.length > 0, {
      path: ["validations"],
      message: "needs at least one validation or audit annotation",
    }),
});
export type PolicyFile = z.infer<typeof PolicyFile>;

/** A policy that was compiled by the Open Policy Agent, as a file names it. */
export const OpaPolicyFile = z.strictObject({
  apiVersion: z.literal("roadbed.dev/v1"),
  kind: z.literal("OpaPolicy"),
  metadata: z.strictObject({ name, labels: z.record(z.string(), z.string()).optional(), annotations }),
  spec: z.strictObject({
    /** A bundle (`bundle.tar.gz`) or a module (`policy.wasm`) beside the file. */
    module: z.string().regex(/^[\w-][\w.-]*(?:\/[\w-][\w.-]*)*$/, "must be a file in the folder of this one"),
    entrypoint: z.string().regex(/^[\w-]+(?:\/[\w-]+)*$/, "must be a package and a rule, e.g. kubernetes/deny"),
    /** What it is asked with: the object alone, or as an API server would ask. */
    input: z.enum(["object", "review"]).default("object"),
    /** Read as `data`, over what the bundle brings. */
    data: z.record(z.string(), z.unknown()).default({}),
    failurePolicy: z.enum(["Fail", "Ignore"]).default("Fail"),
    matchConstraints: Match,
  }),
});
export type OpaPolicyFile = z.infer<typeof OpaPolicyFile>;

/** A binding as it stands in a file: where a policy holds, with which parameters, and what a no does. */
export const BindingFile = z.strictObject({
  apiVersion: z.literal("admissionregistration.k8s.io/v1"),
  kind: z.literal("ValidatingAdmissionPolicyBinding"),
  metadata: z.strictObject({
    name,
    labels: z.record(z.string(), z.string()).optional(),
    annotations: z
      .record(z.string(), z.string())
      .default({})
      .refine((all) => listMoments(text(all, "moments")).every(({ moment, action }) => isMoment(moment) && action === undefined), {
        message: `${ANNOTATION}moments is a list of ${MOMENTS.join(", ")}, separated by commas; what a no does is said by validationActions`,
      }),
  }),
  spec: z.strictObject({
    policyName: z.string().min(1),
    paramRef: z
      .strictObject({
        name: z.string().min(1).optional(),
        selector: LabelSelector.optional(),
        namespace: z.string().optional(),
        parameterNotFoundAction: z.enum(["Allow", "Deny"]),
      })
      .refine((ref) => (ref.name === undefined) !== (ref.selector === undefined), { message: "needs either a name or a selector" })
      .optional(),
    matchResources: Match.partial({ resourceRules: true }).optional(),
    validationActions: z
      .array(z.enum(["Deny", "Warn", "Audit"]))
      .min(1)
      .refine((all) => new Set(all).size === all.length, { message: "names an action twice" })
      .refine((all) => !(all.includes("Deny") && all.includes("Warn")), {
        message: "must not hold Deny and Warn together: what is denied needs no warning",
      }),
  }),
});
export type BindingFile = z.infer<typeof BindingFile>;

/** Both as JSON Schema, for whoever shows what may stand in a file. */
export function fileSchemas(): { readonly policy: Readonly<Record<string, unknown>>; readonly binding: Readonly<Record<string, unknown>> } {
  const [policy, binding] = [PolicyFile, BindingFile].map((one) =>
    z.toJSONSchema(one, { io: "input", unrepresentable: "any", reused: "inline" }),
  );
  return { policy: policy ?? {}, binding: binding ?? {} };
}

export type Annotations = Readonly<Record<string, string>>;

/** The text of one of our annotations; "" where there is none. */
export function text(all: Annotations, name: string): string {
  return (all[ANNOTATION + name] ?? "").trim();
}

/** The points at which a policy holds when it says nothing: wherever something changes, and on what stands already. */
const DEFAULT_MOMENTS: readonly Moment[] = ["provision", "pull-request", "promotion", "audit"];

/** When the policy is asked, and what a no does there; undefined where the annotation cannot be read. */
export function pointsOf(all: Annotations): { readonly moment: Moment; readonly action: Action }[] | undefined {
  const severity = text(all, "severity");
  const usual = isAction(severity) ? severity : "deny";
  const listed = listMoments(text(all, "moments"));
  if (listed.length === 0) return DEFAULT_MOMENTS.map((moment) => ({ moment, action: usual }));
  const points = listed.flatMap(({ moment, action = usual }) => (isMoment(moment) && isAction(action) ? [{ moment, action }] : []));
  return points.length === listed.length ? points : undefined;
}

/** The points at which a binding holds; every one where it says nothing. */
export function bindingMoments(all: Annotations): Moment[] {
  const listed = listMoments(text(all, "moments")).map(({ moment }) => moment);
  return listed.length === 0 ? [...MOMENTS] : listed.filter(isMoment);
}

/** What mends a violation of the validation at this position (from 0): `mend.1` for the first, else `mend`. */
export function mendOf(all: Annotations, position: number): string {
  return text(all, `mend.${position + 1}`) || text(all, "mend");
}

/** Where one can read on: addresses and names of controls, one per line or separated by commas. */
export function referencesOf(all: Annotations): string[] {
  return text(all, "references")
    .split(/[,\n]/)
    .map((one) => one.trim())
    .filter((one) => one !== "");
}

function listMoments(listed: string): { moment: string; action?: string }[] {
  if (listed === "") return [];
  return listed.split(",").map((entry) => {
    const [moment = "", action] = entry.split("=").map((part) => part.trim());
    return action === undefined ? { moment } : { moment, action };
  });
}

function isMoment(word: string): word is Moment {
  return (MOMENTS as readonly string[]).includes(word);
}

function isAction(word: string): word is Action {
  return (ACTIONS as readonly string[]).includes(word);
}
