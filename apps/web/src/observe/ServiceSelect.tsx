import { Select } from "@mantine/core";
import type { ReactNode } from "react";

import { listServices } from "@roadbed/contracts/telemetry";
import { useOperation } from "../api/use-operation.ts";

interface Props {
  readonly value: string | undefined;
  readonly onChange: (service: string | undefined) => void;
  /** In a form: labelled, and not to be left empty. */
  readonly required?: boolean;
}

/** A service that sent telemetry in the last hour, or the one that is chosen already. */
export function ServiceSelect({ value, onChange, required = false }: Props): ReactNode {
  const { data } = useOperation(listServices, { limit: 2_000 });
  const names = data?.items.map(({ service }) => service).sort() ?? [];
  return (
    <Select
      {...(required ? { label: "Service", required } : { "aria-label": "Service", clearable: true, w: { base: "100%", xs: 200 } })}
      size="sm"
      placeholder={required ? "Choose" : "Any service"}
      searchable
      nothingFoundMessage="No service of that name sent telemetry in the last hour"
      data={value === undefined || names.includes(value) ? names : [value, ...names]}
      value={value ?? null}
      onChange={(next) => onChange(next ?? undefined)}
      limit={200}
      clearButtonProps={{ "aria-label": "Any service" }}
    />
  );
}
