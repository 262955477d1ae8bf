import type { Change } from "@roadbed/contracts/delivery/changes";
import { NotFoundError, type Ctx } from "@roadbed/core";

import { createAsk } from "./ask.ts";
import type { HostRepository, Home, Place, Proposal } from "./git-host.ts";
import { githubRepository, textOf } from "./github.ts";
import { gitlabRepository } from "./gitlab.ts";

/** The ways to repositories: the embedded host, and those that connections open. */
export interface HostPorts {
  /** Where a thing is described. */
  placeOf(ref: string): Promise<Place>;
  readonly embedded?: Embedded | undefined;
  readonly outside?: Outside | undefined;
  /** Where people reach the server, without a slash at the end. */
  readonly publicUrl: string;
}

/** The embedded Git host. */
export interface Embedded {
  /** Paths that differ between two commits. */
  compare?(repository: string, from: string, to: string): Promise<readonly string[]>;
  listFiles?(repository: string, commit: string): Promise<readonly string[]>;
  /** A proposed change as it stands; undefined when it is not open. */
  change?(ctx: Ctx, id: string): Promise<{ readonly head: string; readonly base: string } | undefined>;
  head(repository: string, branch: string): Promise<string | undefined>;
  readFile(repository: string, commit: string, path: string): Promise<Uint8Array | undefined>;
  propose(
    ctx: Ctx,
    change: {
      readonly repository: string;
      readonly branch: string;
      readonly title: string;
      readonly body: string;
      readonly base: string;
      readonly files: readonly { readonly path: string; readonly content: string }[];
      readonly removed: readonly string[];
      readonly conflicts: readonly never[];
      readonly author: { readonly name: string; readonly email: string };
      readonly key: string;
    },
  ): Promise<Pick<Change, "id" | "state">>;
}

/** Systems outside, through the server's guard, with what administrators opened. */
export interface Outside {
  readonly fetch: typeof fetch;
  connection(o: {
    readonly system: "github" | "gitlab";
    readonly host: string;
    readonly owner?: string | undefined;
  }): Promise<{ readonly api: string; readonly token: string } | undefined>;
}

/** Finds the repository of a thing. `ctx` is that of the call: changes at the embedded host commit with it. */
export async function findHome(ports: HostPorts, ctx: Ctx, ref: string): Promise<Home> {
  const place = await ports.placeOf(ref);
  if ("because" in place) return place;
  const { system, host, path } = place;
  const slash = path.lastIndexOf("/");
  const where = { dir: slash < 0 ? "" : path.slice(0, slash), descriptor: path };
  if (system === "embedded") {
    if (!ports.embedded) return { because: "this server has no Git host of its own" };
    return {
      repository: embeddedRepository(ports, { embedded: ports.embedded, ctx, name: place.repository, main: place.branch ?? "main" }),
      ...where,
    };
  }
  const repository = await openRepository(ports, system, host, place.repository);
  return repository ? { repository, ...where } : { because: `no connection to ${host} is opened for golden paths` };
}

/** A repository at a host outside; undefined where no connection is opened for its owner. */
export async function openRepository(
  { outside }: Pick<HostPorts, "outside">,
  system: "github" | "gitlab",
  host: string,
  path: string,
): Promise<HostRepository | undefined> {
  const owner = path.split("/").slice(0, -1).join("/");
  const connection = await outside?.connection({ system, host, owner });
  if (!outside || !connection) return undefined;
  const { api, token } = connection;
  const headers: Record<string, string> =
    system === "github"
      ? { authorization: `Bearer ${token}`, accept: "application/vnd.github+json", "x-github-api-version": "2022-11-28" }
      : { "private-token": token };
  const ask = createAsk({ fetch: outside.fetch, host, api, headers });
  return system === "github" ? githubRepository({ ask, host, path }) : gitlabRepository({ ask, host, path });
}

function embeddedRepository(
  { publicUrl }: HostPorts,
  { embedded, ctx, name, main }: { readonly embedded: Embedded; readonly ctx: Ctx; readonly name: string; readonly main: string },
): HostRepository {
  const toProposal = ({ id, state }: Pick<Change, "id" | "state">): Proposal => ({
    number: id,
    link: `${publicUrl}/delivery/changes/${id}`,
    state: state === "merged" || state === "closed" ? state : "open",
  });
  return {
    system: "embedded",
    name,
    owner: "",
    head: async () => {
      const commit = await embedded.head(name, main);
      if (commit === undefined) throw new NotFoundError("branch", `${main} of ${name}`, "Push a first commit to it.");
      return { branch: main, commit };
    },
    read: async (commit, path) => {
      const bytes = await embedded.readFile(name, commit, path);
      return bytes && textOf(bytes);
    },
    propose: async ({ branch, title, body, base, files, author, key }) =>
      toProposal(
        await embedded.propose(ctx, { repository: name, branch, title, body, base, files, removed: [], conflicts: [], author, key }),
      ),
    compare: async (base, head) => ({ start: base, changed: (await embedded.compare?.(name, base, head)) ?? [] }),
    list: async (commit) => (await embedded.listFiles?.(name, commit)) ?? [],
    // The page of the change shows it.
    report: async () => {},
    // What becomes of it is told by events.
    proposal: async (number) => ({ number, link: `${publicUrl}/delivery/changes/${number}`, state: "open" }),
  };
}
