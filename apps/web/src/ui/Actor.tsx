import type { ReactNode } from "react";

import { getMe, listTokens, listUsers } from "@roadbed/contracts/identity";
import { useOperation } from "../api/use-operation.ts";
import { actorWords } from "./actor-words.ts";

/** Who did it, by the name one knows: "you", a person, a token's name, or the part of Roadbed that acted. */
export function Actor({ of }: { readonly of: string }): ReactNode {
  const name = useActorName();
  return <span title={of}>{name(of)}</span>;
}

/** The same as a text. Only an administrator may read the list of people and tokens; others see their own name and ids. */
export function useActorName(): (actor: string) => string {
  const me = useOperation(getMe, {}, { staleTime: 5 * 60_000 });
  const mayList = me.data?.scopes.some((scope) => scope === "*" || scope === "identity:admin") === true;
  const users = useOperation(listUsers, { limit: 500 }, { enabled: mayList, staleTime: 5 * 60_000 });
  const tokens = useOperation(listTokens, { limit: 500 }, { enabled: mayList, staleTime: 5 * 60_000 });
  const names = new Map([
    ...(users.data?.items ?? []).map(({ id, displayName }) => [id, displayName] as const),
    ...(tokens.data?.items ?? []).map(({ id, name }) => [id, name] as const),
  ]);
  return (actor) => actorWords(actor, me.data?.actor, names);
}
