import { Button } from "@mantine/core";
import { useState, type ReactNode } from "react";

import { listMends, type Mend } from "@roadbed/contracts/standards/mends";
import type { RuleResult } from "@roadbed/contracts/standards/scores";
import { usePages } from "../../api/use-operation.ts";
import type { Column } from "../../table/column.ts";
import { DataTable } from "../../table/DataTable.tsx";
import { LoadMore } from "../../table/LoadMore.tsx";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { Section } from "../../ui/Page.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import { When } from "../../ui/When.tsx";
import { CampaignMendDialog } from "../scorecards/MendDialog.tsx";
import { mendState, sayMends } from "./campaign-words.ts";

/** The changes that were opened for a campaign, and what became of each. */
export function CampaignMends({
  name,
  isOpen,
  rules,
  owner,
  system,
}: {
  readonly name: string;
  readonly isOpen: boolean;
  readonly rules: readonly { readonly id: string; readonly title: string; readonly patch?: RuleResult["patch"] }[];
  readonly owner: string | undefined;
  readonly system: string | undefined;
}): ReactNode {
  const [opening, setOpening] = useState(false);
  const pages = usePages(listMends, { campaign: name, limit: 50 });
  const mendable = rules.flatMap(({ id, title, patch }) => (patch === undefined ? [] : [{ id, title, patch }]));
  if (mendable.length === 0 && pages.rows.length === 0) return null;
  return (
    <Section
      title="Changes"
      count={sayMends(pages.rows)}
      act={
        isOpen &&
        mendable.length > 0 && (
          <Button size="compact-xs" variant="default" onClick={() => setOpening(true)}>
            Open the changes
          </Button>
        )
      }
    >
      {pages.error !== null ? (
        <ErrorState error={pages.error} retry={pages.retry} />
      ) : (
        <DataTable
          label="Changes of the campaign"
          columns={COLUMNS}
          rows={pages.rows}
          rowKey={({ id }) => id}
          loading={pages.pending}
          stale={pages.stale}
          onSort={() => {}}
          empty={
            <p className="rb-dim">None is opened. A rule that has a mend can be mended by a change in each repository, wave by wave.</p>
          }
          footer={<LoadMore more={pages.more} loading={pages.loadingMore} shown={pages.rows.length} total={pages.total} />}
        />
      )}
      {opening && <CampaignMendDialog name={name} rules={mendable} owner={owner} system={system} onClose={() => setOpening(false)} />}
    </Section>
  );
}

const COLUMNS: readonly Column<Mend>[] = [
  {
    id: "state",
    header: "State",
    width: "110px",
    sortable: false,
    cell: ({ state }) => <StateBadge plain word={state} state={mendState(state)} />,
  },
  { id: "ref", header: "Thing", width: "24%", sortable: false, cell: ({ ref }) => <EntityLink entityRef={ref} tab="standards" /> },
  { id: "rule", header: "Rule", width: "16%", sortable: false, cell: ({ rule }) => rule },
  {
    id: "where",
    header: "Where",
    sortable: false,
    cell: ({ link, repository, reason, wave }) => (
      <>
        {link === undefined ? <span className="rb-dim">{repository ?? `wave ${wave + 1}`}</span> : <a href={link}>{repository}</a>}
        {reason !== undefined && <span className="rb-dim"> {reason}</span>}
      </>
    ),
  },
  { id: "at", header: "Since", width: "104px", sortable: false, cell: ({ changedAt }) => <When at={changedAt} /> },
];
