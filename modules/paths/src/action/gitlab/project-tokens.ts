import { InvalidError } from "@roadbed/core";
import { z } from "zod";

import type { Outside } from "../../deps.ts";
import type { Action, ActionContext } from "../action.ts";
import type { Place } from "../outside/connect.ts";
import { Base, small } from "./small-action.ts";

const ProjectId = z.union([z.string().min(1), z.number()]);
/** The note of the step: which tokens of that name were there before it. */
const BEFORE = "before";
const YEAR_MS = 365 * 86_400_000;

/** Credentials of a project at GitLab. GitLab says each once: later steps get it, people never do. */
export function makeProjectTokens(outside: Outside | undefined): Action[] {
  return [
    small(outside, {
      id: "gitlab:projectDeployToken:create",
      description: "Makes a deploy token of a project at GitLab, which later steps can hand on.",
      input: z.object({
        ...Base,
        projectId: ProjectId,
        name: z.string().min(1),
        username: z.string().min(1).optional(),
        scopes: z.array(z.string().min(1)).min(1).describe("E.g. read_repository, read_registry"),
        expiresAt: z.iso.date().optional().describe("Without it, it does not expire"),
      }),
      output: z.object({ deploy_token: z.string(), user: z.string() }),
      secretOutput: ["deploy_token"],
      example: { projectId: 1, name: "deploys", scopes: ["read_registry"] },
      words: ({ name, projectId, scopes }) => `Makes the deploy token ${name} of the project ${projectId} with ${scopes.join(", ")}.`,
      expects: () => ({ deploy_token: "deploy-token", user: "gitlab+deploy-token-0" }),
      async run(c, place, { projectId, name, username, scopes, expiresAt }) {
        const body = {
          name,
          scopes,
          ...(username === undefined ? {} : { username }),
          ...(expiresAt === undefined ? {} : { expires_at: expiresAt }),
        };
        const made = await makeAnew(c, place, tokensOf(projectId, "deploy_tokens"), body);
        return { deploy_token: made.token, user: String(made.username) };
      },
      undo: (c, place, { projectId, name }) => revokeMade(c, place, tokensOf(projectId, "deploy_tokens"), name),
    }),
    small(outside, {
      id: "gitlab:projectAccessToken:create",
      description: "Makes an access token of a project at GitLab, which later steps can hand on.",
      input: z.object({
        ...Base,
        projectId: ProjectId,
        name: z.string().min(1).default("roadbed"),
        accessLevel: z.number().int().min(10).max(50).default(40),
        scopes: z.array(z.string().min(1)).min(1).default(["read_repository"]),
        expiresAt: z.iso.date().optional().describe("Without it, in a year: GitLab wants an end"),
      }),
      output: z.object({ access_token: z.string() }),
      secretOutput: ["access_token"],
      example: { projectId: 1, name: "releases", scopes: ["write_repository"] },
      words: ({ name, projectId, scopes }) => `Makes the access token ${name} of the project ${projectId} with ${scopes.join(", ")}.`,
      expects: () => ({ access_token: "access-token" }),
      async run(c, place, { projectId, name, accessLevel, scopes, expiresAt }) {
        const end = expiresAt ?? new Date(Date.now() + YEAR_MS).toISOString().slice(0, 10);
        const body = { name, scopes, access_level: accessLevel, expires_at: end };
        const made = await makeAnew(c, place, tokensOf(projectId, "access_tokens"), body);
        return { access_token: made.token };
      },
      undo: (c, place, { projectId, name }) => revokeMade(c, place, tokensOf(projectId, "access_tokens"), name),
    }),
  ];
}

interface Token {
  readonly id: number;
  readonly name: string;
  readonly username?: string;
  readonly revoked?: boolean;
}

/** One that an attempt before this one made is revoked: what it says is known to nobody. */
async function makeAnew(
  c: ActionContext,
  place: Place,
  at: string,
  body: { readonly name: string },
): Promise<Token & { readonly token: string }> {
  const before = await c.once(BEFORE, async () => (await named(place, at, body.name)).map(({ id }) => id));
  await revoke(place, at, body.name, before);
  const { body: made } = await place.ask("POST", at, { body });
  if (typeof made?.token !== "string" || made.token === "")
    throw new InvalidError("GitLab made a token and did not say it.", {
      mend: "Retry the run: the token is revoked and another one made.",
    });
  return made as Token & { token: string };
}

async function revokeMade(c: ActionContext, place: Place, at: string, name: string): Promise<{ done: boolean; words: string }> {
  const before = await c.noted?.<readonly number[]>(BEFORE);
  if (before === undefined) return { done: true, words: `The token ${name} was not made.` };
  await revoke(place, at, name, before);
  return { done: true, words: `The token ${name} is revoked.` };
}

async function revoke(place: Place, at: string, name: string, before: readonly number[]): Promise<void> {
  for (const { id } of await named(place, at, name))
    if (!before.includes(id)) await place.ask("DELETE", `${at}/${id}`, { accept: [404], repeatable: true });
}

async function named({ ask }: Place, at: string, name: string): Promise<readonly Token[]> {
  const { body } = await ask("GET", `${at}?per_page=100`);
  return (body as Token[]).filter((one) => one.name === name && one.revoked !== true);
}

function tokensOf(projectId: string | number, kind: "deploy_tokens" | "access_tokens"): string {
  return `/projects/${encodeURIComponent(String(projectId))}/${kind}`;
}
