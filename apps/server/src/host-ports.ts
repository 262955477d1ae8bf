/** The ways to Git hosts outside: through the server's guard, with what administrators connected and opened. */
import type { Catalog } from "@roadbed/catalog";
import { listEntities } from "@roadbed/contracts/catalog";
import { hasLeft } from "@roadbed/contracts/catalog/people";
import { perform, type Call, type OutputOf, type Runtime } from "@roadbed/core";
import type { DeliveryDeps } from "@roadbed/delivery";
import { cloneRepository, fetchRepository, pushCommit } from "@roadbed/git";
import { createAddressGuard, createGuardedFetch } from "@roadbed/http";
import { viewerOf } from "@roadbed/identity";
import type { PathsDeps } from "@roadbed/paths";
import type { Database } from "@roadbed/postgres";
import { openRequests } from "@roadbed/standards";

/** Those who left keep their login, so there may be some; so many are an error in the catalogue. */
const MOST_OF_ONE_LOGIN = 20;

type SystemRuntime = Runtime & { system(job: string): Call };

/** Where a Git host may be connected to: through the same guard as sources. Where connections go through a proxy, it looks up names itself. */
export function remotesForDelivery(catalog: Catalog, { proxied }: { readonly proxied: boolean }): NonNullable<DeliveryDeps["remotes"]> {
  const guard = createAddressGuard({ isAllowed: (host) => catalog.isHostAllowed(host) });
  return {
    addressesOf: async (remote) => {
      if (proxied) return undefined;
      const short = /^[^/@\s]+@([\w.-]+):(?!\/\/)/.exec(remote)?.[1];
      const { hostname, host } = short === undefined ? new URL(remote) : { hostname: short, host: short };
      return (await guard(hostname.replace(/^\[|\]$/g, ""), host)).map(({ address }) => address);
    },
  };
}

/** The ways of golden paths to systems outside: through the same guard as sources, with the tokens that administrators opened for them. */
export function outsideForPaths(catalog: Catalog, { proxied }: { readonly proxied: boolean }): NonNullable<PathsDeps["outside"]> {
  const isAllowed = (host: string): Promise<boolean> => catalog.isHostAllowed(host);
  const guard = createAddressGuard({ isAllowed });
  const pinned = async (url: string): Promise<{ addresses?: string[] }> => {
    const { hostname, host } = new URL(url);
    // Where connections go through a proxy, it looks up names itself.
    if (proxied) return {};
    return { addresses: (await guard(hostname.replace(/^\[|\]$/g, ""), host)).map(({ address }) => address) };
  };
  const connections = (): Promise<readonly OpenHost[]> => openHosts(catalog);
  return {
    fetch: createGuardedFetch({ isAllowed }),
    push: async (o) => pushCommit({ ...o, ...(await pinned(o.url)) }),
    clone: async (o) => cloneRepository({ ...o, ...(await pinned(o.url)) }),
    fetchAgain: async (o) => fetchRepository({ ...o, ...(await pinned(o.url)) }),
    async connection({ system, host, owner }) {
      // Opened for one organisation or group, a token is used there and nowhere else.
      const own = (await connections()).find((one) => one.system === system && one.host === host && isOf(owner, one.owner));
      return own && { api: own.api, token: own.token, name: `${own.host}/${own.owner}` };
    },
    hosts: async () => (await connections()).map(({ system, host, owner }) => ({ system, host, owner })),
  };
}

/** Requests at the mirror's host, and who people are that act there. */
export function hostsForDelivery(
  catalog: Catalog,
  o: {
    readonly runtime: SystemRuntime;
    readonly db: Database;
    readonly proxied: boolean;
    readonly accountsOf: (ctx: { readonly sql: Database }, refs: readonly string[]) => Promise<readonly string[]>;
  },
): NonNullable<DeliveryDeps["hosts"]> {
  const outside = outsideForPaths(catalog, o);
  return {
    async at(remote) {
      const place = placeOfRemote(remote);
      if (place === undefined)
        return { because: `${remote} names no repository of an owner`, mend: "Give its address at GitHub or GitLab." };
      const known = (await outside.hosts()).find(({ host }) => host === place.host);
      const requests =
        known &&
        (await openRequests(
          { fetch: outside.fetch, connection: (asked) => outside.connection(asked) },
          { system: known.system, host: known.host, path: place.repository },
        ));
      if (known === undefined || requests === undefined)
        return {
          because: `No connection to ${place.host} is opened for ${place.repository}`,
          mend: `An administrator connects ${place.host} as a source and switches on "goldenPaths".`,
        };
      return { system: known.system, host: known.host, repository: place.repository, requests };
    },
    async personAt(ctx, { system, login }) {
      const handler = catalog.handlers.find(({ operation }) => operation.name === listEntities.name)!;
      // A login is a word of letters, digits, dots, dashes and underscores: what is another thing is nobody's, and no filter.
      if (!/^[\w.-]{1,100}$/.test(login)) return undefined;
      const { items } = (await perform(o.runtime, handler, o.runtime.system("delivery"), {
        filter: `kind=user,metadata.annotations.${system}.com/user-login=${login}`,
        limit: MOST_OF_ONE_LOGIN,
        sort: "name",
      })) as OutputOf<typeof listEntities>;
      if (items.length === MOST_OF_ONE_LOGIN) return undefined;
      const people = await Promise.all(items.map(async ({ ref }) => ({ ref, entity: await catalog.getEntity(ctx, ref) })));
      // Whoever left does nothing here any more, however long their account and their token there still live.
      const there = people.filter(({ entity }) => entity !== undefined && !hasLeft(entity));
      // Two people of one login are nobody.
      if (there.length !== 1) return undefined;
      const accounts = await o.accountsOf({ sql: o.db }, [there[0]!.ref]);
      return accounts.length === 1 ? viewerOf(o.db, accounts[0]!) : undefined;
    },
  };
}

/** Of `https://host/owner/repository.git`, `ssh://git@host/…` and `git@host:…`. */
function placeOfRemote(remote: string): { readonly host: string; readonly repository: string } | undefined {
  const short = /^[^/@\s]+@([\w.-]+):(?!\/\/)(.+)$/.exec(remote);
  const url = short === null ? URL.parse(remote) : null;
  const host = short?.[1] ?? (url?.protocol === "ssh:" ? url.hostname : url?.host);
  const repository = (short?.[2] ?? url?.pathname ?? "").replace(/^\/+|\/+$/g, "").replace(/\.git$/, "");
  return host === undefined || !repository.includes("/") ? undefined : { host, repository };
}

/** A Git host at which golden paths may write, and the source that connects it. */
export interface OpenHost {
  readonly system: "github" | "gitlab";
  readonly sourceId: string;
  readonly host: string;
  readonly owner: string;
  readonly api: string;
  readonly token: string;
  /** Whether the source reads descriptors by itself. */
  readonly reads: boolean;
}

export async function openHosts(catalog: Catalog): Promise<readonly OpenHost[]> {
  const [github, gitlab] = await Promise.all([catalog.connectionsFor("github"), catalog.connectionsFor("gitlab")]);
  return [
    ...github.map(({ sourceId, settings: { org, api = "https://api.github.com", token, descriptors } }) => ({
      system: "github" as const,
      sourceId,
      host: hostOfApi(String(api)),
      owner: String(org),
      api: String(api).replace(/\/+$/, ""),
      token: String(token),
      reads: descriptors !== false,
    })),
    ...gitlab.map(({ sourceId, settings: { group, url = "https://gitlab.com", token, descriptors } }) => ({
      system: "gitlab" as const,
      sourceId,
      host: new URL(String(url)).host,
      owner: String(group),
      api: `${String(url).replace(/\/+$/, "")}/api/v4`,
      token: String(token),
      reads: descriptors !== false,
    })),
  ];
}

function hostOfApi(api: string): string {
  const { host } = new URL(api);
  return host === "api.github.com" ? "github.com" : host;
}

/** A group has groups below it. */
function isOf(owner: string | undefined, holder: string): boolean {
  const [a, b] = [owner?.toLowerCase() ?? "", holder.toLowerCase()];
  return a === b || a.startsWith(`${b}/`);
}
