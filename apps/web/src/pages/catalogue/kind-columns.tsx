import { useMemo } from "react";

import type { EntityRow } from "@roadbed/contracts/catalog";
import { getKind } from "@roadbed/contracts/catalog/kinds";
import { useOperation } from "../../api/use-operation.ts";
import type { Column } from "../../table/column.ts";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { asObject } from "../../schema-form/schema.ts";
import { sayValue } from "../kinds/say-value.ts";

/** The columns that a kind asks for, when the table shows that kind alone. */
export function useKindColumns(kinds: readonly string[] | undefined): readonly Column<EntityRow>[] {
  const name = kinds?.length === 1 ? kinds[0]! : undefined;
  const kind = useOperation(getKind, { name: name ?? "Component" }, { enabled: name !== undefined, staleTime: 60_000 });
  return useMemo(() => {
    if (name === undefined || kind.data === undefined) return [];
    const titles = new Map(kind.data.derivedProperties.map((one) => [`derived.${one.name}`, one.title ?? one.name]));
    const properties = asObject(kind.data.form["properties"]);
    return kind.data.columns.map((field): Column<EntityRow> => {
      const last = field.slice(field.lastIndexOf(".") + 1);
      const named = asObject(properties[last])["title"];
      const title = titles.get(field) ?? (typeof named === "string" ? named : last);
      return {
        id: field,
        header: title,
        sortable: field.startsWith("derived."),
        value: ({ values }) => (typeof values?.[field] === "number" ? values[field] : sayValue(values?.[field])),
        cell: ({ values }) => {
          const value = values?.[field];
          if (value === undefined) return <span className="rb-dim">no data</span>;
          if (!field.startsWith("relations.")) return sayValue(value);
          return (value as string[]).slice(0, 3).map((ref) => <EntityLink key={ref} entityRef={ref} />);
        },
        ...(typeof titles.get(field) === "string" && {
          hint: kind.data.derivedProperties.find((one) => `derived.${one.name}` === field)?.text,
        }),
      } as Column<EntityRow>;
    });
  }, [kind.data, name]);
}
