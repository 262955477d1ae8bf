import { Select } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useState, type ReactNode } from "react";

import { listEntities } from "@roadbed/contracts/catalog";
import { useOperation } from "../../api/use-operation.ts";
import { shortRef } from "../../ui/entity-kind.ts";

interface Props {
  readonly label: string;
  readonly placeholder: string;
  readonly value: string | undefined;
  readonly onChange: (ref: string | undefined) => void;
  readonly visibleLabel?: boolean;
  readonly width?: number;
}

/** A team or a person, found as one types. */
export function OwnerSelect({ label, placeholder, value, onChange, visibleLabel = false, width }: Props): ReactNode {
  const [typed, setTyped] = useState("");
  const [asked] = useDebouncedValue(typed, 150);
  const text = value !== undefined && asked === shortRef(value) ? "" : asked;
  const found = useOperation(listEntities, { filter: "kind=group,kind=user", ...(text !== "" && { text }), limit: 30 }, { keep: true });
  const options = (found.data?.items ?? []).map(({ ref, title, kind }) => ({
    value: ref,
    label: `${title ?? shortRef(ref)} (${kind === "User" ? "person" : "team"})`,
  }));
  const known = value === undefined || options.some((option) => option.value === value);
  return (
    <Select
      size="xs"
      {...(width === undefined ? {} : { w: width })}
      {...(visibleLabel ? { label } : { "aria-label": label })}
      placeholder={placeholder}
      searchable
      allowDeselect={false}
      data={known ? options : [...options, { value, label: shortRef(value) }]}
      value={value ?? null}
      onChange={(ref) => onChange(ref ?? undefined)}
      onSearchChange={setTyped}
      nothingFoundMessage={found.isPending ? "Reading…" : "No team or person is named so"}
      filter={({ options: all }) => all}
    />
  );
}
