import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { Users } from "lucide-react";
import type { ReactNode } from "react";

import { listTeams, type Team } from "@roadbed/contracts/catalog/ownership";
import { useOperation } from "../../api/use-operation.ts";
import { formatCount } from "../../format/number.ts";
import type { Column } from "../../table/column.ts";
import { DataTable } from "../../table/DataTable.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { Criticality } from "./Criticality.tsx";
import classes from "./ownership.module.css";
import { treeOf, type Branch } from "./tree.ts";

/** Teams under the teams they belong to, with what is theirs, and theirs with all below. */
export function TeamsTab({ onGive }: { readonly onGive: (from: string) => void }): ReactNode {
  const teams = useOperation(listTeams, { limit: 500 }, { keep: true });
  if (teams.error !== null) return <ErrorState error={teams.error} retry={() => void teams.refetch()} />;
  const { items = [], total = 0 } = teams.data ?? {};
  return (
    <DataTable
      label="Teams"
      columns={columnsOf(onGive)}
      rows={treeOf(items)}
      rowKey={({ key }) => key}
      loading={teams.isPending}
      onSort={() => {}}
      empty={
        <EmptyState icon={Users} title="There are no teams yet">
          Teams are groups of the catalogue: describe them in a file, or connect where they are (SCIM, LDAP, a Git host) on the page
          Sources.
        </EmptyState>
      }
      footer={
        total > items.length ? (
          <p className="rb-dim">
            The first {formatCount(items.length, "team")} of {total.toLocaleString("en")}.
          </p>
        ) : undefined
      }
    />
  );
}

function columnsOf(onGive: (from: string) => void): readonly Column<Branch<Team>>[] {
  return [
    {
      id: "team",
      header: "Team",
      width: "204px",
      sortable: false,
      cell: ({ team, depth }) => (
        <span className={classes.branch} style={{ paddingInlineStart: depth * 20 }}>
          <EntityLink entityRef={team.ref} title={team.title} />
          {team.circle && (
            <span className="rb-dim" title="It is below itself: its parent or one above names it as parent">
              in a circle
            </span>
          )}
        </span>
      ),
    },
    {
      id: "owns",
      header: "Owns",
      width: "150px",
      sortable: false,
      cell: ({ team }) => (
        <Link to="/ownership" search={{ view: "owned", ref: team.ref, ...(team.children.length > 0 && { within: true as const }) }}>
          {withBelow(team.owns, team.ownsWithin)}
        </Link>
      ),
    },
    { id: "people", header: "People", sortable: false, cell: ({ team }) => withBelow(team.people, team.peopleWithin) },
    {
      id: "criticality",
      header: "Criticality",
      width: "130px",
      sortable: false,
      hint: "Of the most critical thing that it owns, with all teams below it: how much else stands on it",
      cell: ({ team }) =>
        team.criticality === undefined ? <span className="rb-dim">owns nothing</span> : <Criticality value={team.criticality} />,
    },
    {
      id: "act",
      header: "",
      width: "110px",
      sortable: false,
      cell: ({ team }) =>
        team.owns > 0 && (
          <Button size="compact-xs" variant="default" aria-label={`Hand over what ${team.title} owns`} onClick={() => onGive(team.ref)}>
            Hand over…
          </Button>
        ),
    },
  ];
}

/** Its own, and with all below where that is more. */
function withBelow(own: number, within: number): string {
  return within === own ? own.toLocaleString("en") : `${own.toLocaleString("en")} · ${within.toLocaleString("en")} with below`;
}
