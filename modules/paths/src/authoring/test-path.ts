import type { Entity } from "@roadbed/contracts/catalog";
import { DomainError, InvalidError, type Ctx } from "@roadbed/core";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";

import { rehearse, type StartDeps } from "../run/start-run.ts";
import { makeCheckValues } from "../template/check-values.ts";
import { parsePath } from "../template/template.ts";
import { listFiles } from "../workspace/workspace.ts";
import { templateOf, withDraft, type DraftFile } from "./draft.ts";
import { Given, inGivenWorld, type Neighbours } from "./given-world.ts";

/** What a test says of one file: its whole text, texts it holds or does not hold, or that it is not there. */
const FileTest = z.union([
  z.string(),
  z.strictObject({ contains: z.array(z.string()).default([]), lacks: z.array(z.string()).default([]) }),
  z.literal(false),
]);
const PathTest = z.strictObject({
  name: z.string().optional(),
  values: z.record(z.string(), z.unknown()).default({}),
  secrets: z.record(z.string(), z.string()).default({}),
  given: Given.prefault({}),
  expect: z.strictObject({
    verdict: z.enum(["allow", "warn", "deny", "unknown"]).optional(),
    /** The path of a file, to what is said of it. */
    files: z.record(z.string(), FileTest).default({}),
    /** True: these files and no others. */
    only: z.boolean().default(false),
    entities: z.array(z.string()).optional(),
    skipped: z.array(z.string()).optional(),
    /** Of steps by their ids, a part of what they would do, in words. */
    effects: z.record(z.string(), z.string()).default({}),
    /** Fields that must not be accepted, with a part of the reason. */
    problems: z.record(z.string(), z.string()).optional(),
    /** A part of the words with which it must be refused. */
    error: z.string().optional(),
  }),
});
type PathTest = z.output<typeof PathTest>;

export interface TestResult {
  readonly file: string;
  readonly name: string;
  readonly result: "passed" | "failed";
  readonly problems: string[];
  readonly durationMs: number;
}

export type TestDeps = Omit<StartDeps, "sealer" | "runtime" | "library" | "sources"> & Pick<StartDeps, "renderer"> & Neighbours;

/** Each `tests/*.yaml` of a draft: values in, what must come out. Nothing is made. */
export async function testDraft(deps: TestDeps, ctx: Ctx, files: readonly DraftFile[]): Promise<TestResult[]> {
  const entity = templateOf(files);
  const tests = files.filter(({ path }) => /^tests\/[^/]+\.ya?ml$/.test(path)).sort((a, b) => (a.path < b.path ? -1 : 1));
  return withDraft(deps.dataDir, files, async (folder) => {
    const results: TestResult[] = [];
    for (const { path: file, base64 } of tests) {
      const started = performance.now();
      const { name, problems } = await testOne(deps, ctx, { entity, folder, file, text: Buffer.from(base64, "base64").toString("utf8") });
      results.push({
        file,
        name,
        result: problems.length === 0 ? "passed" : "failed",
        problems,
        durationMs: Math.round(performance.now() - started),
      });
    }
    return results;
  });
}

interface Tried {
  readonly entity: Entity;
  readonly folder: string;
  readonly file: string;
  readonly text: string;
}

async function testOne(deps: TestDeps, ctx: Ctx, given: Tried): Promise<{ name: string; problems: string[] }> {
  const fallback = given.file.replace(/^tests\/|\.ya?ml$/g, "");
  const parsed = PathTest.safeParse(parseYaml(given.text));
  if (!parsed.success)
    return { name: fallback, problems: parsed.error.issues.map(({ path, message }) => `${given.file}: ${path.join(".")} ${message}`) };
  const test = parsed.data;
  const name = test.name ?? fallback;
  const world = inGivenWorld(deps, test.given);
  const own = { ...deps, ...world, checkValues: makeCheckValues({ ...world, renderer: deps.renderer }) };
  const path = parsePath({ entity: given.entity, folder: given.folder, root: dirname(given.folder) });
  try {
    const made = new Map<string, string>();
    const { previewed } = await rehearse(own, ctx, path, test.values, test.secrets, async (workspace) => {
      for (const file of await listFiles(workspace)) made.set(file.path, await readFile(join(workspace, file.path), "utf8"));
    });
    return { name, problems: [...refusalsMissed(test), ...compare(test.expect, previewed.preview, made)] };
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    return { name, problems: compareRefusal(test, error) };
  }
}

function parseYaml(text: string): unknown {
  try {
    return parse(text, { maxAliasCount: 100 });
  } catch (error) {
    throw new InvalidError(`A test file is not YAML: ${(error as Error).message.split("\n")[0]}`);
  }
}

function refusalsMissed({ expect }: PathTest): string[] {
  return [
    ...Object.keys(expect.problems ?? {}).map((field) => `${field} was accepted, and must not be`),
    ...(expect.error === undefined ? [] : [`it was not refused with "${expect.error}"`]),
  ];
}

function compareRefusal({ expect }: PathTest, error: DomainError): string[] {
  if (expect.error !== undefined)
    return error.message.includes(expect.error) ? [] : [`refused with "${error.message}", not with "${expect.error}"`];
  if (expect.problems === undefined) return [`refused: ${error.message}`];
  return Object.entries(expect.problems).flatMap(([field, words]) => {
    const found = error.problems.filter(({ at }) => at === field);
    if (found.some(({ reason }) => reason.includes(words))) return [];
    return [found.length === 0 ? `${field} was accepted, and must not be` : `${field}: "${found[0]?.reason}", not "${words}"`];
  });
}

interface Seen {
  readonly verdict: string;
  readonly findings: readonly { readonly message: string }[];
  readonly entities: readonly { readonly ref: string }[];
  readonly steps: readonly { readonly id: string; readonly skipped: boolean; readonly effect: string }[];
}

function compare(expect: PathTest["expect"], preview: Seen, made: ReadonlyMap<string, string>): string[] {
  const problems: string[] = [];
  if (expect.verdict !== undefined && preview.verdict !== expect.verdict)
    problems.push(
      `policies say ${preview.verdict}, not ${expect.verdict}${preview.findings.map(({ message }) => `: ${message}`).join("")}`,
    );
  for (const [path, wanted] of Object.entries(expect.files)) problems.push(...compareFile(path, wanted, made.get(path)));
  if (expect.only)
    for (const path of made.keys()) if (!Object.hasOwn(expect.files, path)) problems.push(`${path} is made, and was not expected`);
  const refs = preview.entities.map(({ ref }) => ref);
  if (expect.entities !== undefined && refs.toSorted().join() !== expect.entities.toSorted().join())
    problems.push(`describes ${refs.join(", ") || "nothing"}, not ${expect.entities.join(", ") || "nothing"}`);
  const skipped = preview.steps.filter((step) => step.skipped).map(({ id }) => id);
  if (expect.skipped !== undefined && skipped.toSorted().join() !== expect.skipped.toSorted().join())
    problems.push(`skips ${skipped.join(", ") || "no step"}, not ${expect.skipped.join(", ") || "none"}`);
  for (const [id, words] of Object.entries(expect.effects)) {
    const step = preview.steps.find((one) => one.id === id);
    if (step === undefined) problems.push(`there is no step ${id}`);
    else if (!step.effect.includes(words)) problems.push(`${id} would do "${step.effect}", not "${words}"`);
  }
  return problems;
}

function compareFile(path: string, wanted: z.output<typeof FileTest>, text: string | undefined): string[] {
  if (wanted === false) return text === undefined ? [] : [`${path} is made, and must not be`];
  if (text === undefined) return [`${path} is not made`];
  if (typeof wanted !== "string") {
    return [
      ...wanted.contains.filter((part) => !text.includes(part)).map((part) => `${path} does not hold "${part}"`),
      ...wanted.lacks.filter((part) => text.includes(part)).map((part) => `${path} holds "${part}"`),
    ];
  }
  if (text === wanted) return [];
  const [a, b] = [text.split("\n"), wanted.split("\n")];
  const line = a.findIndex((one, index) => one !== b[index]);
  const at = line < 0 ? a.length : line;
  return [`${path}, line ${at + 1}: is "${a[at] ?? ""}", not "${b[at] ?? ""}"`];
}
