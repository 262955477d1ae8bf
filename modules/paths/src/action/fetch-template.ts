import { InvalidError } from "@roadbed/core";
import { stat } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { z } from "zod";

import type { Dialect } from "../render/engine.ts";
import { matchesAny } from "../workspace/glob.ts";
import { inTurns } from "../workspace/in-turns.ts";
import { createPlacer } from "../workspace/placer.ts";
import { placeFile, readText, resolveInside, type Content } from "../workspace/workspace.ts";
import { defineAction, type Action, type ActionContext, type Output } from "./action.ts";
import { withSource, type SourceReader } from "./outside/remote-source.ts";
import { listSkeleton, type SkeletonFile } from "./skeleton.ts";

const Common = {
  url: z.string().min(1),
  targetPath: z.string().default("."),
  values: z.record(z.string(), z.unknown()).default({}),
  cookiecutterCompat: z.boolean().default(false),
  replace: z.boolean().default(false),
  trimBlocks: z.boolean().default(false),
  lstripBlocks: z.boolean().default(false),
  token: z.string().optional(),
};
const TreeInput = z.object({
  ...Common,
  copyWithoutTemplating: z.array(z.string()).optional(),
  copyWithoutRender: z.array(z.string()).optional(),
  templateFileExtension: z.union([z.boolean(), z.string()]).default(false),
});
const FileInput = z.object({ ...Common, targetPath: z.string() });
type TreeInput = z.output<typeof TreeInput>;

/** A whole skeleton, names and contents rendered. */
export const makeFetchTemplate = (outside: SourceReader | undefined): Action =>
  defineAction({
    id: "fetch:template",
    description: "Copies a folder of the path, or of a repository elsewhere, into the workspace and fills in names and contents.",
    examples: [
      { description: "The skeleton beside the template", input: { url: "./skeleton", values: { name: "${{ parameters.name }}" } } },
    ],
    input: TreeInput,
    reach: "local",
    describe: async (_c, { url, targetPath }) => ({ words: `Fills in the skeleton ${url}${where(targetPath)}.` }),
    run: (c, input) => withSource(c, outside, input, "folder", (source) => fillIn(c, source, input)),
  });

/** A skeleton as Cookiecutter has it: `{{ cookiecutter.name }}`, with the defaults of its `cookiecutter.json`. */
export const makeFetchCookiecutter = (outside: SourceReader | undefined): Action =>
  defineAction({
    id: "fetch:cookiecutter",
    description: "Copies a Cookiecutter skeleton into the workspace and fills in names and contents, without Python.",
    input: z.object({
      url: z.string().min(1),
      targetPath: z.string().default("."),
      values: z.record(z.string(), z.unknown()).default({}),
      copyWithoutRender: z.array(z.string()).optional(),
      extensions: z.array(z.string()).default([]),
      imageName: z.string().optional(),
      token: z.string().optional(),
    }),
    examples: [{ description: "A skeleton beside the template", input: { url: "./skeleton", values: { name: "orders" } } }],
    reach: "local",
    async describe(_c, { url, targetPath, extensions }) {
      const problems = extensions.map((name) => ({
        about: name,
        reason: `the extension ${name} is one of Python and cannot be used here`,
        mend: "Leave extensions out, and write the values with filters.",
      }));
      return { words: `Fills in the skeleton ${url}${where(targetPath)}.`, problems };
    },
    run: (c, input) =>
      withSource(c, outside, input, "folder", async (source) => {
        const defaults = await readDefaults(join(source, "cookiecutter.json"));
        const { url, targetPath, copyWithoutRender } = input;
        const values = { ...defaults, ...input.values };
        return fillIn(c, source, TreeInput.parse({ url, targetPath, values, copyWithoutRender, cookiecutterCompat: true }), [
          "cookiecutter.json",
        ]);
      }),
  });

/** Of a list of choices the first, as Cookiecutter takes it. */
async function readDefaults(file: string): Promise<Record<string, unknown>> {
  const text = await readText(file).catch(() => undefined);
  if (text === undefined) return {};
  const values = z.record(z.string(), z.unknown()).safeParse(JSON.parse(text));
  const entries = Object.entries(values.data ?? {}).filter(([key]) => !key.startsWith("_"));
  return Object.fromEntries(entries.map(([key, value]) => [key, Array.isArray(value) ? (value[0] as unknown) : value]));
}

async function fillIn(c: ActionContext, source: string, input: TreeInput, without: readonly string[] = []): Promise<Output> {
  const files = (await listSkeleton(source, (message) => c.log("warn", message))).filter(({ path }) => !without.includes(path));
  const target = await resolveInside(c.workspace, input.targetPath, "targetPath");
  const place = createPlacer(c.workspace, target);
  let written = 0;
  for (let from = 0; from < files.length; from += AT_ONCE) {
    const part = await renderPart(c, files.slice(from, from + AT_ONCE), input);
    const put = ({ path, mode, content }: Drawn): Promise<boolean> => place(path, content, { mode, replace: input.replace });
    // Files that come to have one name, or one in the place of another's folder, come one after the other.
    const done = clash(part) ? await oneByOne(part, put) : await inTurns(part, put);
    written += done.filter(Boolean).length;
  }
  await c.log("info", `${written} of ${files.length} files of ${input.url} written${where(input.targetPath)}.`);
  return {};
}

/** One file, its contents rendered. */
export const makeFetchTemplateFile = (outside: SourceReader | undefined): Action =>
  defineAction({
    id: "fetch:template:file",
    description: "Copies one file of the path, or of a repository elsewhere, into the workspace and fills in its contents.",
    examples: [{ description: "One file", input: { url: "./README.md.njk", targetPath: "README.md", values: { name: "orders" } } }],
    input: FileInput,
    reach: "local",
    describe: async (_c, { url, targetPath }) => ({ words: `Fills in the file ${url} as ${targetPath}.` }),
    run: (c, input) =>
      withSource(c, outside, input, "file", async (source) => {
        const target = await resolveInside(c.workspace, input.targetPath, "targetPath");
        const text = await readText(source);
        if (text === undefined)
          throw new InvalidError(`${input.url} is not a text.`, { mend: "Use fetch:plain:file for files that are not texts." });
        const data = await c.renderer.renderText(input.url, text, contextOf(input), dialectOf(input));
        await placeFile(target, { data }, { mode: (await stat(source)).mode, replace: input.replace });
        return {};
      }),
  });

/** How many files are rendered by one question. */
const AT_ONCE = 100;

interface Drawn {
  readonly path: string;
  readonly mode: number;
  readonly content: Content;
}

/** Some files with their names and contents rendered; without those that are left out, because their name is empty in part. */
async function renderPart(c: ActionContext, files: readonly SkeletonFile[], input: TreeInput): Promise<Drawn[]> {
  const context = contextOf(input);
  const planned = files.map((file) => ({ file, plan: planFile(file.path, input) }));
  const named = planned.filter(({ plan }) => plan.renderName);
  const names = await c.renderer.renderTexts(
    named.map(({ file, plan }) => ({ name: `The file name ${file.path}`, text: plan.path })),
    context,
    dialectOf(input),
  );
  const nameOf = new Map(named.map(({ file }, index) => [file, names[index] ?? ""]));
  const kept = planned.flatMap(({ file, plan }) => {
    const path = nameOf.get(file) ?? plan.path;
    return path === "" || isAbsolute(path) || path.split("/").includes("") ? [] : [{ file, path, renders: plan.renderContent }];
  });
  const read = await inTurns(kept, async ({ file, renders }) => (renders ? readText(file.source, file.bytes) : undefined));
  const texts = kept.flatMap(({ file }, index) => (read[index] === undefined ? [] : [{ name: file.path, text: read[index] }]));
  const rendered = await c.renderer.renderTexts(texts, context, dialectOf(input));
  let next = 0;
  return kept.map(({ file, path }, index) => ({
    path,
    mode: file.mode,
    content: read[index] === undefined ? { copyOf: file.source } : { data: rendered[next++] ?? "" },
  }));
}

function clash(files: readonly Drawn[]): boolean {
  const paths = new Set(files.map(({ path }) => join(path)));
  if (paths.size < files.length) return true;
  return [...paths].some((path) => path.split("/").some((_, n, parts) => n > 0 && paths.has(parts.slice(0, n).join("/"))));
}

async function oneByOne<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const done: R[] = [];
  for (const item of items) done.push(await work(item));
  return done;
}

/** What is rendered of a file: Backstage's rules, where `copyWithoutTemplating` still renders the name and `copyWithoutRender` nothing. */
function planFile(path: string, input: TreeInput): { path: string; renderName: boolean; renderContent: boolean } {
  if (input.templateFileExtension !== false) {
    const extension = input.templateFileExtension === true ? ".njk" : input.templateFileExtension;
    const templated = path.endsWith(extension);
    return { path: templated ? path.slice(0, -extension.length) : path, renderName: true, renderContent: templated };
  }
  const raw = matchesAny(path, input.copyWithoutRender ?? []);
  const copied = raw || matchesAny(path, input.copyWithoutTemplating ?? []);
  return { path, renderName: !raw, renderContent: !copied };
}

function contextOf({ cookiecutterCompat, values }: Pick<TreeInput, "cookiecutterCompat" | "values">): Record<string, unknown> {
  return { [cookiecutterCompat ? "cookiecutter" : "values"]: values };
}

function dialectOf({ cookiecutterCompat, trimBlocks, lstripBlocks }: z.output<typeof FileInput> | TreeInput): Dialect {
  return { cookiecutter: cookiecutterCompat, trimBlocks, lstripBlocks };
}

function where(targetPath: string): string {
  return join(targetPath) === "." ? "" : ` in ${targetPath}`;
}
