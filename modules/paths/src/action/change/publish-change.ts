import { ConflictError, InvalidError } from "@roadbed/core";
import { createHash } from "node:crypto";
import { cp, mkdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";

import type { PathsDeps } from "../../deps.ts";
import { listFiles, resolveInside } from "../../workspace/workspace.ts";
import { defineAction, type Action, type ActionContext, type Effect, type Output, type Undone } from "../action.ts";
import { pathOf } from "../github/repository.ts";
import { makePublishGithubPullRequest } from "../github/pull-request.ts";
import { makePublishGitlabMergeRequest } from "../gitlab/merge-request.ts";
import { projectPath } from "../gitlab/project.ts";
import { connect, missingConnection } from "../outside/connect.ts";
import { authorOf, readFiles } from "../published.ts";
import { findRepository, type Found } from "./find-repository.ts";

const Input = z
  .object({
    entityRef: z.string().min(1).optional().describe("The entity whose repository it is"),
    repository: z.string().optional().describe("A repository of the embedded host, or an address"),
    title: z.string().min(1).max(200),
    description: z.string().default(""),
    branchName: z
      .string()
      .regex(/^[a-z0-9][a-z0-9._/-]{0,99}$/, "must be lower-case letters, digits, dots, dashes and slashes")
      .optional(),
    sourcePath: z.string().default("."),
    overwrite: z.boolean().default(false).describe("Whether a file that is there becomes as the path has it"),
    adopt: z.boolean().default(false).describe("Whether the ledger remembers, once it is merged, that the repository follows this path"),
    token: z.string().optional(),
  })
  .refine(({ entityRef, repository }) => entityRef !== undefined || (repository ?? "") !== "", "needs entityRef or repository");
type Input = z.output<typeof Input>;

export type ChangeDeps = Pick<PathsDeps, "catalog" | "git" | "publicUrl" | "outside" | "changes" | "repositories" | "platform">;
/** What the ledger is told when a change is merged: kept as a note of the step. */
export const ADOPTED = "adopted";
/** The key of the change that a step proposes. */
export const changeKeyOf = (stepKey: string): string => `paths:${stepKey}`;

/** The workspace as a proposed change to a repository that is there. What stands there is left as it is. */
export function makePublishChange(deps: ChangeDeps): Action {
  const hosts = { github: makePublishGithubPullRequest(deps.outside), gitlab: makePublishGitlabMergeRequest(deps.outside) };

  async function describe(c: ActionContext, input: Input): Promise<Effect> {
    const found = await findRepository(deps, c, input).catch((error: unknown) =>
      error instanceof InvalidError ? error : Promise.reject(error),
    );
    if (found instanceof InvalidError) return { words: found.message, problems: [toProblem(input, found)] };
    const all = await pathsOf(c, input);
    const problems =
      found.kind === "embedded"
        ? embeddedProblems(deps, found.name)
        : await missingConnection(deps.outside, found.kind, { ...found, token: input.token });
    if (problems.length > 0) return { words: `Proposes "${input.title}" to ${found.name}.`, problems };
    const { fresh, kept } = await sort(c, found, input, all);
    return {
      words: wordsOf(input, found, fresh, kept),
      resources:
        fresh.length === 0 ? [] : [{ kind: "Change", name: found.name, summary: `${input.title}: ${fresh.join(", ")}`.slice(0, 500) }],
      output: { repository: found.name, changed: fresh.length > 0, files: fresh, kept, remoteUrl: "" },
    };
  }

  async function run(c: ActionContext, input: Input): Promise<Output> {
    const found = await findRepository(deps, c, input);
    const { fresh, kept } = await c.once("sorted", async () => sort(c, found, input, await pathsOf(c, input)));
    await c.log("info", wordsOf(input, found, fresh, kept));
    if (fresh.length === 0) return { repository: found.name, changed: false, files: [], kept };
    const made = found.kind === "embedded" ? await proposeHere(c, input, found.name, fresh) : await proposeThere(c, input, found, fresh);
    return { repository: found.name, changed: true, files: fresh, kept, ...made };
  }

  async function proposeHere(c: ActionContext, input: Input, repository: string, fresh: readonly string[]): Promise<Output> {
    const files = (await readFiles(await resolveInside(c.workspace, input.sourcePath, "sourcePath"))).filter(({ path }) =>
      fresh.includes(path),
    );
    const branch = branchOf(c, input);
    const { base } = await c.once("base", async () => ({
      base: (await deps.repositories?.tree(repository, "refs/heads/main"))?.commit ?? "",
    }));
    if (input.adopt) await c.once(ADOPTED, async () => ({ repository, branch: "main", paths: fresh }));
    const change = await c.write(async (ctx) =>
      deps.changes!.propose(ctx, {
        repository,
        branch,
        title: input.title,
        body: input.description,
        base,
        files,
        removed: [],
        conflicts: [],
        author: authorOf(c, {}),
        key: changeKeyOf(c.key),
      }),
    );
    await c.log("info", `Proposed as ${change.id}, on the branch ${branch}. It becomes true when it is merged.`);
    return { changeId: change.id, branch, remoteUrl: `${deps.publicUrl}/delivery/changes/${change.id}` };
  }

  async function proposeThere(
    c: ActionContext,
    input: Input,
    found: Exclude<Found, { kind: "embedded" }>,
    fresh: readonly string[],
  ): Promise<Output> {
    const folder = `.roadbed-change-${createHash("sha256").update(c.key).digest("hex").slice(0, 12)}`;
    const source = await resolveInside(c.workspace, input.sourcePath, "sourcePath");
    const target = join(c.workspace, folder);
    try {
      for (const path of fresh) {
        await mkdir(dirname(join(target, path)), { recursive: true });
        await cp(join(source, path), join(target, path));
      }
      const branchName = branchOf(c, input);
      const told = { repoUrl: found.repoUrl, title: input.title, description: input.description, branchName, sourcePath: folder };
      const action = hosts[found.kind];
      const output = await action.run(c, action.input.parse({ ...told, ...(input.token === undefined ? {} : { token: input.token }) }));
      const request = String(output["remoteUrl"] ?? output["mergeRequestUrl"]);
      const { targetBranchName: branch = "main" } = output as { readonly targetBranchName?: string };
      // Hosts elsewhere tell us of no merge: whoever watches them asks about this request.
      if (input.adopt) await c.once(ADOPTED, async () => ({ repository: found.name, branch, paths: fresh, request }));
      return { branch: branchName, remoteUrl: request };
    } finally {
      await rm(target, { recursive: true, force: true });
    }
  }

  /** By the action that opened the request. */
  async function takeBackThere(c: ActionContext, input: Input | undefined, remoteUrl: string): Promise<Undone> {
    const kind = /\/merge_requests\/\d+\/?$/.test(remoteUrl) ? "gitlab" : "github";
    const found = await findRepository(deps, c, { repository: remoteUrl.replace(/\/(?:-\/)?(?:pull|merge_requests)\/\d+\/?$/, "") });
    if (found.kind === "embedded") return { done: false, words: `${remoteUrl} stays: close it there.` };
    const made = kind === "github" ? { pullRequestNumber: Number(/\d+(?=\/?$)/.exec(remoteUrl)?.[0]) } : { mergeRequestUrl: remoteUrl };
    const given = { repoUrl: found.repoUrl, ...(input?.token === undefined ? {} : { token: input.token }) };
    return hosts[kind].undo!(c, { input: given as never, output: made });
  }

  /** Which files are new there, and which stand there already. */
  async function sort(c: ActionContext, found: Found, input: Input, all: readonly string[]): Promise<{ fresh: string[]; kept: string[] }> {
    const there = await existing(c, found, input, all);
    const stays = (path: string): boolean => !input.overwrite && there.has(path.toLowerCase());
    return { fresh: all.filter((path) => !stays(path)), kept: all.filter(stays) };
  }

  async function existing(c: ActionContext, found: Found, input: Input, all: readonly string[]): Promise<ReadonlySet<string>> {
    if (found.kind === "embedded") {
      const tree = await deps.repositories?.tree(found.name, "refs/heads/main");
      return new Set(tree?.files.map(({ path }) => path.toLowerCase()));
    }
    const place = await connect(c, deps.outside, found.kind, { repoUrl: found.repoUrl, token: input.token });
    const there = new Set<string>();
    for (const path of all) {
      const at =
        found.kind === "github"
          ? `${pathOf(place)}/contents/${path.split("/").map(encodeURIComponent).join("/")}`
          : `${projectPath(place)}/repository/files/${encodeURIComponent(path)}?ref=HEAD`;
      if ((await place.ask("GET", at, { accept: [404] })).status === 200) there.add(path.toLowerCase());
    }
    return there;
  }

  return defineAction({
    id: "publish:change",
    description:
      "Proposes the workspace as a change to a repository that is there: a change here, a pull request at GitHub, a merge request at GitLab. Never overwrites unless told to.",
    input: Input,
    output: z.object({
      repository: z.string(),
      changed: z.boolean(),
      files: z.array(z.string()),
      kept: z.array(z.string()),
      changeId: z.string().optional(),
      branch: z.string().optional(),
      remoteUrl: z.string().optional(),
    }),
    examples: [{ description: "What a service lacks", input: { entityRef: "component:default/orders", title: "Add a pipeline" } }],
    reach: "outside",
    describe,
    run,
    async undo(c, { input, output }) {
      const { repository, changeId, changed } = output;
      const what = `What was proposed to ${String(repository)}`;
      if (changed !== true) return { done: true, words: `Nothing was proposed to ${String(repository)}.` };
      if (changeId === undefined && typeof output["remoteUrl"] === "string") return takeBackThere(c, input, output["remoteUrl"]);
      if (typeof changeId !== "string" || deps.platform === undefined) return { done: false, words: `${what} stays: close it there.` };
      try {
        await deps.platform.perform(c.call, "delivery.change.close", {
          id: changeId,
          note: `The run ${c.taskId} that made it was taken back.`,
        });
        return { done: true, words: `${what} is closed.` };
      } catch (error) {
        if (!(error instanceof ConflictError)) throw error;
        return { done: false, words: `${what} stays: ${error.message}` };
      }
    },
  });
}

function wordsOf({ title }: Input, { name }: Found, fresh: readonly string[], kept: readonly string[]): string {
  const few = (paths: readonly string[]): string =>
    `${paths.slice(0, 8).join(", ")}${paths.length > 8 ? ` and ${paths.length - 8} more` : ""}`;
  const stays = kept.length === 0 ? "" : ` What stands there stays as it is: ${few(kept)}.`;
  if (fresh.length === 0) return `Nothing to propose to ${name}: it has all of it.${stays}`;
  return `Proposes "${title}" to ${name}: ${few(fresh)}.${stays}`;
}

function branchOf(c: Pick<ActionContext, "key">, { branchName, title }: Input): string {
  const slug = title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "")
    .slice(0, 50);
  return branchName ?? `roadbed/${slug || "change"}-${createHash("sha256").update(c.key).digest("hex").slice(0, 6)}`;
}

async function pathsOf(c: Pick<ActionContext, "workspace">, { sourcePath }: Input): Promise<string[]> {
  return (await listFiles(await resolveInside(c.workspace, sourcePath, "sourcePath"))).map(({ path }) => path);
}

function embeddedProblems({ changes, repositories }: ChangeDeps, name: string): NonNullable<Effect["problems"]> {
  return changes !== undefined && repositories !== undefined
    ? []
    : [{ about: name, reason: "this server proposes no changes to its own repositories" }];
}

function toProblem({ entityRef, repository }: Input, { message, mend }: InvalidError): { about: string; reason: string; mend?: string } {
  return { about: entityRef ?? repository ?? "", reason: message, ...(mend === undefined ? {} : { mend }) };
}
