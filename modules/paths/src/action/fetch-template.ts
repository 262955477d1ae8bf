import { InvalidError } from "@roadbed/core";
import { stat } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { z } from "zod";

import type { Dialect } from "../render/engine.ts";
import { matchesAny } from "../workspace/glob.ts";
import { placeFile, readText, resolveInside } from "../workspace/workspace.ts";
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
  let written = 0;
  for (const file of files) if (await placeRendered(c, target, file, input)) written++;
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

/** Answers false for a file that is left out: its name is empty in part, or it is there already. */
async function placeRendered(c: ActionContext, target: string, file: SkeletonFile, input: TreeInput): Promise<boolean> {
  const plan = planFile(file.path, input);
  const context = contextOf(input);
  const path = plan.renderName
    ? await c.renderer.renderText(`The file name ${file.path}`, plan.path, context, dialectOf(input))
    : plan.path;
  if (path === "" || isAbsolute(path) || path.split("/").includes("")) return false;
  const to = await resolveInside(target, path, "file name");
  await resolveInside(c.workspace, to.slice(c.workspace.length + 1), "file name");
  const text = plan.renderContent ? await readText(file.source) : undefined;
  const content =
    text === undefined ? { copyOf: file.source } : { data: await c.renderer.renderText(file.path, text, context, dialectOf(input)) };
  return placeFile(to, content, { mode: file.mode, replace: input.replace });
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
