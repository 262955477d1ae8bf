import { UnavailableError } from "@roadbed/core";

import type { RemoteCall, Remotes } from "../deps.ts";

type Guard = (name: string, allowedAs: string) => Promise<readonly { readonly address: string }[]>;

/**
 * Repositories are asked like any other system: not on this machine nor in a private network unless an administrator allowed the
 * host. What was looked up for the check is what is connected to.
 */
export function guardRemotes(remotes: Remotes, guard: Guard): Remotes {
  return {
    ...remotes,
    clone: async (call) => remotes.clone(await checked(call)),
    fetch: async (call) => remotes.fetch(await checked(call)),
  };

  async function checked(call: RemoteCall): Promise<RemoteCall> {
    const host = hostOf(call.url);
    if (host === undefined) return call;
    try {
      const found = await guard(host.name, host.allowedAs);
      return remotes.proxied === true ? call : { ...call, addresses: found.map(({ address }) => address) };
    } catch (error) {
      if (remotes.proxied === true && error instanceof UnavailableError) return call;
      throw error;
    }
  }
}

/** The host of an address and what it is allowed as: with its port where that is no usual one. None for a folder. */
export function hostOf(address: string): { readonly name: string; readonly allowedAs: string } | undefined {
  const short = /^[^/@\s]+@([\w.-]+):(?!\/\/)/.exec(address)?.[1];
  if (short !== undefined) return { name: short, allowedAs: short.toLowerCase() };
  const url = URL.parse(address);
  if (url === null || url.hostname === "" || url.protocol === "file:") return undefined;
  const isUsual = url.port === "" || (url.protocol === "ssh:" && url.port === "22");
  return { name: url.hostname.replace(/^\[|\]$/g, ""), allowedAs: (isUsual ? url.hostname : url.host).toLowerCase() };
}
