import { formatRef, type Entity } from "@roadbed/contracts/catalog";
import { examine, InvalidError, toProblem } from "@roadbed/core";
import { z } from "zod";

import type { TemplateSource } from "../deps.ts";
import type { Page } from "../render/validate-values.ts";
import type { Hidden } from "../tag/without-tags.ts";
import { promisesOf, PromisesSpec, type Promises } from "./golden-path.ts";

/** A step as the path's author wrote it, with its id and name. */
export interface Step {
  readonly id: string;
  readonly name: string;
  readonly action: string;
  readonly input: Readonly<Record<string, unknown>>;
  /** Absent: always. */
  readonly if?: string | boolean | undefined;
  /** Absent: once. */
  readonly each?: unknown;
}

/** A golden path: a v1beta3 Template, read. */
export interface Path {
  readonly ref: string;
  readonly name: string;
  readonly title: string;
  readonly description: string | undefined;
  readonly type: string;
  readonly owner: string | undefined;
  readonly tags: readonly string[];
  readonly pages: readonly FormPage[];
  readonly steps: readonly Step[];
  readonly output: Readonly<Record<string, unknown>>;
  readonly promises: Promises;
  readonly entity: Entity;
  readonly folder: string | undefined;
  readonly root: string | undefined;
  /** Tags whose parts were left out for whoever asked. */
  readonly hidden?: Hidden | undefined;
}

export interface FormPage extends Page {
  readonly description?: string;
}

/** Reads a Template entity; throws `InvalidError` that names each field that does not fit. */
export function parsePath({ entity, folder, root }: TemplateSource): Path {
  const { value, faults } = examine(Template, entity);
  if (faults !== undefined) {
    const problems = faults.map(toProblem);
    throw new InvalidError(
      `The path ${entity.metadata.name} does not parse: ${problems.map(({ at, reason }) => `${at} ${reason}`).join("; ")}`,
      { problems },
    );
  }
  const { metadata, spec } = value;
  return {
    ref: formatRef({ kind: "template", namespace: metadata.namespace ?? "default", name: metadata.name }),
    name: metadata.name,
    title: metadata.title ?? metadata.name,
    description: metadata.description,
    type: spec.type,
    owner: spec.owner,
    tags: metadata.tags ?? [],
    pages: [spec.parameters ?? []].flat().map(toPage),
    steps: withUniqueIds(metadata.name, spec.steps.map(toStep)),
    output: spec.output ?? {},
    promises: promisesOf(metadata.name, spec, metadata.annotations),
    entity,
    folder,
    root: root ?? folder,
  };
}

const StepSpec = z.looseObject({
  id: z.string().min(1).optional(),
  name: z.string().optional(),
  action: z.string().min(1),
  input: z.record(z.string(), z.unknown()).nullish(),
  if: z.union([z.string(), z.boolean()]).optional(),
  each: z.unknown().optional(),
});
const PageSpec = z.looseObject({ title: z.string().optional(), description: z.string().optional() });
const Template = z.looseObject({
  apiVersion: z.enum(["scaffolder.backstage.io/v1beta3", "roadbed.dev/v1"], {
    error: "must be scaffolder.backstage.io/v1beta3, or roadbed.dev/v1 for a GoldenPath",
  }),
  kind: z.enum(["Template", "GoldenPath"]),
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string().optional(),
    title: z.string().optional(),
    description: z.string().optional(),
    tags: z.array(z.string()).nullish(),
    annotations: z.record(z.string(), z.unknown()).optional(),
  }),
  spec: z.looseObject({
    ...PromisesSpec.shape,
    type: z.string(),
    owner: z.string().optional(),
    parameters: z.union([z.array(PageSpec), PageSpec]).nullish(),
    steps: z.array(StepSpec).min(1, "needs a step"),
    output: z.record(z.string(), z.unknown()).nullish(),
  }),
});

function toPage({ title, description, ...schema }: z.output<typeof PageSpec>, index: number): FormPage {
  return {
    title: title ?? `Page ${index + 1}`,
    ...(description === undefined ? {} : { description }),
    schema: { type: "object", ...schema },
  };
}

function toStep(step: z.output<typeof StepSpec>, index: number): Step {
  return {
    id: step.id ?? `step-${index + 1}`,
    name: step.name ?? step.action,
    action: step.action,
    input: step.input ?? {},
    ...(step.if === undefined ? {} : { if: step.if }),
    ...(step.each === undefined ? {} : { each: step.each }),
  };
}

function withUniqueIds(path: string, steps: readonly Step[]): readonly Step[] {
  const double = steps.find(({ id }, index) => steps.findIndex((other) => other.id === id) !== index);
  if (double)
    throw new InvalidError(`The path ${path} has two steps with the id ${double.id}.`, { mend: "Give each step an id of its own." });
  return steps;
}
