import { InvalidError } from "@roadbed/core";
import { appendFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parse, stringify } from "yaml";
import { z } from "zod";

import { exists, resolveInside } from "../../workspace/workspace.ts";
import { defineAction, type Action, type ActionContext } from "../action.ts";

const Content = z.union([z.string(), z.record(z.string(), z.unknown()), z.array(z.unknown())]);
const Path = z.object({ path: z.string().describe("The file in the workspace") });

/** The helpers of `@roadiehq/scaffolder-backend-module-utils` that change files of the workspace. */
export const roadieUtils: readonly Action[] = [
  defineAction({
    id: "roadiehq:utils:fs:write",
    description: "Writes a file of the workspace.",
    input: z.object({ path: z.string().min(1), content: z.string(), preserveFormatting: z.boolean().optional() }),
    output: Path,
    examples: [{ description: "A note", input: { path: "NOTES.md", content: "# Notes\n" } }],
    reach: "local",
    describe: async (_c, { path }) => ({ words: `Writes ${path}.` }),
    async run(c, { path, content }) {
      const file = await resolveInside(c.workspace, path, "path");
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, content);
      return { path };
    },
  }),
  defineAction({
    id: "roadiehq:utils:fs:append",
    description: "Adds to the end of a file of the workspace.",
    input: z.object({ path: z.string().min(1), content: z.string() }),
    output: Path,
    examples: [{ description: "One more line", input: { path: "CODEOWNERS", content: "* @acme/web\n" } }],
    reach: "local",
    describe: async (_c, { path }) => ({ words: `Adds to ${path}.` }),
    async run(c, { path, content }) {
      const file = await resolveInside(c.workspace, path, "path");
      await mkdir(dirname(file), { recursive: true });
      await appendFile(file, content);
      return { path };
    },
  }),
  defineAction({
    id: "roadiehq:utils:fs:parse",
    description: "Reads a file of the workspace, as JSON or YAML if asked.",
    input: z.object({ path: z.string().min(1), parser: z.enum(["yaml", "json", "multiyaml"]).optional() }),
    output: z.object({ content: z.unknown() }),
    examples: [{ description: "A manifest", input: { path: "package.json", parser: "json" } }],
    reach: "local",
    writesWorkspace: false,
    describe: async (_c, { path }) => ({ words: `Reads ${path}.` }),
    async run(c, { path, parser }) {
      const text = await readText(c, path);
      if (parser === undefined) return { content: text };
      if (parser === "multiyaml") return { content: text.split(/^---$/m).map((part) => parse(part) as unknown) };
      return { content: parsed(path, text, parser) };
    },
  }),
  defineAction({
    id: "roadiehq:utils:fs:replace",
    description: "Replaces texts in files of the workspace.",
    input: z.object({
      files: z
        .array(
          z.object({ file: z.string().min(1), find: z.string().min(1), replaceWith: z.string(), matchRegex: z.boolean().default(false) }),
        )
        .min(1),
    }),
    examples: [{ description: "A name", input: { files: [{ file: "README.md", find: "NAME", replaceWith: "orders" }] } }],
    reach: "local",
    describe: async (_c, { files }) => ({ words: `Replaces texts in ${files.map(({ file }) => file).join(", ")}.` }),
    async run(c, { files }) {
      for (const { file, find, replaceWith, matchRegex } of files) {
        // A pattern of a template could hang the whole server.
        if (matchRegex)
          throw new InvalidError("roadiehq:utils:fs:replace replaces plain texts here, no patterns.", {
            mend: "Leave matchRegex out, or fill in the file with fetch:template.",
          });
        const place = await resolveInside(c.workspace, file, "file");
        await writeFile(
          place,
          (await readText(c, file)).replaceAll(find, () => replaceWith),
        );
      }
      return {};
    },
  }),
  ...(["json", "yaml"] as const).map((format) =>
    defineAction({
      id: `roadiehq:utils:serialize:${format}`,
      description: `Writes data as ${format.toUpperCase()} for later steps.`,
      input: z.object({
        data: z.unknown(),
        replacer: z.array(z.string()).optional(),
        space: z.union([z.string(), z.number()]).optional(),
        options: z.unknown().optional(),
      }),
      output: z.object({ serialized: z.string() }),
      examples: [{ description: "A value", input: { data: { hello: "world" } } }],
      reach: "local",
      writesWorkspace: false,
      describe: async () => ({ words: `Writes data as ${format.toUpperCase()}.` }),
      run: async (_c, { data, replacer, space }) => ({
        serialized: format === "json" ? JSON.stringify(data, replacer ?? null, space) : stringify(data, { lineWidth: 0 }),
      }),
    }),
  ),
  ...(["roadiehq:utils:merge", "roadiehq:utils:json:merge"] as const).map((id) =>
    defineAction({
      id,
      description: "Merges values into a JSON or YAML file of the workspace.",
      input: z.object({
        path: z.string().min(1),
        content: Content,
        mergeArrays: z.boolean().default(false),
        preserveYamlComments: z.boolean().optional(),
        useDocumentIncludingField: z.unknown().optional(),
        options: z.unknown().optional(),
      }),
      output: Path,
      examples: [{ description: "A script more", input: { path: "package.json", content: { scripts: { lint: "oxlint" } } } }],
      reach: "local",
      describe: async (_c, { path }) => ({ words: `Merges values into ${path}.` }),
      async run(c, { path, content, mergeArrays }) {
        const format = /\.ya?ml$/i.test(path) && id !== "roadiehq:utils:json:merge" ? "yaml" : "json";
        const there = parsed(path, await readText(c, path), format);
        const added = typeof content === "string" ? parsed("content", content, format) : content;
        const whole = merge(there, added, mergeArrays);
        const text = format === "yaml" ? stringify(whole, { lineWidth: 0 }) : `${JSON.stringify(whole, null, 2)}\n`;
        await writeFile(await resolveInside(c.workspace, path, "path"), text);
        return { path };
      },
    }),
  ),
  defineAction({
    id: "roadiehq:utils:sleep",
    description: "Waits, ten minutes at most.",
    input: z.object({ amount: z.coerce.number().min(0).max(600).describe("Seconds") }),
    examples: [{ description: "Three seconds", input: { amount: 3 } }],
    reach: "local",
    writesWorkspace: false,
    waits: true,
    supportsPreview: false,
    describe: async (_c, { amount }) => ({ words: `Waits ${amount} s.` }),
    async run(c, { amount }) {
      await sleep(amount * 1_000, undefined, { signal: c.signal });
      return {};
    },
  }),
];

async function readText(c: ActionContext, path: string): Promise<string> {
  const file = await resolveInside(c.workspace, path, "path");
  if (!(await exists(file))) throw new InvalidError(`${path} is not in the workspace.`);
  return readFile(file, "utf8");
}

function parsed(path: string, text: string, format: "json" | "yaml"): unknown {
  try {
    return format === "json" ? (JSON.parse(text) as unknown) : (parse(text, { maxAliasCount: 100 }) as unknown);
  } catch (cause) {
    throw new InvalidError(`${path} is not ${format.toUpperCase()}: ${(cause as Error).message.split("\n")[0]}`, { cause });
  }
}

/** Objects key by key; lists are replaced place by place, or joined. */
function merge(there: unknown, added: unknown, joinLists: boolean): unknown {
  if (Array.isArray(there) && Array.isArray(added)) {
    if (joinLists) return [...there, ...added];
    return Array.from({ length: Math.max(there.length, added.length) }, (_, index) =>
      index < added.length ? merge(there[index], added[index], joinLists) : (there[index] as unknown),
    );
  }
  if (!isRecord(there) || !isRecord(added)) return added === undefined ? there : added;
  const keys = new Set([...Object.keys(there), ...Object.keys(added)].filter((key) => key !== "__proto__"));
  return Object.fromEntries(
    [...keys].map((key) => [key, Object.hasOwn(added, key) ? merge(there[key], added[key], joinLists) : there[key]]),
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
