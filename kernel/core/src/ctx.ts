import type { EventType } from "./event.ts";

/** Who acts. */
export type Actor =
  | { readonly kind: "user"; readonly id: string; readonly name: string }
  | { readonly kind: "service"; readonly id: string; readonly name: string }
  | { readonly kind: "agent"; readonly id: string; readonly name: string; readonly onBehalfOf?: string }
  | { readonly kind: "webhook"; readonly id: string }
  | { readonly kind: "system"; readonly job: string }
  | { readonly kind: "anonymous" };

/** By which door the call came in. */
export type Face = "http" | "cli" | "mcp" | "web" | "git" | "otlp" | "system";

/** A row as the driver returns it. */
export type Row = Record<string, unknown>;

/** SQL with `$1` parameters, on the call's own transaction (writes) or on a pooled connection (reads). */
export interface Sql {
  query<R extends Row = Row>(text: string, values?: readonly unknown[]): Promise<{ readonly rows: R[]; readonly rowCount: number }>;
}

export interface Logger {
  debug(message: string, fields?: Row): void;
  info(message: string, fields?: Row): void;
  warn(message: string, fields?: Row): void;
  error(message: string, fields?: Row): void;
}

/** What a face knows about a call before it is performed. */
export interface Call {
  readonly actor: Actor;
  readonly scopes: ReadonlySet<string>;
  readonly face: Face;
  /** Correlates log lines, audit rows and error answers. */
  readonly requestId: string;
  /** Why, in the caller's words: agents must say it, people may. */
  readonly reason?: string;
  /** The same key by the same actor never does the same write twice. */
  readonly idempotencyKey?: string;
  readonly signal: AbortSignal;
}

/** Everything that belongs to one call and dies with it. */
export interface Ctx extends Call {
  readonly now: () => Date;
  readonly log: Logger;
  readonly sql: Sql;
  /** Records an event; it is stored in the same transaction as the state, or not at all. `subject` is what it is about. */
  readonly emit: <P>(type: EventType<P>, subject: string, payload: P) => void;
}

/** One word for an actor, as audit rows and events store it, e.g. `user:ada` or `system:relay`. */
export function formatActor(actor: Actor): string {
  if (actor.kind === "anonymous") return "anonymous";
  if (actor.kind === "system") return `system:${actor.job}`;
  return `${actor.kind}:${actor.id}`;
}
