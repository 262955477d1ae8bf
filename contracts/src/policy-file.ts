import { z } from "zod";

const names = z.array(z.string().max(253)).min(1);

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

const Validation = z.strictObject({
  expression: z.string(),
  message: z.string().max(5_000).optional(),
  messageExpression: z.string().optional(),
  reason: z.enum(["Unauthorized", "Forbidden", "Invalid", "RequestEntityTooLarge"]).optional(),
});

const ANNOTATION = "roadbed.dev/";

const annotations = z
  .record(z.string(), z.string())
  .refine((all) => text(all, "title") !== "", { message: `needs the annotation ${ANNOTATION}title` })
  .refine((all) => text(all, "why") !== "", { message: `needs the annotation ${ANNOTATION}why: why the rule exists` })
  .refine((all) => text(all, "mend") !== "", { message: `needs the annotation ${ANNOTATION}mend: what mends a violation` })
  .refine((all) => /^\d+\.\d+\.\d+$/.test(text(all, "version")), { message: `needs the annotation ${ANNOTATION}version, e.g. "1.0.0"` })
  .refine((all) => ["", "deny", "warn"].includes(text(all, "severity")), { message: `${ANNOTATION}severity is deny or warn` })
  .refine((all) => momentsOf(all).every((moment) => moment === "provision" || moment === "audit"), {
    message: `${ANNOTATION}moments is a list of provision and audit, separated by commas`,
  });

/** A policy as it stands in a file: Kubernetes' ValidatingAdmissionPolicy, less what has no meaning before there is a cluster. */
export const PolicyFile = z.strictObject({
  apiVersion: z.literal("admissionregistration.k8s.io/v1"),
  kind: z.literal("ValidatingAdmissionPolicy"),
  metadata: z.strictObject({
    name: z.string().regex(/^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$/, "must be at most 63 small letters, digits, - and ."),
    labels: z.record(z.string(), z.string()).optional(),
    annotations,
  }),
  spec: z.strictObject({
    failurePolicy: z.enum(["Fail", "Ignore"]).default("Fail"),
    matchConstraints: z.strictObject({
      resourceRules: z.array(ResourceRule).min(1),
      excludeResourceRules: z.array(ResourceRule).default([]),
      objectSelector: LabelSelector.optional(),
      matchPolicy: z.enum(["Exact", "Equivalent"]).optional(),
    }),
    matchConditions: z
      .array(z.strictObject({ name: z.string(), expression: z.string() }))
      .max(64)
      .default([]),
    variables: z.array(z.strictObject({ name: identifier, expression: z.string() })).default([]),
    validations: z.array(Validation).min(1),
  }),
});
export type PolicyFile = z.infer<typeof PolicyFile>;

export type Annotations = Readonly<Record<string, string>>;

/** The text of one of our annotations; "" where there is none. */
export function text(all: Annotations, name: string): string {
  return (all[ANNOTATION + name] ?? "").trim();
}

/** When the policy is asked; default at both moments. */
export function momentsOf(all: Annotations): string[] {
  const listed = text(all, "moments");
  return listed === "" ? ["provision", "audit"] : listed.split(",").map((moment) => moment.trim());
}

/** What mends a violation of the validation at this position (from 0): `mend.1` for the first, else `mend`. */
export function mendOf(all: Annotations, position: number): string {
  return text(all, `mend.${position + 1}`) || text(all, "mend");
}
