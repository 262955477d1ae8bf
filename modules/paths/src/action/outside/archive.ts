import { InvalidError, type Ctx } from "@roadbed/core";
import { z } from "zod";

import type { Git, Outside } from "../../deps.ts";
import { isHosted, placeOfHosted } from "../../ledger/hosted-repositories.ts";
import { defineAction, type Action, type ActionContext, type Undone } from "../action.ts";
import { connect, type Place } from "./connect.ts";

/** Makes a repository at GitHub or a project at GitLab read only. Doing it twice is doing it once; one that is gone is left so. */
export async function archiveAt({ system, ask, owner, repo }: Place): Promise<"archived" | "gone"> {
  const path =
    system === "github"
      ? `/repos/${encodeURIComponent(owner)}/${encodeURIComponent(repo)}`
      : `/projects/${encodeURIComponent(`${owner}/${repo}`)}`;
  const { status, body } = await ask("GET", path, { accept: [404] });
  if (status === 404) return "gone";
  if (body?.archived === true) return "archived";
  if (system === "github") await ask("PATCH", path, { body: { archived: true }, repeatable: true });
  else await ask("POST", `${path}/archive`, { repeatable: true });
  return "archived";
}

/** How a repository elsewhere is taken back: it is archived, never deleted, since that cannot be taken back itself. */
export async function takeBackAt(
  c: ActionContext,
  outside: Outside | undefined,
  system: "github" | "gitlab",
  repoUrl: string | undefined,
): Promise<Undone> {
  if (repoUrl === undefined) return { done: false, words: "Which repository it made cannot be told any more." };
  const place = await connect(c, outside, system, { repoUrl });
  const name = `${place.owner}/${place.repo} at ${place.host}`;
  const state = await archiveAt(place);
  return state === "gone"
    ? { done: true, words: `${name} is gone.` }
    : { done: false, words: `${name} is archived: to delete it is left to people.` };
}

/** `https://github.com/acme/orders.git` as Backstage writes it. */
export function repoUrlOf(remoteUrl: unknown): string | undefined {
  const url = typeof remoteUrl === "string" ? URL.parse(remoteUrl) : null;
  if (url === null) return undefined;
  const parts = url.pathname
    .replace(/^\/|\.git$/g, "")
    .replace(/\.git$/, "")
    .split("/");
  const repo = parts.pop();
  return repo === undefined || parts.length === 0
    ? undefined
    : `${url.host}?owner=${encodeURIComponent(parts.join("/"))}&repo=${encodeURIComponent(repo)}`;
}

/** What the ledger knows that golden paths made for an entity. */
export type RepositoriesOf = (ctx: Ctx, entityRef: string) => Promise<readonly string[]>;

/** Makes the repositories of an entity read only: those that the ledger knows golden paths made for it, wherever they lie. */
export function makeArchiveRepository(git: Git, outside: Outside | undefined, repositoriesOf: RepositoriesOf = async () => []): Action {
  const find = (c: ActionContext, entityRef: string): Promise<readonly string[]> => c.read((ctx) => repositoriesOf(ctx, entityRef));
  return defineAction({
    id: "roadbed:repository:archive",
    description: "Makes the repositories that golden paths made for an entity read only: in the embedded host, at GitHub and at GitLab.",
    input: z.object({ entityRef: z.string().min(1), reason: z.string().min(3).default("It is retired.") }),
    output: z.object({ repositories: z.array(z.string()) }),
    examples: [
      { description: "When a service is retired", input: { entityRef: "${{ parameters.entity }}", reason: "${{ parameters.reason }}" } },
    ],
    reach: "outside",
    async describe(c, { entityRef }) {
      const found = await find(c, entityRef);
      return {
        words:
          found.length === 0
            ? `No golden path made a repository for ${entityRef}: none is archived.`
            : `Archives ${found.join(", ")}: read only from then on.`,
        resources: found.map((name) => ({ kind: "Repository", name, summary: "archived: read only" })),
        output: { repositories: [...found] },
      };
    },
    async run(c, { entityRef, reason }) {
      const found = await find(c, entityRef);
      for (const name of found) {
        if (isHosted(name)) await archiveAt(await placeOfHosted(outside, name, QUIET));
        else if (git.archiveRepository === undefined) throw new InvalidError(`${name} cannot be archived here.`);
        else await c.write((ctx) => git.archiveRepository!(ctx, { name, reason }));
        await c.log("info", `${name} is archived.`);
      }
      return { repositories: [...found] };
    },
  });
}

const QUIET = { debug() {}, info() {}, warn() {}, error() {} };
