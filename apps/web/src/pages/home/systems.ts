import type { EntityRow } from "@roadbed/contracts/catalog";
import type { ServiceRow } from "@roadbed/contracts/telemetry";

/** A system with the health of its components, the worst first. */
export interface SystemHealth {
  readonly system: string;
  readonly parts: readonly { readonly ref: string; readonly name: string; readonly health: ServiceRow["health"]; readonly why: string }[];
  readonly sick: number;
}

const RANK: Readonly<Record<ServiceRow["health"], number>> = { failing: 0, degraded: 1, ok: 2, unknown: 3 };

/** Components by system; systems with trouble first, then by name. Components without a system are left out. */
export function healthBySystem(
  components: readonly EntityRow[],
  services: readonly Pick<ServiceRow, "service" | "health" | "why">[],
): readonly SystemHealth[] {
  const known = new Map(services.map((row) => [row.service, row]));
  const groups = Map.groupBy(
    components.filter(({ system }) => system !== undefined),
    ({ system }) => system ?? "",
  );
  return [...groups]
    .map(([system, rows]) => {
      const parts = rows
        .map(({ ref, name }) => ({
          ref,
          name,
          health: known.get(name)?.health ?? ("unknown" as const),
          why: known.get(name)?.why ?? "no telemetry in the last hour",
        }))
        .sort((a, b) => RANK[a.health] - RANK[b.health] || a.name.localeCompare(b.name, "en"));
      return { system, parts, sick: parts.filter(({ health }) => health === "failing" || health === "degraded").length };
    })
    .sort((a, b) => b.sick - a.sick || a.system.localeCompare(b.system, "en"));
}
