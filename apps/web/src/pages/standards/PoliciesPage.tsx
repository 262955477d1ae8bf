import { Button, Group, SegmentedControl } from "@mantine/core";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";

import { listPolicies, type Policy } from "@roadbed/contracts/standards";
import { useOperation } from "../../api/use-operation.ts";
import type { Column } from "../../table/column.ts";
import { DataTable } from "../../table/DataTable.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { Page } from "../../ui/Page.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import { Tag } from "../../ui/Tag.tsx";
import { answerOf, kindsOf, SEVERITY_WORDS } from "./policy-words.ts";
import { StageDialog } from "./StageDialog.tsx";
import classes from "./standards.module.css";

const route = getRouteApi("/app/standards");

/** Which rules hold here, what do they look at, and what happens when one is broken? */
export function PoliciesPage(): ReactNode {
  const list = useOperation(listPolicies, { limit: 500 });
  const navigate = route.useNavigate();
  const { pack } = route.useSearch();
  const [switching, setSwitching] = useState(false);
  const all = list.data?.items ?? [];
  const packs = [...new Set(all.flatMap((policy) => policy.pack ?? []))].toSorted();
  const rows = pack === undefined ? all : all.filter((policy) => policy.pack === pack);
  return (
    <Page
      title="Policies"
      state={list.isPending ? "Reading…" : answerOf(rows)}
      act={
        <Group gap="xs">
          {pack !== undefined && (
            <Button variant="default" onClick={() => setSwitching(true)}>
              Switch this pack…
            </Button>
          )}
          <Button onClick={() => void navigate({ to: "/standards/workbench", search: { new: true } })}>New policy</Button>
          <Button variant="default" onClick={() => void navigate({ to: "/standards/waivers" })}>
            Waivers
          </Button>
          <Button variant="default" onClick={() => void navigate({ to: "/standards/decisions" })}>
            What they decided
          </Button>
        </Group>
      }
    >
      {packs.length > 0 && (
        <div className={classes.packs}>
          <SegmentedControl
            size="xs"
            aria-label="Pack"
            value={pack ?? "all"}
            onChange={(value) => void navigate({ search: value === "all" ? {} : { pack: value }, replace: true })}
            data={[{ value: "all", label: "All" }, ...packs.map((value) => ({ value, label: value }))]}
          />
        </div>
      )}
      {list.error !== null && list.data === undefined ? (
        <ErrorState error={list.error} retry={() => void list.refetch()} />
      ) : (
        <DataTable
          label="Policies"
          columns={COLUMNS}
          rows={rows}
          rowKey={({ name }) => name}
          loading={list.isPending}
          sort="title"
          empty={
            <EmptyState title="No policies are in force">
              A policy is a rule in CEL that is asked before something is made. About sixty come with Roadbed, in packs; this server was
              started without them.
            </EmptyState>
          }
        />
      )}
      {switching && pack !== undefined && <StageDialog of={{ pack }} onClose={() => setSwitching(false)} />}
    </Page>
  );
}

const COLUMNS: readonly Column<Policy>[] = [
  {
    id: "title",
    header: "Policy",
    width: "28%",
    value: ({ title }) => title,
    cell: ({ name, title, why }) => (
      <Link to="/standards/policies/$name" params={{ name }} className={classes.name} title={why}>
        {title}
      </Link>
    ),
  },
  {
    id: "severity",
    header: "When broken",
    width: "128px",
    value: ({ severity }) => severity,
    cell: ({ severity }) => <StateBadge plain word={severity} label={SEVERITY_WORDS[severity]} />,
  },
  {
    id: "matches",
    header: "Looks at",
    width: "18%",
    value: ({ matches }) => kindsOf(matches).join(" "),
    cell: ({ matches }) => <span title={matches.join("\n")}>{kindsOf(matches).join(", ")}</span>,
  },
  { id: "rules", header: "Rules", width: "72px", align: "right", value: ({ rules }) => rules.length, cell: ({ rules }) => rules.length },
  {
    id: "moments",
    header: "Asked at",
    width: "260px",
    cell: ({ moments }) => <span title={moments.join(", ")}>{moments.length === 5 ? "everywhere" : moments.join(", ")}</span>,
  },
  { id: "pack", header: "Pack", width: "112px", value: ({ pack }) => pack ?? "", cell: ({ pack }) => pack },
  { id: "version", header: "Version", width: "84px", value: ({ version }) => version, cell: ({ version }) => version },
  {
    id: "enabled",
    header: "In force",
    width: "88px",
    value: ({ enabled }) => Number(enabled),
    cell: ({ enabled }) => (enabled ? "yes" : <Tag>off</Tag>),
  },
];
