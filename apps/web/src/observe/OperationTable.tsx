import { Link } from "@tanstack/react-router";
import { useMemo, type ReactNode } from "react";

import type { OutputOf } from "@roadbed/core";
import type { getService } from "@roadbed/contracts/telemetry";
import type { Column } from "../table/column.ts";
import { DataTable } from "../table/DataTable.tsx";
import { Section } from "../ui/Page.tsx";
import classes from "./observe.module.css";
import { RED } from "./red-columns.tsx";

type OperationRow = OutputOf<typeof getService>["operations"][number];

interface Props {
  readonly service: string;
  readonly range: string | undefined;
  readonly operations: readonly OperationRow[];
}

/** What a service is asked to do, each with its rate, errors and latencies; leads to its traces. */
export function OperationTable({ service, range, operations }: Props): ReactNode {
  const columns = useMemo<readonly Column<OperationRow>[]>(
    () => [
      {
        id: "operation",
        header: "Operation",
        value: ({ operation }) => operation,
        cell: ({ operation }) => (
          <Link to="/traces" search={{ service, operation, range }} className={classes.plainLink} title={`Traces of ${operation}`}>
            {operation}
          </Link>
        ),
      },
      RED.requests,
      RED.rate,
      RED.errors,
      RED.p50,
      RED.p95,
      RED.p99,
    ],
    [service, range],
  );
  return (
    <Section title="Operations" count={operations.length}>
      <DataTable
        label="Operations"
        density="compact"
        columns={columns}
        rows={operations}
        rowKey={({ operation }) => operation}
        sort="-requests"
      />
    </Section>
  );
}
