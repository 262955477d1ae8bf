import type { Way } from "@roadbed/cel";
import { TERRAFORM_VERSION } from "@roadbed/contracts/standards/plans";
import type { Resource } from "@roadbed/contracts/standards";
import { InvalidError, z } from "@roadbed/core";

const Values = z.record(z.string(), z.unknown()).nullable().optional();

const ResourceChange = z.object({
  address: z.string().max(2_000),
  module_address: z.string().optional(),
  mode: z.string().default("managed"),
  type: z.string().max(200),
  name: z.string(),
  provider_name: z.string().optional(),
  change: z.object({
    actions: z.array(z.string()),
    before: Values,
    after: Values,
    after_unknown: z.unknown().optional(),
    before_sensitive: z.unknown().optional(),
    after_sensitive: z.unknown().optional(),
  }),
});

const Plan = z.object({
  format_version: z.string(),
  errored: z.boolean().optional(),
  resource_changes: z.array(ResourceChange).max(20_000).default([]),
});

/**
 * What a Terraform plan (`terraform show -json`, also OpenTofu's) would change, as policies see it: the planned values as `object.values`,
 * what stands now as `oldObject.values`, what is known only after apply as unknown. A replacement is a DELETE and a CREATE.
 * Throws `InvalidError` for what is no such plan.
 */
export function readPlan(given: unknown): Resource[] {
  const json = typeof given === "string" ? parse(given) : given;
  const read = Plan.safeParse(json);
  if (!read.success) throw notAPlan(read.error.issues[0]);
  const { format_version: version, errored, resource_changes: changes } = read.data;
  if (!version.startsWith("1.") && !version.startsWith("0.")) {
    throw new InvalidError(`The plan has format_version ${version}, of which nothing is known here.`, {
      mend: "Plans of format 1 are read: those of Terraform 1 and OpenTofu 1.",
    });
  }
  if (errored === true) {
    throw new InvalidError("The plan ended with an error, so it does not say all that would change.", {
      mend: "Mend what `terraform plan` says, and plan again.",
    });
  }
  return changes.flatMap(toResources);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new InvalidError("The plan is not JSON.", {
      mend: "Make it by `terraform plan -out plan.bin` and `terraform show -json plan.bin > plan.json`.",
    });
  }
}

function notAPlan(issue: { readonly path: readonly PropertyKey[]; readonly message: string } | undefined): InvalidError {
  const at = issue?.path.map(String).join(".") || "the plan";
  return new InvalidError(`This is not a plan as \`terraform show -json\` gives it: ${at}: ${issue?.message ?? "cannot be read"}.`, {
    mend: "Make it by `terraform plan -out plan.bin` and `terraform show -json plan.bin > plan.json`.",
  });
}

type Change = z.infer<typeof ResourceChange>;

function toResources(one: Change): Resource[] {
  const { actions, before, after, after_unknown: unknown, before_sensitive: secretBefore, after_sensitive: secretAfter } = one.change;
  if (one.mode !== "managed") return [];
  const [creates, updates, deletes] = ["create", "update", "delete"].map((action) => actions.includes(action));
  const old = toObject(one, before ?? {});
  const created: Resource = {
    object: toObject(one, after ?? {}),
    ...veiled(waysOf(unknown, VALUES), waysOf(secretAfter, VALUES)),
  };
  const removed: Resource = { object: old, operation: "DELETE", ...veiled([], waysOf(secretBefore, VALUES)) };
  if (updates) {
    const secret = [...waysOf(secretAfter, VALUES), ...waysOf(secretBefore, ["oldObject", "values"])];
    return [{ ...created, oldObject: old, operation: "UPDATE", ...veiled(created.unknown ?? [], secret) }];
  }
  return [...(deletes ? [removed] : []), ...(creates ? [{ ...created, operation: "CREATE" as const }] : [])];
}

const VALUES: Way = ["object", "values"];

function toObject(one: Change, values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return {
    apiVersion: TERRAFORM_VERSION,
    kind: one.type,
    metadata: { name: one.address },
    address: one.address,
    module: one.module_address ?? "",
    provider: one.provider_name ?? "",
    actions: one.change.actions,
    values,
  };
}

function veiled(unknown: readonly Way[], sensitive: readonly Way[]): Pick<Resource, "unknown" | "sensitive"> {
  return {
    ...(unknown.length === 0 ? {} : { unknown: unknown.map((way) => [...way]) }),
    ...(sensitive.length === 0 ? {} : { sensitive: sensitive.map((way) => [...way]) }),
  };
}

/** Every `true` in Terraform's mirror of a value, as the way to it. */
function waysOf(mirror: unknown, to: Way): Way[] {
  if (mirror === true) return [to];
  if (typeof mirror !== "object" || mirror === null || to.length > MOST_DEEP) return [];
  const parts: (readonly [string | number, unknown])[] = Array.isArray(mirror)
    ? mirror.map((inner, i) => [i, inner] as const)
    : Object.entries(mirror);
  return parts.flatMap(([key, inner]) => waysOf(inner, [...to, key]));
}

const MOST_DEEP = 100;
