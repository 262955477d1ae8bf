import { listEntities } from "@roadbed/contracts/catalog";
import { tellUsage } from "@roadbed/contracts/product/adoption";
import type { Client } from "@roadbed/face-client";

import { keepTelling } from "./keep-telling.ts";
import { usesBetween } from "./uses.ts";

const BACK_MS = 364 * 86_400_000;
const EVERY_MS = 1_800_000;
const AT_ONCE = 500;

/** Tells what the teams of the estate use, by the door by which anybody tells it. What is known already stays as it is. */
export async function keepUses(o: {
  readonly client: Client;
  readonly services: readonly string[];
  readonly origin: number;
  readonly signal: AbortSignal;
}): Promise<void> {
  const tell = async (from: number, to: number): Promise<void> => {
    const teams = await teamsOf(o.client, new Set(o.services));
    const rows = usesBetween({ teams, from, to, origin: o.origin });
    for (let at = 0; at < rows.length && !o.signal.aborted; at += AT_ONCE)
      await o.client.call(tellUsage, { source: "sample", rows: rows.slice(at, at + AT_ONCE), sample: true });
  };
  await keepTelling({ backMs: BACK_MS, everyMs: EVERY_MS, signal: o.signal, tell });
}

/** The teams that own the services of the estate. */
async function teamsOf(client: Client, services: ReadonlySet<string>): Promise<string[]> {
  const { items } = await client.call(listEntities, { filter: "kind=component", limit: 500, sort: "name" });
  const owners = items.filter(({ ref }) => services.has(ref.slice(ref.indexOf("/") + 1))).flatMap(({ owner }) => owner ?? []);
  return [...new Set(owners)].filter((owner) => owner.startsWith("group:")).sort();
}
