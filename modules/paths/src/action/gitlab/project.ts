import { ConflictError, InvalidError } from "@roadbed/core";
import { z } from "zod";

import type { Outside } from "../../deps.ts";
import { listFiles, resolveInside } from "../../workspace/workspace.ts";
import { defineAction, type Action, type ActionContext } from "../action.ts";
import { hostedName } from "../../ledger/hosted-repositories.ts";
import { repoUrlOf, takeBackAt } from "../outside/archive.ts";
import { connect, missingConnection, pageOf, placeOf, pushUrl, type Place } from "../outside/connect.ts";
import { authorOf, readFiles } from "../published.ts";

const Variable = z.looseObject({ key: z.string().min(1), value: z.string() });
const Input = z.object({
  repoUrl: z.string().min(1).describe("gitlab.com?owner=GROUP&repo=NAME"),
  description: z.string().optional(),
  repoVisibility: z.enum(["private", "public", "internal"]).optional(),
  defaultBranch: z.string().min(1).default("master"),
  gitCommitMessage: z.string().min(1).default("initial commit"),
  gitAuthorName: z.string().optional(),
  gitAuthorEmail: z.string().optional(),
  signCommit: z.boolean().optional(),
  sourcePath: z.union([z.string(), z.literal(false)]).default("."),
  skipExisting: z.boolean().default(false),
  token: z.string().optional().describe("Instead of the connection's"),
  setUserAsOwner: z.boolean().optional(),
  topics: z.array(z.string()).optional(),
  settings: z.looseObject({ visibility: z.enum(["private", "public", "internal"]).optional() }).default({}),
  branches: z
    .array(
      z.object({ name: z.string(), create: z.boolean().default(false), protect: z.boolean().default(false), ref: z.string().optional() }),
    )
    .default([]),
  projectVariables: z.array(Variable).default([]),
  allowedHosts: z.array(z.string()).optional(),
});
type Input = z.output<typeof Input>;

const Published = z.object({
  remoteUrl: z.string(),
  repoContentsUrl: z.string(),
  projectId: z.number(),
  commitHash: z.string().optional(),
  created: z.boolean(),
});

/** A project at GitLab with one first commit: the workspace. */
export function makePublishGitlab(outside: Outside | undefined): Action {
  return defineAction({
    id: "publish:gitlab",
    description: "Makes a project at GitLab and pushes the workspace to it as its first commit.",
    input: Input,
    output: Published,
    examples: [{ description: "A private project", input: { repoUrl: "gitlab.com?owner=acme&repo=orders", defaultBranch: "main" } }],
    reach: "outside",
    async describe(c, input) {
      const { host, owner, repo } = placeOf("gitlab", input.repoUrl);
      const files = input.sourcePath === false ? [] : await listFiles(await resolveInside(c.workspace, input.sourcePath, "sourcePath"));
      const page = pageOf({ host, owner, repo });
      const visibility = visibilityOf(input);
      return {
        words: `Makes the ${visibility} project ${owner}/${repo} at ${host} with ${files.length} files in a first commit on ${input.defaultBranch}.`,
        resources: [{ kind: "Repository", name: `${owner}/${repo}`, summary: `${visibility}, at ${host}` }],
        output: {
          remoteUrl: page,
          repoContentsUrl: `${page}/-/blob/${input.defaultBranch}`,
          projectId: 0,
          commitHash: "0".repeat(40),
          created: true,
        },
        problems: await missingConnection(outside, "gitlab", input),
      };
    },
    async run(c, input) {
      const files = input.sourcePath === false ? [] : await readFiles(await resolveInside(c.workspace, input.sourcePath, "sourcePath"));
      const place = await connect(c, outside, "gitlab", input);
      const { project, at, created } = await ensureProject(c, place, input);
      const page = String(project.http_url_to_repo).replace(/\.git$/, "");
      const output = { remoteUrl: page, repoContentsUrl: `${page}/-/blob/${input.defaultBranch}`, projectId: Number(project.id), created };
      if (!created) return output;
      const commit =
        files.length === 0 ? undefined : await push(c, place, outside, { input, files, at, url: String(project.http_url_to_repo) });
      if (commit !== undefined)
        await c.write(async (ctx) => c.remember?.(ctx, { repository: hostedName(place), branch: input.defaultBranch, commit, files }));
      await settle(c, place, Number(project.id), input);
      return { ...output, ...(commit === undefined ? {} : { commitHash: commit }) };
    },
    async undo(c, { input, output }) {
      if (output["created"] === false) return { done: true, words: "The project was there before: it is left as it is." };
      return takeBackAt(c, outside, "gitlab", input?.repoUrl ?? repoUrlOf(output["remoteUrl"]));
    },
  });
}

interface Ensured {
  readonly project: any;
  readonly at: Date;
  /** False: it was there before, and `skipExisting` says that this is right. */
  readonly created: boolean;
}

async function ensureProject(c: ActionContext, place: Place, input: Input): Promise<Ensured> {
  const { ask, owner, repo, host } = place;
  const before = await c.once("project", async () => {
    const { status } = await ask("GET", projectPath(place), { accept: [404] });
    if (status !== 404 && !input.skipExisting)
      throw new ConflictError(`A project ${owner}/${repo} is there already at ${host}.`, { mend: "Choose another name." });
    return { at: new Date().toISOString(), there: status !== 404 };
  });
  const found = await ask("GET", projectPath(place), { accept: [404] });
  const at = new Date(before.at);
  if (found.status !== 404) return { project: found.body, at, created: !before.there };
  const body = {
    ...input.settings,
    name: repo,
    path: repo,
    namespace_id: await namespaceOf(place),
    visibility: visibilityOf(input),
    ...(input.description === undefined ? {} : { description: input.description }),
    ...(input.topics === undefined ? {} : { topics: input.topics }),
  };
  const made = await ask("POST", "/projects", { body });
  await c.log("info", `Project ${owner}/${repo} made at ${host}.`);
  return { project: made.body, at, created: true };
}

async function namespaceOf({ ask, owner, host }: Place): Promise<number> {
  const { status, body } = await ask("GET", `/namespaces/${encodeURIComponent(owner)}`, { accept: [404] });
  if (status !== 404 && typeof body?.id === "number") return body.id;
  throw new InvalidError(`${host} has no group or user ${owner} that this token may use.`, { mend: "Correct the owner in repoUrl." });
}

async function push(
  c: ActionContext,
  place: Place,
  outside: Outside | undefined,
  o: { readonly input: Input; readonly files: Parameters<Outside["push"]>[0]["files"]; readonly at: Date; readonly url: string },
): Promise<string> {
  const { commit } = await outside!.push({
    url: pushUrl(place, o.url),
    branch: o.input.defaultBranch,
    files: o.files,
    message: o.input.gitCommitMessage,
    author: authorOf(c, o.input),
    at: o.at,
    signal: c.signal,
  });
  await c.log("info", `${o.files.length} files pushed to ${place.owner}/${place.repo} as ${commit.slice(0, 10)}.`);
  return commit;
}

async function settle(c: ActionContext, { ask }: Place, id: number, { branches, projectVariables, defaultBranch }: Input): Promise<void> {
  for (const { name, create, protect, ref } of branches) {
    const query = `branch=${encodeURIComponent(name)}&ref=${encodeURIComponent(ref ?? defaultBranch)}`;
    // 400: it is there already.
    if (create) await ask("POST", `/projects/${id}/repository/branches?${query}`, { accept: [400], repeatable: true });
    if (protect)
      await ask("POST", `/projects/${id}/protected_branches?name=${encodeURIComponent(name)}`, { accept: [409, 422], repeatable: true });
  }
  for (const variable of projectVariables) await setVariable(ask, id, variable);
  if (projectVariables.length > 0) await c.log("info", `${projectVariables.length} variables set.`);
}

/** Makes a CI variable, or changes the one of that key. */
export async function setVariable(ask: Place["ask"], id: number | string, variable: z.output<typeof Variable>): Promise<void> {
  const { status } = await ask("POST", `/projects/${id}/variables`, { body: variable, accept: [400] });
  if (status === 400) await ask("PUT", `/projects/${id}/variables/${encodeURIComponent(variable.key)}`, { body: variable });
}

export function projectPath({ owner, repo }: Pick<Place, "owner" | "repo">): string {
  return `/projects/${encodeURIComponent(`${owner}/${repo}`)}`;
}

function visibilityOf({ settings, repoVisibility }: Input): string {
  return settings.visibility ?? repoVisibility ?? "private";
}
