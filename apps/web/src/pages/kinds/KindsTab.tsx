import { Link } from "@tanstack/react-router";
import { Shapes } from "lucide-react";
import type { ReactNode } from "react";

import { listKinds, type KindRow } from "@roadbed/contracts/catalog/kinds";
import { usePages } from "../../api/use-operation.ts";
import { formatCount } from "../../format/number.ts";
import type { Column } from "../../table/column.ts";
import { DataTable } from "../../table/DataTable.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { iconOfKind } from "../../ui/entity-kind.ts";
import { LinkButton } from "../../ui/LinkButton.tsx";
import { Section } from "../../ui/Page.tsx";
import { Tag } from "../../ui/Tag.tsx";

/** The kinds that there are; each opens its editor. */
export function KindsTab(): ReactNode {
  const kinds = usePages(listKinds, { limit: 200 });
  if (kinds.error !== null) return <ErrorState error={kinds.error} retry={kinds.retry} />;
  const own = kinds.rows.filter(({ origin }) => origin === "own").length;
  return (
    <Section
      title="Kinds"
      count={kinds.pending ? undefined : kinds.rows.length}
      act={
        <LinkButton to="/new-kind" leftSection={<Shapes size={14} aria-hidden />}>
          Define a kind
        </LinkButton>
      }
    >
      <p className="rb-dim rb-prose">
        A kind says what its entities hold and what they relate to.{" "}
        {own === 0 ? "None is your own yet" : `${formatCount(own, "kind")} of your own`}: what you define here is in tables, forms, the
        graph, search, the API and for agents at once. Built-in kinds can be extended.
      </p>
      <DataTable label="Kinds" columns={COLUMNS} rows={kinds.rows} rowKey={({ name }) => name} loading={kinds.pending} density="compact" />
    </Section>
  );
}

const ORIGIN = { "built-in": "built in", extended: "built in, extended", own: "your own" } as const;

const COLUMNS: readonly Column<KindRow>[] = [
  {
    id: "name",
    header: "Kind",
    width: "24%",
    cell: ({ name, icon }) => {
      const Icon = iconOfKind(name, icon);
      return (
        <Link to="/kinds/$name" params={{ name }} style={{ display: "inline-flex", gap: 8, alignItems: "center" }}>
          <Icon size={15} aria-hidden /> {name}
        </Link>
      );
    },
  },
  { id: "origin", header: "Origin", width: "160px", cell: ({ origin }) => <Tag>{ORIGIN[origin]}</Tag> },
  {
    id: "entities",
    header: "Entities",
    width: "96px",
    align: "right",
    cell: ({ name, entities }) =>
      entities === 0 ? (
        <span className="rb-dim">0</span>
      ) : (
        <Link to="/catalog" search={{ kind: [name.toLowerCase()] }}>
          {entities}
        </Link>
      ),
  },
  { id: "fields", header: "Fields", width: "80px", align: "right", cell: ({ fields }) => fields },
  { id: "relations", header: "Relations", width: "88px", align: "right", cell: ({ relations }) => relations },
  { id: "derived", header: "Derived", width: "80px", align: "right", cell: ({ derived }) => derived },
  { id: "rules", header: "Rules", width: "72px", align: "right", cell: ({ rules }) => rules },
  { id: "description", header: "Description", cell: ({ description }) => <span title={description}>{description}</span> },
];
