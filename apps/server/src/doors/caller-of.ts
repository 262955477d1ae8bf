import type { IncomingMessage } from "node:http";

import type { Caller, Identity } from "@roadbed/identity";

export const SESSION_COOKIE = "roadbed_session";

/** Reads the credential of any request of Node's: a token in the header, else the session cookie. */
export function makeCallerOf(identity: Identity): (request: Pick<IncomingMessage, "headers">) => Promise<Caller | undefined> {
  return ({ headers }) => identity.authenticate({ authorization: headers.authorization, cookie: cookieIn(headers.cookie) });
}

function cookieIn(header: string | undefined): string | undefined {
  const prefix = `${SESSION_COOKIE}=`;
  const pair = header?.split(/;\s*/).find((part) => part.startsWith(prefix));
  return pair?.slice(prefix.length);
}
