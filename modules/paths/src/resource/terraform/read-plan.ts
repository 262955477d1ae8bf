import type { ResourceChange, ResourceDrift } from "@roadbed/contracts/paths/resources";
import { InvalidError } from "@roadbed/core";
import { z } from "zod";

const Change = z.looseObject({
  actions: z.array(z.string()),
  before: z.unknown().optional(),
  after: z.unknown().optional(),
  after_unknown: z.unknown().optional(),
  before_sensitive: z.unknown().optional(),
  after_sensitive: z.unknown().optional(),
});
const Entry = z.looseObject({
  address: z.string(),
  mode: z.string().default("managed"),
  type: z.string(),
  name: z.string(),
  change: Change,
});

/** A plan as `show -json` writes it, as far as it is read here. */
const PlanJson = z.looseObject({
  format_version: z.string(),
  errored: z.boolean().optional(),
  resource_changes: z.array(Entry).default([]),
  resource_drift: z.array(Entry).default([]),
  output_changes: z.record(z.string(), Change).default({}),
});
export type PlanJson = z.output<typeof PlanJson>;

/** Throws `InvalidError` for what is no plan. */
export function parsePlan(text: string): PlanJson {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new InvalidError("What Terraform showed of its plan is not JSON.");
  }
  const parsed = PlanJson.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new InvalidError(`What Terraform showed is no plan: ${parsed.error.issues[0]?.path.join(".")} ${parsed.error.issues[0]?.message}`);
}

/** What it would do, thing by thing. */
export function changesOf({ resource_changes: changes }: PlanJson): ResourceChange[] {
  return changes
    .filter(({ mode, change }) => mode === "managed" && actionOf(change.actions) !== "none")
    .map(({ address, type, change }) => ({
      action: actionOf(change.actions),
      kind: type,
      name: address,
      summary: change.actions.join(", "),
    }));
}

/** Ways to values that only an apply tells, e.g. `terraform_data.id.output`: neither known to fit a rule nor not to. */
export function unknownOf({ resource_changes: changes }: PlanJson): string[] {
  return changes.flatMap(({ address, mode, change }) => (mode === "managed" ? waysOf(change.after_unknown, address) : []));
}

/** What stands otherwise outside than the state says. Values that are sensitive are said to differ, and not what they are. */
export function driftOf({ resource_drift: drift, output_changes: outputs }: PlanJson): ResourceDrift[] {
  // What consumers were given would be otherwise today, e.g. by a data source.
  const given = Object.entries(outputs).flatMap(([name, change]) => {
    if (JSON.stringify(change.before) === JSON.stringify(change.after)) return [];
    const hidden = isMarked(change.before_sensitive, true) || isMarked(change.after_sensitive, true);
    return [
      {
        what: `output ${name}`,
        wanted: hidden ? "(sensitive)" : short(change.before),
        found: hidden ? "(sensitive)" : short(change.after),
      },
    ];
  });
  const things = drift.flatMap(({ address, change }) => {
    if (change.actions.includes("delete")) return [{ what: address, wanted: "it is there", found: "it is gone" }];
    const names = new Set([...keysOf(change.before), ...keysOf(change.after)]);
    return [...names].flatMap((name) => {
      const [was, is] = [at(change.before, name), at(change.after, name)];
      if (JSON.stringify(was) === JSON.stringify(is)) return [];
      const hidden =
        isMarked(at(change.before_sensitive, name)) || isMarked(at(change.after_sensitive, name)) || isMarked(change.after_sensitive, true);
      return [{ what: `${address}.${name}`, wanted: hidden ? "(sensitive)" : short(was), found: hidden ? "(sensitive)" : short(is) }];
    });
  });
  return [...things, ...given];
}

/** Outputs by sensitivity, as `output -json` writes them. */
export function readOutputs(text: string): { readonly open: Record<string, unknown>; readonly secret: Record<string, string> } {
  const parsed = z.record(z.string(), z.looseObject({ sensitive: z.boolean().default(false), value: z.unknown() })).parse(JSON.parse(text));
  const open: Record<string, unknown> = {};
  const secret: Record<string, string> = {};
  for (const [name, { sensitive, value }] of Object.entries(parsed)) {
    if (sensitive) secret[name] = typeof value === "string" ? value : JSON.stringify(value);
    else open[name] = value;
  }
  return { open, secret };
}

/** What must not stand in any log: every sensitive text of a plan. */
export function sensitiveTexts({ resource_changes: changes, resource_drift: drift, output_changes: outputs }: PlanJson): string[] {
  const texts = new Set<string>();
  for (const { change } of [...changes, ...drift, ...Object.values(outputs).map((change) => ({ change }))]) {
    collect(change.before, change.before_sensitive, texts);
    collect(change.after, change.after_sensitive, texts);
  }
  return [...texts].filter((text) => text.length >= 4);
}

function actionOf(actions: readonly string[]): ResourceChange["action"] {
  const [creates, deletes] = [actions.includes("create"), actions.includes("delete")];
  if (creates && deletes) return "replace";
  if (creates) return "create";
  if (deletes) return "delete";
  return actions.includes("update") ? "update" : "none";
}

function waysOf(mirror: unknown, way: string): string[] {
  if (mirror === true) return [way];
  if (typeof mirror !== "object" || mirror === null) return [];
  return Object.entries(mirror).flatMap(([key, inner]) => waysOf(inner, Array.isArray(mirror) ? `${way}[${key}]` : `${way}.${key}`));
}

function collect(value: unknown, mirror: unknown, into: Set<string>): void {
  if (mirror === true) return collectAll(value, into);
  if (typeof mirror !== "object" || mirror === null || typeof value !== "object" || value === null) return;
  for (const [key, inner] of Object.entries(mirror)) collect((value as Record<string, unknown>)[key], inner, into);
}

function collectAll(value: unknown, into: Set<string>): void {
  if (typeof value === "string") into.add(value);
  else if (typeof value === "object" && value !== null) for (const inner of Object.values(value)) collectAll(inner, into);
}

function isMarked(mirror: unknown, whole = false): boolean {
  if (mirror === true) return true;
  return !whole && typeof mirror === "object" && mirror !== null && Object.values(mirror).some((inner) => isMarked(inner));
}

function keysOf(value: unknown): string[] {
  return typeof value === "object" && value !== null ? Object.keys(value) : [];
}

function at(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}

function short(value: unknown): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "nothing");
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
