import { InvalidError } from "@roadbed/core";
import { z } from "zod";

import type { Git } from "../deps.ts";
import { parseRepoUrl } from "../render/filters.ts";
import { listFiles, resolveInside } from "../workspace/workspace.ts";
import { defineAction, type Action } from "./action.ts";
import { authorOf, readFiles } from "./published.ts";

const PublishInput = z
  .object({
    name: z.string().optional(),
    repoUrl: z.string().optional(),
    description: z.string().default(""),
    defaultBranch: z.string().min(1).default("main"),
    sourcePath: z.string().default("."),
    gitCommitMessage: z.string().min(1).default("Initial commit"),
    gitAuthorName: z.string().optional(),
    gitAuthorEmail: z.string().optional(),
  })
  .refine((input) => input.name !== undefined || input.repoUrl !== undefined, "needs name or repoUrl");

/** A repository of the embedded host with one first commit: the workspace. */
export function makePublishGit(git: Git, publicUrl: string): Action {
  return defineAction({
    id: "publish:git",
    description: "Makes a repository in Roadbed's own Git host and commits the workspace to it.",
    input: PublishInput,
    reach: "outside",
    async describe(c, input) {
      const name = nameOf(input);
      const files = await listFiles(await resolveInside(c.workspace, input.sourcePath, "sourcePath"));
      const taken = await c.read((ctx) => git.repositoryExists(ctx, name));
      const cloneUrl = `${publicUrl}/git/${name}.git`;
      return {
        words: `Makes the repository ${name} with ${files.length} files in a first commit on ${input.defaultBranch}.`,
        resources: [{ kind: "Repository", name, summary: `${files.length} files, branch ${input.defaultBranch}, ${cloneUrl}` }],
        output: { ...outputOf(cloneUrl, name), commitHash: "0".repeat(40) },
        problems: taken ? [{ about: name, reason: `a repository named ${name} is there already`, mend: "Choose another name." }] : [],
      };
    },
    async run(c, input) {
      const name = nameOf(input);
      const files = await readFiles(await resolveInside(c.workspace, input.sourcePath, "sourcePath"));
      const { cloneUrl, commit } = await c.write(async (ctx) => {
        const made = await git.createRepository(ctx, {
          name,
          description: input.description,
          branch: input.defaultBranch,
          files,
          message: input.gitCommitMessage,
          author: authorOf(c, input),
          key: c.key,
        });
        await c.remember?.(ctx, { repository: name, branch: input.defaultBranch, commit: made.commit, files });
        return made;
      });
      await c.log("info", `Repository ${name}: ${files.length} files in commit ${commit.slice(0, 10)}, ${cloneUrl}`);
      return { ...outputOf(cloneUrl, name), commitHash: commit };
    },
    async undo(c, { input, output }) {
      const known = typeof output["repository"] === "string" ? output["repository"] : undefined;
      const name = known ?? (input === undefined ? undefined : nameOf(input));
      if (name === undefined || git.takeBackRepository === undefined) return { done: false, words: `The repository ${name ?? ""} stays.` };
      const commit = typeof output["commitHash"] === "string" ? output["commitHash"] : undefined;
      const state = await c.write((ctx) =>
        git.takeBackRepository!(ctx, { name, key: c.key, commit, why: `The run ${c.taskId} that made it was taken back.` }),
      );
      return state === "removed"
        ? { done: true, words: `The repository ${name} is removed.` }
        : { done: false, words: `Somebody has worked in the repository ${name} since: it is archived, not removed.` };
    },
  });
}

function nameOf({ name, repoUrl }: z.output<typeof PublishInput>): string {
  const wanted = (name ?? (repoUrl?.includes("?") === true ? parseRepoUrl(repoUrl).repo : repoUrl) ?? "").toLowerCase();
  if (/^[a-z0-9][a-z0-9._-]{0,99}$/.test(wanted)) return wanted;
  throw new InvalidError(`"${wanted.slice(0, 120)}" cannot be the name of a repository.`, {
    mend: "Use lower-case letters, digits, dots and dashes, 100 at most.",
  });
}

function outputOf(cloneUrl: string, repository: string): Record<string, string> {
  return { remoteUrl: cloneUrl, cloneUrl, repoContentsUrl: cloneUrl, repository };
}
