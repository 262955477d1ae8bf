import { listTokens, listUsers } from "@roadbed/contracts/identity";
import { useOperation } from "../../api/use-operation.ts";
import { nameOfActor, type Names } from "./actor.ts";

const ALL = 500;
const STALE_MS = 60_000;

/** Names for the actors of the audit log, as far as one may see the accounts and tokens behind them. */
export function useActors(): (actor: string) => string {
  const users = useOperation(listUsers, { limit: ALL }, { staleTime: STALE_MS });
  const tokens = useOperation(listTokens, { limit: ALL }, { staleTime: STALE_MS });
  const names: Names = new Map([
    ...(users.data?.items ?? []).map(({ id, displayName }) => [id, displayName] as const),
    ...(tokens.data?.items ?? []).map(({ id, name }) => [id, name] as const),
  ]);
  return (actor) => nameOfActor(actor, names);
}
