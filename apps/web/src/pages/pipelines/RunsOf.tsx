import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { listPipelineRuns } from "@roadbed/contracts/delivery/pipelines";
import { useOperation } from "../../api/use-operation.ts";
import { DataTable } from "../../table/DataTable.tsx";
import { Section } from "../../ui/Page.tsx";
import { COLUMNS } from "./columns.tsx";

const SHOWN = 5;

/** The newest runs of a component's pipelines, or those of one commit; nothing where there never was one. */
export function RunsOf(of: { readonly entityRef: string } | { readonly repository: string; readonly commit: string }): ReactNode {
  const { data } = useOperation(listPipelineRuns, { ...of, limit: SHOWN });
  if (data === undefined || data.items.length === 0) return null;
  return (
    <Section
      title="Pipelines"
      act={
        <Link to="/pipelines" search={"entityRef" in of ? { entity: of.entityRef } : { q: of.repository }}>
          All of them
        </Link>
      }
    >
      <DataTable
        label="Runs of pipelines"
        columns={COLUMNS.filter(({ id }) => id !== "repository")}
        rows={data.items}
        rowKey={({ id }) => id}
        empty={null}
      />
    </Section>
  );
}
