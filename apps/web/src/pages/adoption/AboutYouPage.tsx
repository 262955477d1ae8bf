import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { showOwnUsage } from "@roadbed/contracts/product/adoption";
import type { OutputOf } from "@roadbed/core";
import { useOperation } from "../../api/use-operation.ts";
import { formatCount } from "../../format/number.ts";
import type { Column } from "../../table/column.ts";
import { DataTable } from "../../table/DataTable.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { Loaded } from "../../ui/Loaded.tsx";
import { Page, Section } from "../../ui/Page.tsx";

type Shown = OutputOf<typeof showOwnUsage>;

const TEAMS: readonly Column<Shown["teams"][number]>[] = [
  { id: "team", header: "Team", cell: ({ team, title }) => <EntityLink entityRef={team} title={title} kind="group" /> },
  { id: "events", header: "Uses of all its members, 28 days", width: "240px", align: "right", cell: ({ events }) => events },
];
const NAMED: readonly Column<Shown["named"][number]>[] = [
  { id: "where", header: "Where", width: "120px", cell: ({ where }) => where },
  { id: "what", header: "What stands there", width: "420px", cell: ({ what }) => <span title={what}>{what}</span> },
  { id: "rows", header: "Rows", width: "80px", align: "right", cell: ({ rows }) => rows },
  { id: "kept", header: "How long", width: "190px", cell: ({ kept }) => <span title={kept}>{kept}</span> },
  { id: "by", header: "Who reads it", width: "250px", cell: ({ readBy }) => <span title={readBy}>{readBy}</span> },
];

/** What is stored about whoever looks: for whom their use counts, and where their name does stand. */
export function AboutYouPage(): ReactNode {
  const query = useOperation(showOwnUsage, {});
  return (
    <Page
      title="What is stored about you"
      trail={<Link to="/adoption">Adoption</Link>}
      state={
        query.data === undefined
          ? "Looking…"
          : query.data.teams.length === 0
            ? "You are in no team: your use is counted without one, and never with your name."
            : `Your use counts for ${formatCount(query.data.teams.length, "team")}, without your name.`
      }
    >
      <Loaded query={query} skeleton={320}>
        {({ you, teams, figures, named }) => (
          <>
            <Section title="Figures of use">
              <p>
                What you do here is counted for your teams, by day. The columns in which it is stored: <code>{figures.join(", ")}</code>.
                None of them can hold a person.
              </p>
              <DataTable
                label="Your teams"
                columns={TEAMS}
                rows={teams}
                rowKey={({ team }) => team}
                empty={<EmptyState compact title="You are in no team" />}
              />
            </Section>
            <Section title="Where your name stands" count={you}>
              <DataTable
                label="Where your name stands"
                columns={NAMED}
                rows={named}
                rowKey={({ where }) => where}
                empty={<EmptyState compact title="Nowhere" />}
              />
            </Section>
          </>
        )}
      </Loaded>
    </Page>
  );
}
