import type { Connector, ConnectorCall, Evaluate } from "@roadbed/contracts/connector";
import { InvalidError, NotFoundError, parseInput, UnavailableError, type Logger, type Sql } from "@roadbed/core";

import type { CatalogDeps } from "../deps.ts";
import { parseYaml } from "../descriptor/parse-yaml.ts";
import type { SourceSecrets } from "../source/source-secrets.ts";
import type { SourceRow } from "../source/source-store.ts";
import { isHostAllowed } from "./allowed-hosts.ts";
import { findEntities } from "./find-entities.ts";

/** The connectors that this server was given, and what each call of one needs. */
export interface Connectors {
  readonly all: readonly Connector[];
  /** Throws `NotFoundError`. */
  get(kind: string): Connector;
  /** The settings as the connector wants them: checked, with what is secret. Throws `InvalidError`, `ConflictError` for another key. */
  settingsOf(source: Pick<SourceRow, "id" | "connector" | "settings" | "secrets">): Promise<object>;
  /** What is given, parted into what may be shown and what is sealed. Throws `InvalidError`. */
  part(connector: Connector, given: Readonly<Record<string, unknown>>): Parted;
  /** `hours`: how long it may last at most, where a quarter of an hour is too short. */
  call(o: {
    readonly state: Readonly<Record<string, unknown>>;
    readonly signal: AbortSignal;
    readonly now: () => Date;
    readonly hours?: number;
  }): ConnectorCall;
  readonly evaluate: Evaluate;
}

export interface Parted {
  readonly settings: object;
  readonly shown: Readonly<Record<string, unknown>>;
  readonly secrets: Readonly<Record<string, unknown>>;
  readonly target: string;
}

export function createConnectors(
  deps: Pick<CatalogDeps, "connectors" | "outbound" | "outboundAddress" | "cel"> & {
    readonly db: Sql;
    readonly log: Logger;
    readonly secrets: SourceSecrets;
  },
): Connectors {
  const all = deps.connectors ?? [];
  const isAllowed = (host: string): Promise<boolean> => isHostAllowed(deps.db, host);
  const fetch = deps.outbound?.(isAllowed) ?? refuse;
  const guard = deps.outboundAddress?.(isAllowed) ?? refuse;
  const evaluate: Evaluate = (names, expressions, bindings) => {
    if (!deps.cel?.evaluateRows) throw new UnavailableError("This server evaluates no expressions.");
    return deps.cel.evaluateRows(names, expressions, bindings);
  };

  return { all, get, settingsOf, part, call, evaluate };

  function get(kind: string): Connector {
    const found = all.find((one) => one.kind === kind);
    if (found) return found;
    throw new NotFoundError("connector", kind, `There are ${all.map((one) => one.kind).join(", ") || "none"}.`);
  }

  async function settingsOf(source: Pick<SourceRow, "id" | "connector" | "settings" | "secrets">): Promise<object> {
    const connector = get(source.connector ?? "");
    return parseSettings(connector, { ...source.settings, ...(await deps.secrets.read(source)) });
  }

  function part(connector: Connector, given: Readonly<Record<string, unknown>>): Parted {
    const settings = parseSettings(connector, given);
    const isSecret = (key: string): boolean => connector.secrets.includes(key);
    // What was given is kept, not what it was parsed to: a default that changes later is meant to.
    const entries = Object.entries(given).filter(([, value]) => value !== undefined && value !== null);
    return {
      settings,
      shown: Object.fromEntries(entries.filter(([key]) => !isSecret(key))),
      secrets: Object.fromEntries(entries.filter(([key]) => isSecret(key))),
      target: connector.targetOf(settings),
    };
  }

  function call({ state, signal, now, hours = 0.25 }: Parameters<Connectors["call"]>[0]): ConnectorCall {
    const find: ConnectorCall["find"] = (asked) => findEntities(deps.db, asked);
    return {
      fetch,
      evaluate,
      find,
      addressOf,
      state,
      now,
      log: deps.log,
      signal: AbortSignal.any([signal, AbortSignal.timeout(hours * 3_600_000)]),
    };
  }

  async function addressOf(host: string, port: number): Promise<string> {
    const name = host.replace(/^\[|\]$/g, "");
    return (await guard(name, `${name.includes(":") ? `[${name}]` : name}:${port}`))[0]!.address;
  }
}

function parseSettings(connector: Connector, given: Readonly<Record<string, unknown>>): object {
  try {
    return parseInput(connector.settings, { ...given, ...documentsIn(connector, given) }) as object;
  } catch (error) {
    if (!(error instanceof InvalidError)) throw error;
    const problems = error.problems.map((problem) => ({ ...problem, at: `settings.${problem.at}` }));
    throw new InvalidError(`The settings of ${connector.title} are not right: ${error.message}`, { problems });
  }
}

/** Settings that are documents, as JSON: whatever they were written in. */
function documentsIn({ documents = [] }: Connector, given: Readonly<Record<string, unknown>>): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of documents) {
    const text = given[name];
    if (typeof text !== "string" || text.trim() === "") continue;
    const [parsed] = parseYaml(text);
    if (!parsed) continue;
    if ("unreadable" in parsed) {
      const reason = `cannot be read: line ${parsed.unreadable.line}: ${parsed.unreadable.reason}`;
      throw new InvalidError(`The setting ${name} ${reason}`, { problems: [{ at: name, reason }] });
    }
    found[name] = JSON.stringify(parsed.document.value);
  }
  return found;
}

function refuse(): never {
  throw new UnavailableError("This server talks to no other host.");
}
