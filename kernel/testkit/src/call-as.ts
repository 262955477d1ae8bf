import { newId, type Call } from "@roadbed/core";

/** A call by a user who may do everything, unless `over` says otherwise. */
export function callAs(over: Partial<Call> = {}): Call {
  return {
    actor: { kind: "user", id: "ada", name: "Ada" },
    scopes: new Set(["*"]),
    face: "system",
    requestId: newId("req"),
    signal: new AbortController().signal,
    ...over,
  };
}
