import { createCel, type Cel } from "@roadbed/cel";
import type { Connector, ConnectorCall, Reading } from "@roadbed/contracts/connector";
import { quietLog } from "@roadbed/testkit";

/** A call as the framework makes it, short of the guard of `fetch`: doubles live in this process. */
export function callWith(cel: Cel, over: Partial<ConnectorCall> = {}): ConnectorCall {
  return {
    fetch,
    evaluate: (names, expressions, bindings) => cel.evaluateRows(names, expressions, bindings),
    find: async () => [],
    addressOf: async (host) => host,
    state: {},
    now: () => new Date(),
    log: quietLog,
    signal: new AbortController().signal,
    ...over,
  };
}

export async function readAll<S extends object>(connector: Connector<S>, settings: unknown, call: ConnectorCall): Promise<Reading[]> {
  const readings: Reading[] = [];
  for await (const reading of connector.read(connector.settings.parse(settings), call)) readings.push(reading);
  return readings;
}

export function entitiesOf(readings: readonly Reading[]): Extract<Reading, { type: "entity" }>[] {
  return readings.filter((reading) => reading.type === "entity");
}

export { createCel };
