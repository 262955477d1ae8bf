import { MultiSelect, Select } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useState, type ReactNode } from "react";

import { listEntities, type EntityRow } from "@roadbed/contracts/catalog";
import { getMe } from "@roadbed/contracts/identity";
import { useOperation } from "../api/use-operation.ts";
import { shortRef } from "../ui/entity-kind.ts";
import type { WidgetProps } from "./Field.tsx";
import { pickerFilter } from "./picker-filter.ts";
import { asList, asObject, type Schema } from "./schema.ts";

/** Entities of the kinds the path allows, found as one types. Keeps the full reference. */
export function EntityPicker({ label, description, error, required, value, set, onBlur, schema }: WidgetProps): ReactNode {
  const [typed, setTyped] = useState("");
  const [asked] = useDebouncedValue(typed, 150);
  const filter = useFilter(schema);
  const current = typeof value === "string" ? value : "";
  const text = asked === labelOfRef(current) ? "" : asked;
  const found = useOperation(listEntities, { ...(filter !== "" && { filter }), ...(text !== "" && { text }), limit: 50 }, { keep: true });
  const rows = found.data?.items ?? [];
  const free = asObject(schema["ui:options"])["allowArbitraryValues"] === true;
  const options = rows.map((row) => ({ value: row.ref, label: labelOf(row) }));
  const extra = [current, free ? typed : ""].filter(
    (ref) => ref !== "" && !options.some((option) => option.value === ref || option.label === ref),
  );
  return (
    <Select
      size="sm"
      label={label}
      description={description}
      error={error}
      required={required}
      searchable
      clearable={!required}
      allowDeselect={false}
      placeholder="Type to find"
      data={[...options, ...extra.map((ref) => ({ value: ref, label: labelOfRef(ref) }))]}
      value={current === "" ? null : current}
      onChange={(next) => set(next ?? undefined)}
      onSearchChange={setTyped}
      onBlur={onBlur}
      nothingFoundMessage={found.isPending ? "Reading…" : "Nothing in the catalogue is named so"}
      filter={({ options: all }) => all}
      clearButtonProps={{ "aria-label": "Clear" }}
    />
  );
}

/** Several of them; keeps the full references. */
export function EntitiesPicker({ label, description, error, required, value, set, onBlur, schema }: WidgetProps): ReactNode {
  const [typed, setTyped] = useState("");
  const [asked] = useDebouncedValue(typed, 150);
  const filter = useFilter(schema["ui:field"] === "MultiEntityPicker" ? schema : asObject(schema["items"]));
  const found = useOperation(
    listEntities,
    { ...(filter !== "" && { filter }), ...(asked !== "" && { text: asked }), limit: 50 },
    { keep: true },
  );
  const chosen = asList(value).map(String);
  const options = (found.data?.items ?? []).map((row) => ({ value: row.ref, label: labelOf(row) }));
  const extra = chosen.filter((ref) => !options.some((option) => option.value === ref));
  return (
    <MultiSelect
      size="sm"
      label={label}
      description={description}
      error={error}
      required={required}
      searchable
      clearable
      placeholder={chosen.length === 0 ? "Type to find" : ""}
      data={[...options, ...extra.map((ref) => ({ value: ref, label: labelOfRef(ref) }))]}
      value={chosen}
      onChange={set}
      onSearchChange={setTyped}
      onBlur={onBlur}
      nothingFoundMessage={found.isPending ? "Reading…" : "Nothing in the catalogue is named so"}
      filter={({ options: all }) => all}
      clearButtonProps={{ "aria-label": "Clear" }}
    />
  );
}

/** The filter of a field, with whose things they are where the field asks for one's own. */
function useFilter(schema: Schema): string {
  const field = schema["ui:field"];
  const me = useOperation(getMe, {}, { staleTime: 5 * 60_000, enabled: field === "MyGroupsPicker" || field === "OwnedEntityPicker" }).data
    ?.entityRef;
  const groups = useOperation(
    listEntities,
    { filter: `kind=group,relations.hasMember=${me ?? ""}`, limit: 100 },
    { staleTime: 60_000, enabled: field === "OwnedEntityPicker" && me !== undefined },
  );
  return pickerFilter(schema, me === undefined ? undefined : { me, groups: (groups.data?.items ?? []).map(({ ref }) => ref) });
}

function labelOf({ ref, title }: EntityRow): string {
  return title === undefined ? labelOfRef(ref) : `${title} (${labelOfRef(ref)})`;
}

function labelOfRef(ref: string): string {
  return ref === "" ? "" : shortRef(ref);
}
