import { ConflictError, InvalidError } from "@roadbed/core";
import { z } from "zod";

import type { ActionContext } from "../action.ts";
import type { Place } from "../outside/connect.ts";
import { setSecrets } from "./secrets.ts";

const Collaborator = z.union([
  z.object({ access: z.string(), user: z.string() }),
  z.object({ access: z.string(), team: z.string() }),
  z.object({ access: z.string(), username: z.string() }),
]);

/** What `publish:github` and `github:repo:create` are told of the repository, as in Backstage. */
export const RepositoryFields = {
  repoUrl: z.string().min(1).describe("github.com?owner=OWNER&repo=NAME"),
  description: z.string().optional(),
  homepage: z.string().optional(),
  access: z.string().optional().describe("A user, or a team as ORGANISATION/TEAM, that administers the repository"),
  repoVisibility: z.enum(["private", "public", "internal"]).default("private"),
  collaborators: z.array(Collaborator).optional(),
  topics: z.array(z.string()).optional(),
  deleteBranchOnMerge: z.boolean().optional(),
  allowMergeCommit: z.boolean().optional(),
  allowSquashMerge: z.boolean().optional(),
  squashMergeCommitTitle: z.enum(["PR_TITLE", "COMMIT_OR_PR_TITLE"]).optional(),
  squashMergeCommitMessage: z.enum(["PR_BODY", "COMMIT_MESSAGES", "BLANK"]).optional(),
  allowRebaseMerge: z.boolean().optional(),
  allowAutoMerge: z.boolean().optional(),
  allowUpdateBranch: z.boolean().optional(),
  hasProjects: z.boolean().optional(),
  hasWiki: z.boolean().optional(),
  hasIssues: z.boolean().optional(),
  customProperties: z.record(z.string(), z.union([z.string(), z.array(z.string())])).optional(),
  repoVariables: z.record(z.string(), z.string()).optional(),
  secrets: z.record(z.string(), z.string()).optional().describe("Secrets of its workflows, sealed before they leave"),
  oidcCustomization: z
    .object({ useDefault: z.boolean(), includeClaimKeys: z.array(z.string()).optional() })
    .optional()
    .describe("What its workflows say of themselves to clouds"),
  token: z.string().optional().describe("Instead of the connection's"),
  allowedHosts: z.array(z.string()).optional(),
};
const Repository = z.object(RepositoryFields);
export type RepositoryInput = z.output<typeof Repository>;

export interface MadeRepository {
  readonly cloneUrl: string;
  readonly page: string;
  readonly defaultBranch: string;
  /** When the step began to make it: its first commit says so too, whenever it is made. */
  readonly at: Date;
}

/** How much a host's clock may be behind ours. */
const CLOCK_MS = 5 * 60_000;

/**
 * Makes the repository, or finds the one that this step made before it was interrupted. One that was there before is a
 * `ConflictError`: whether it was is looked up, and kept, before anything is made.
 */
export async function ensureRepository(c: ActionContext, place: Place, input: RepositoryInput): Promise<MadeRepository> {
  const { ask, owner, repo } = place;
  const at = await c.once("repository", async () => {
    const { status } = await ask("GET", pathOf(place), { accept: [404] });
    if (status !== 404) throw taken(place);
    return new Date().toISOString();
  });
  const found = await ask("GET", pathOf(place), { accept: [404] });
  let repository: unknown = found.body;
  if (found.status === 404) {
    const made = await ask("POST", (await isOrganisation(place)) ? `/orgs/${owner}/repos` : "/user/repos", {
      body: bodyOf(repo, input),
      repeatable: false,
    });
    repository = made.body;
    await c.log("info", `Repository ${owner}/${repo} made at ${place.host}.`);
  } else if (Date.parse(String(found.body?.created_at)) < Date.parse(at) - CLOCK_MS) throw taken(place);
  await settle(c, place, input);
  return toMade(repository, place, new Date(at));
}

/** A repository that is there. Throws `InvalidError` when it is not. */
export async function findRepository(place: Place): Promise<Omit<MadeRepository, "at">> {
  return toMade((await place.ask("GET", pathOf(place))).body, place, new Date(0));
}

export function pathOf({ owner, repo }: Pick<Place, "owner" | "repo">): string {
  return `/repos/${encodeURIComponent(owner)}/${encodeURIComponent(repo)}`;
}

function taken({ host, owner, repo }: Place): ConflictError {
  return new ConflictError(`A repository ${owner}/${repo} is there already at ${host}.`, { mend: "Choose another name." });
}

async function isOrganisation({ ask, owner }: Place): Promise<boolean> {
  return (await ask("GET", `/users/${encodeURIComponent(owner)}`)).body?.type === "Organization";
}

function bodyOf(name: string, input: RepositoryInput): Record<string, unknown> {
  const { repoVisibility: visibility } = input;
  const entries = {
    name,
    private: visibility !== "public",
    visibility,
    description: input.description,
    homepage: input.homepage,
    delete_branch_on_merge: input.deleteBranchOnMerge,
    allow_merge_commit: input.allowMergeCommit,
    allow_squash_merge: input.allowSquashMerge,
    squash_merge_commit_title: input.squashMergeCommitTitle,
    squash_merge_commit_message: input.squashMergeCommitMessage,
    allow_rebase_merge: input.allowRebaseMerge,
    allow_auto_merge: input.allowAutoMerge,
    allow_update_branch: input.allowUpdateBranch,
    has_projects: input.hasProjects,
    has_wiki: input.hasWiki,
    has_issues: input.hasIssues,
    custom_properties: input.customProperties,
  };
  return Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined));
}

/** Everything that may be said twice: who may do what, topics, variables, secrets. */
async function settle(
  c: ActionContext,
  place: Place,
  { access, collaborators = [], topics, repoVariables, secrets = {}, oidcCustomization: oidc }: RepositoryInput,
): Promise<void> {
  const { ask, owner } = place;
  if (access !== undefined) await permit(place, access, "admin");
  for (const one of collaborators) {
    const name = "team" in one ? `${owner}/${one.team}` : "user" in one ? one.user : one.username;
    await permit(place, name, one.access).catch((error: unknown) => {
      if (!(error instanceof InvalidError)) throw error;
      return c.log("warn", `${name} did not get ${one.access}: ${error.message}`);
    });
  }
  if (topics !== undefined && topics.length > 0)
    await ask("PUT", `${pathOf(place)}/topics`, { body: { names: topics.map((topic) => topic.toLowerCase()) } });
  for (const [name, value] of Object.entries(repoVariables ?? {})) {
    const { status } = await ask("POST", `${pathOf(place)}/actions/variables`, { body: { name, value }, accept: [409] });
    if (status === 409) await ask("PATCH", `${pathOf(place)}/actions/variables/${encodeURIComponent(name)}`, { body: { name, value } });
  }
  await setSecrets(place, `${pathOf(place)}/actions`, secrets);
  const names = Object.keys(secrets);
  if (names.length > 0) await c.log("info", `${names.length === 1 ? "Secret" : "Secrets"} ${names.join(", ")} set.`);
  if (oidc !== undefined) {
    const body = { use_default: oidc.useDefault, ...(oidc.useDefault ? {} : { include_claim_keys: oidc.includeClaimKeys ?? [] }) };
    await ask("PUT", `${pathOf(place)}/actions/oidc/customization/sub`, { body, repeatable: true });
  }
}

function permit(place: Place, name: string, permission: string): Promise<unknown> {
  const [first, team] = name.split("/");
  const path =
    team === undefined
      ? `${pathOf(place)}/collaborators/${encodeURIComponent(name)}`
      : `/orgs/${first}/teams/${encodeURIComponent(team)}${pathOf(place)}`;
  return place.ask("PUT", path, { body: { permission } });
}

function toMade(body: any, place: Place, at: Date): MadeRepository {
  return {
    cloneUrl: String(body?.clone_url ?? ""),
    page: String(body?.html_url ?? `https://${place.host}/${place.owner}/${place.repo}`),
    defaultBranch: String(body?.default_branch ?? "main"),
    at,
  };
}
