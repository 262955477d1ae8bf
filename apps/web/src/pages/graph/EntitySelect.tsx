import { Select } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useState, type ReactNode } from "react";

import { listEntities } from "@roadbed/contracts/catalog";
import { useOperation } from "../../api/use-operation.ts";
import { shortRef } from "../../ui/entity-kind.ts";

interface Props {
  readonly label: string;
  readonly placeholder: string;
  readonly width: number | string;
  readonly value: string | undefined;
  readonly onChange: (ref: string | undefined) => void;
  readonly visibleLabel?: boolean;
  /** Only of this kind. */
  readonly kind?: string;
}

/** One entity of the whole catalogue, found as one types. */
export function EntitySelect({ label, placeholder, width, value, onChange, visibleLabel = false, kind: only }: Props): ReactNode {
  const [typed, setTyped] = useState("");
  const [asked] = useDebouncedValue(typed, 150);
  const text = value !== undefined && asked === shortRef(value) ? "" : asked;
  const found = useOperation(
    listEntities,
    { ...(text !== "" && { text }), ...(only !== undefined && { filter: `kind=${only}` }), limit: 30 },
    { keep: true },
  );
  const options = (found.data?.items ?? []).map(({ ref, title, kind }) => ({
    value: ref,
    label: `${title ?? shortRef(ref)} (${kind.toLowerCase()})`,
  }));
  const known = value === undefined || value === "" || options.some((option) => option.value === value);
  return (
    <Select
      size="xs"
      w={width}
      {...(visibleLabel ? { label } : { "aria-label": label })}
      placeholder={placeholder}
      searchable
      clearable={visibleLabel}
      allowDeselect={false}
      data={known || value === undefined ? options : [...options, { value, label: shortRef(value) }]}
      value={value === undefined || value === "" ? null : value}
      onChange={(ref) => onChange(ref ?? undefined)}
      onSearchChange={setTyped}
      nothingFoundMessage={found.isPending ? "Reading…" : "Nothing in the catalogue is named so"}
      filter={({ options: all }) => all}
      clearButtonProps={{ "aria-label": "Clear" }}
    />
  );
}
