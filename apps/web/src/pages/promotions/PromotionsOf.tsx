import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { listPromotions } from "@roadbed/contracts/delivery/promotions";
import { useOperation } from "../../api/use-operation.ts";
import { DataTable } from "../../table/DataTable.tsx";
import { Section } from "../../ui/Page.tsx";
import { COLUMNS } from "./PromotionTable.tsx";

const SHOWN = 5;

/** The newest promotions of a component; nothing where it has no release. */
export function PromotionsOf({ entityRef }: { readonly entityRef: string }): ReactNode {
  const { data } = useOperation(listPromotions, { entityRef, limit: SHOWN });
  if (data === undefined || data.items.length === 0) return null;
  return (
    <Section
      title="Promotions"
      act={
        <>
          <Link to="/releases" search={{ entity: entityRef, tab: "releases" }}>
            Its releases
          </Link>
          {" · "}
          <Link to="/releases" search={{ entity: entityRef, tab: "promotions" }}>
            All of them
          </Link>
        </>
      }
    >
      <DataTable label="Promotions" columns={COLUMNS} rows={data.items} rowKey={({ id }) => id} empty={null} />
    </Section>
  );
}
