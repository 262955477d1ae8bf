import { useMemo } from "react";

import { listEntities, type EntityRow } from "@roadbed/contracts/catalog";
import { useOperation } from "../api/use-operation.ts";

/** As many as one page of the catalogue holds. */
const MOST = 500;

/** Components of the catalogue by name, which is the name of their telemetry unless they say otherwise. */
export function useComponents(): ReadonlyMap<string, EntityRow> {
  const { data } = useOperation(listEntities, { filter: "kind=component", limit: MOST }, { staleTime: 60_000 });
  return useMemo(() => new Map(data?.items.map((row) => [row.name, row])), [data]);
}
