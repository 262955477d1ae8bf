import * as catalog from "@roadbed/contracts/catalog";
import * as delivery from "@roadbed/contracts/delivery";
import * as identity from "@roadbed/contracts/identity";
import * as paths from "@roadbed/contracts/paths";
import * as standards from "@roadbed/contracts/standards";
import * as telemetry from "@roadbed/contracts/telemetry";
import { z } from "zod";

type Registry = z.core.$ZodRegistry<{ id?: string }>;

let registry: Registry | undefined;

/** The object and enum schemas that the contracts export, under the names they export them by. */
export function namedSchemas(): Registry {
  registry ??= collect([catalog, delivery, identity, paths, standards, telemetry]);
  return registry;
}

function collect(contracts: readonly Readonly<Record<string, unknown>>[]): Registry {
  const found: Registry = z.registry<{ id?: string }>();
  const names = new Set<string>();
  for (const [name, value] of contracts.flatMap((contract) => Object.entries(contract))) {
    if (names.has(name) || !(value instanceof z.ZodObject || value instanceof z.ZodEnum)) continue;
    names.add(name);
    found.add(value, { id: name });
  }
  return found;
}
