import { z } from "zod";

import { Command, RESERVED } from "../workload/manifest.ts";
import { readYaml } from "../workload/read-yaml.ts";

export const PIPELINE_FILE = ".roadbed/pipeline.yaml";

const Name = z.string().regex(/^[a-z0-9][a-z0-9-]{0,49}$/, "must be small letters, digits and -");
const Variable = z
  .string()
  .regex(/^[A-Z_][A-Z0-9_]*$/, "must be in capitals, digits and _")
  .refine((name) => !RESERVED.test(name), "is set by the platform");
const Env = z.record(Variable, z.union([z.string().max(8_000), z.number(), z.boolean()]).transform(String)).default({});

/** A path or glob inside the work tree: what leads out of it is refused here, what gets out by a link when it is read. */
const Inside = z
  .string()
  .regex(/^[^/\\\0][^\\\0]{0,299}$/, "must be a path inside the repository")
  .refine((path) => !path.split("/").includes(".."), "must not lead out of the repository");
/** The same, or below the home of the run: `~/.npm`. */
const Kept = z
  .union([Inside, z.string().regex(/^~\/[^\\\0]{1,299}$/)])
  .refine((path) => !path.split("/").includes(".."), "must not lead out");

const Step = z
  .strictObject({
    name: Name,
    run: z.array(Command).min(1).max(50).optional(),
    script: z.string().min(1).max(16_000).optional(),
    needs: z.array(Name).max(50).default([]),
    timeoutSeconds: z.number().int().min(1).max(7_200).default(600),
    env: Env,
    secrets: z.array(Variable).max(50).default([]),
    cache: z.strictObject({ paths: z.array(Kept).min(1).max(20), key: z.array(Inside).max(20).default([]) }).optional(),
    artefacts: z.array(Inside).max(20).default([]),
    tests: z.array(Inside).max(20).default([]),
  })
  .refine(({ run, script }) => (run === undefined) !== (script === undefined), "needs either run, a list of commands, or script");

const Pipeline = z.strictObject({ env: Env, steps: z.array(Step).min(1, "must have a step").max(50) }).superRefine(({ steps }, check) => {
  const names = steps.map(({ name }) => name);
  for (const [n, { name, needs }] of steps.entries()) {
    const fault = (path: (string | number)[], message: string): void =>
      check.addIssue({ code: "custom", path: ["steps", n, ...path], message });
    if (names.indexOf(name) !== n) fault(["name"], `there are two steps called ${name}`);
    for (const [i, need] of needs.entries()) if (!names.includes(need)) fault(["needs", i], `there is no step ${need}`);
  }
  const circle = circleOf(steps);
  if (circle !== undefined)
    check.addIssue({ code: "custom", path: ["steps"], message: `steps wait for each other: ${circle.join(" → ")}` });
});

/** How a repository is built and tested: the content of its `.roadbed/pipeline.yaml`. */
export type Pipeline = z.infer<typeof Pipeline>;
export type StepText = Pipeline["steps"][number];

/** Throws `InvalidError`; each problem says on which line. */
export function parsePipeline(text: string): Pipeline {
  return readYaml(Pipeline, PIPELINE_FILE, text);
}

/** What a step runs, as lists for the system. A script is read by the system's shell, which stops at the first failure. */
export function commandsOf({ run, script }: Pick<StepText, "run" | "script">): string[][] {
  return run ?? [["sh", "-eu", "-c", script ?? ""]];
}

/** The same as people would type it. */
export function shownCommands({ run, script }: Pick<StepText, "run" | "script">): string[] {
  if (run === undefined) return (script ?? "").trimEnd().split("\n");
  return run.map((command) =>
    command.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)).join(" "),
  );
}

/** The way from a step back to itself. */
export function circleOf(steps: readonly { readonly name: string; readonly needs: readonly string[] }[]): string[] | undefined {
  const needs = new Map(steps.map((step) => [step.name, step.needs]));
  const done = new Set<string>();
  const walk = (name: string, way: readonly string[]): string[] | undefined => {
    const at = way.indexOf(name);
    if (at >= 0) return [...way.slice(at), name];
    if (done.has(name)) return undefined;
    for (const next of needs.get(name) ?? []) {
      const found = walk(next, [...way, name]);
      if (found !== undefined) return found;
    }
    done.add(name);
    return undefined;
  };
  for (const { name } of steps) {
    const found = walk(name, []);
    if (found !== undefined) return found;
  }
  return undefined;
}
