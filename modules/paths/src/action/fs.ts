import { ConflictError, InvalidError } from "@roadbed/core";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join, relative, sep } from "node:path";
import { z } from "zod";

import { matchesAny } from "../workspace/glob.ts";
import { exists, listFiles, resolveInside } from "../workspace/workspace.ts";
import { defineAction, type Action } from "./action.ts";

/** Takes files away. */
export const fsDelete: Action = defineAction({
  id: "fs:delete",
  description: "Deletes files and folders of the workspace; patterns are understood.",
  input: z.object({ files: z.array(z.string().min(1)) }),
  reach: "local",
  describe: async (_c, { files }) => ({ words: `Deletes ${files.join(", ")}.` }),
  async run(c, { files }) {
    for (const wanted of files) {
      await resolveInside(c.workspace, wanted.replace(/[*?[{].*$/, ""), "files");
      const found = (await listFiles(c.workspace)).filter(({ path }) => matchesAny(path, [wanted]));
      for (const { path } of found) await rm(join(c.workspace, path));
      if (!/[*?[{]/.test(wanted)) await rm(await resolveInside(c.workspace, wanted, "files"), { recursive: true, force: true });
      await c.log(found.length === 0 ? "warn" : "info", `${wanted}: ${found.length} files deleted.`);
    }
    return {};
  },
});

/** Moves files. */
export const fsRename: Action = defineAction({
  id: "fs:rename",
  description: "Renames and moves files and folders of the workspace.",
  input: z.object({
    files: z.array(z.object({ from: z.string().min(1), to: z.string().min(1), overwrite: z.boolean().default(false) })),
  }),
  reach: "local",
  describe: async (_c, { files }) => ({ words: `Renames ${files.map(({ from, to }) => `${from} to ${to}`).join(", ")}.` }),
  async run(c, { files }) {
    for (const file of files) {
      const from = await resolveInside(c.workspace, file.from, "from");
      const to = await resolveInside(c.workspace, file.to, "to");
      if (!(await exists(from))) throw new InvalidError(`${file.from} is not in the workspace.`);
      if (await exists(to)) {
        if (!file.overwrite) throw new ConflictError(`${file.to} is there already.`, { mend: "Set overwrite, or choose another name." });
        await rm(to, { recursive: true });
      }
      await mkdir(dirname(to), { recursive: true });
      await rename(from, to);
      await c.log("info", `${file.from} is now ${file.to}.`);
    }
    return {};
  },
});

/** Lists files, for later steps. */
export const fsReaddir: Action = defineAction({
  id: "fs:readdir",
  description: "Lists files and folders of the workspace for later steps.",
  input: z.object({ paths: z.array(z.string()).min(1), recursive: z.boolean().default(false) }),
  reach: "local",
  writesWorkspace: false,
  describe: async (_c, { paths }) => ({ words: `Lists ${paths.join(", ")}.` }),
  async run(c, { paths, recursive }) {
    const entries = await Promise.all(
      paths.map(async (path) => readdir(await resolveInside(c.workspace, path, "paths"), { recursive, withFileTypes: true })),
    );
    const rows = entries.flat().map((entry) => {
      const path = relative(c.workspace, join(entry.parentPath, entry.name)).split(sep).join("/");
      return { folder: entry.isDirectory(), row: { name: basename(path), path, fullPath: path } };
    });
    const pick = (folder: boolean): unknown[] => rows.filter((row) => row.folder === folder).map(({ row }) => row);
    return { files: pick(false), folders: pick(true) };
  },
});
