import { Select } from "@mantine/core";
import type { ReactNode } from "react";

import { listEntities, type EntityRow } from "@roadbed/contracts/catalog";
import { useOperation } from "../../api/use-operation.ts";
import { shortRef } from "../../ui/entity-kind.ts";

/** Whom a figure is about: everything, a system or a team; a component comes by its link. */
export function AboutSelect({
  value,
  onChange,
}: {
  readonly value: string | undefined;
  readonly onChange: (about: string | undefined) => void;
}): ReactNode {
  const systems = useOperation(listEntities, { filter: "kind=system", limit: 500, sort: "name" });
  const teams = useOperation(listEntities, { filter: "kind=group", limit: 500, sort: "name" });
  const option = ({ ref, title }: EntityRow): { value: string; label: string } => ({ value: ref, label: title ?? shortRef(ref) });
  const groups = [
    { group: "Systems", items: (systems.data?.items ?? []).map(option) },
    { group: "Teams", items: (teams.data?.items ?? []).map(option) },
  ];
  const known = value === undefined || groups.some(({ items }) => items.some((one) => one.value === value));
  return (
    <Select
      size="xs"
      w={240}
      aria-label="About"
      searchable
      clearable
      placeholder="Everything you may see"
      data={known ? groups : [{ group: "Chosen", items: [{ value, label: shortRef(value) }] }, ...groups]}
      value={value ?? null}
      onChange={(next) => onChange(next ?? undefined)}
    />
  );
}
