import { stat } from "node:fs/promises";
import { z } from "zod";

import { placeFile, resolveInside } from "../workspace/workspace.ts";
import { defineAction, type Action } from "./action.ts";
import { withSource, type SourceReader } from "./outside/remote-source.ts";
import { listSkeleton } from "./skeleton.ts";

/** A folder as it is. */
export const makeFetchPlain = (outside: SourceReader | undefined): Action =>
  defineAction({
    id: "fetch:plain",
    description: "Copies a folder of the path, or of a repository elsewhere, into the workspace as it is.",
    examples: [{ description: "A folder beside the template", input: { url: "./skeleton" } }],
    input: z.object({ url: z.string().min(1), targetPath: z.string().default("."), token: z.string().optional() }),
    reach: "local",
    describe: async (_c, { url }) => ({ words: `Copies ${url} as it is.` }),
    run: (c, { url, targetPath, token }) =>
      withSource(c, outside, { url, token }, "folder", async (source) => {
        const target = await resolveInside(c.workspace, targetPath, "targetPath");
        const files = await listSkeleton(source, (message) => c.log("warn", message));
        for (const file of files)
          await placeFile(await resolveInside(target, file.path, "file name"), { copyOf: file.source }, { mode: file.mode, replace: true });
        await c.log("info", `${files.length} files of ${url} copied.`);
        return {};
      }),
  });

/** One file as it is. */
export const makeFetchPlainFile = (outside: SourceReader | undefined): Action =>
  defineAction({
    id: "fetch:plain:file",
    description: "Copies one file of the path, or of a repository elsewhere, into the workspace as it is.",
    examples: [{ description: "A file beside the template", input: { url: "./LICENSE", targetPath: "LICENSE" } }],
    input: z.object({ url: z.string().min(1), targetPath: z.string().min(1), token: z.string().optional() }),
    reach: "local",
    describe: async (_c, { url, targetPath }) => ({ words: `Copies ${url} to ${targetPath}.` }),
    run: (c, { url, targetPath, token }) =>
      withSource(c, outside, { url, token }, "file", async (source) => {
        await placeFile(
          await resolveInside(c.workspace, targetPath, "targetPath"),
          { copyOf: source },
          { mode: (await stat(source)).mode, replace: true },
        );
        return {};
      }),
  });
