import { useMemo, type ReactNode } from "react";

import { listOnCall } from "@roadbed/contracts/catalog/ownership";
import { useOperation } from "../api/use-operation.ts";
import { shortRef } from "./entity-kind.ts";

/** What stands in a column of who is called for a thing. */
export type OnCallOf = (ref: string) => ReactNode;

/** So many are asked about; who looks further down asks by the thing's own page. */
const MOST = 500;
const OWN = "own";

/** Who is called now for each row of a list. Asks nothing while no such column is shown. */
export function useOnCall(refs: readonly string[], shown = true): OnCallOf {
  const asked = refs.slice(0, MOST);
  const found = useOperation(listOnCall, { refs: asked.join(",") }, { enabled: shown && asked.length > 0, keep: true, staleTime: 60_000 });
  return useMemo(() => {
    const byRef = new Map(found.data?.items.map((item) => [item.ref, item]));
    return (ref) => {
      const item = byRef.get(ref);
      if (item === undefined) return found.data === undefined ? null : <span className="rb-dim">nobody</span>;
      return (
        <span title={item.because === OWN ? "By its own rota" : `By the rota of ${shortRef(item.from)}`}>{item.names.join(", ")}</span>
      );
    };
  }, [found.data]);
}
