import { SegmentedControl } from "@mantine/core";
import { getRouteApi, Link } from "@tanstack/react-router";
import { ShieldCheck } from "lucide-react";
import type { ReactNode } from "react";

import { listFindings, summarizeAudit, type AuditFinding } from "@roadbed/contracts/standards/audit";
import { useOperation, usePages } from "../../api/use-operation.ts";
import { formatCount } from "../../format/number.ts";
import type { Column } from "../../table/column.ts";
import { DataTable } from "../../table/DataTable.tsx";
import { LoadMore } from "../../table/LoadMore.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { Page } from "../../ui/Page.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import { Tag } from "../../ui/Tag.tsx";
import { When } from "../../ui/When.tsx";
import { SEVERITY_WORDS } from "./policy-words.ts";
import classes from "./standards.module.css";

const route = getRouteApi("/app/standards/findings");

/** What do the policies find on what stands in the catalogue, and whose is it? */
export function FindingsPage(): ReactNode {
  const { by = "policy", policy, team } = route.useSearch();
  const navigate = route.useNavigate();
  const summary = useOperation(summarizeAudit, {}, { keep: true });
  const narrowed = policy !== undefined || team !== undefined;
  const { data } = summary;
  return (
    <Page title="Findings" trail={<Link to="/standards">Policies</Link>} state={data === undefined ? "Counting…" : <Sentence {...data} />}>
      {narrowed ? (
        <p className={classes.narrowed}>
          {policy !== undefined && (
            <>
              Of{" "}
              <Link to="/standards/policies/$name" params={{ name: policy }}>
                {data?.policies.find(({ name }) => name === policy)?.title ?? policy}
              </Link>
            </>
          )}
          {team !== undefined && (
            <>
              On what <EntityLink entityRef={team} /> owns
            </>
          )}{" "}
          · <Link to="/standards/findings">all</Link>
        </p>
      ) : (
        <SegmentedControl
          size="xs"
          mb="sm"
          aria-label="Show by"
          value={by}
          onChange={(value) => void navigate({ search: value === "policy" ? {} : { by: value as typeof by }, replace: true })}
          data={[
            { value: "policy", label: "By policy" },
            { value: "team", label: "By team" },
            { value: "each", label: "Each" },
          ]}
        />
      )}
      {summary.error !== null && data === undefined ? (
        <ErrorState error={summary.error} retry={() => void summary.refetch()} />
      ) : narrowed || by === "each" ? (
        <Each policy={policy} team={team} />
      ) : (
        <DataTable
          label={by === "team" ? "Teams" : "Policies"}
          columns={by === "team" ? TEAMS : POLICIES}
          rows={(by === "team" ? data?.teams : data?.policies) ?? []}
          rowKey={({ name }) => name}
          loading={summary.isPending}
          empty={<Nothing />}
        />
      )}
    </Page>
  );
}

function Sentence({
  findings,
  entities,
  waived,
  behind,
  lookedAt,
}: {
  findings: number;
  entities: number;
  waived: number;
  behind: boolean;
  lookedAt?: string | undefined;
}): ReactNode {
  return (
    <>
      {formatCount(findings, "finding")} on {formatCount(entities, "thing")}
      {waived > 0 && `, ${waived} of them waived`}
      {behind
        ? "; looking at everything…"
        : lookedAt !== undefined && (
            <>
              ; as of <When at={lookedAt} />
            </>
          )}
    </>
  );
}

function Nothing(): ReactNode {
  return (
    <EmptyState icon={ShieldCheck} title="The policies find nothing">
      Policies that hold at the point audit are asked about everything in the catalogue, and again about whatever changes.
    </EmptyState>
  );
}

function Each({ policy, team }: { readonly policy: string | undefined; readonly team: string | undefined }): ReactNode {
  const list = usePages(listFindings, { limit: 50, ...(policy !== undefined && { policy }), ...(team !== undefined && { team }) });
  if (list.error !== null && list.rows.length === 0) return <ErrorState error={list.error} retry={list.retry} />;
  return (
    <DataTable
      label="Findings"
      columns={EACH}
      rows={list.rows}
      rowKey={({ entity, policy: of, expression, message }) => `${entity} ${of} ${expression} ${message}`}
      loading={list.pending}
      stale={list.stale}
      empty={<Nothing />}
      footer={<LoadMore shown={list.rows.length} total={list.total} more={list.more} loading={list.loadingMore} />}
    />
  );
}

const EACH: readonly Column<AuditFinding>[] = [
  { id: "entity", header: "Thing", width: "22%", cell: ({ entity }) => <EntityLink entityRef={entity} /> },
  {
    id: "severity",
    header: "Weight",
    width: "128px",
    cell: ({ severity, waiver }) =>
      waiver === undefined ? (
        <StateBadge plain word={severity} label={SEVERITY_WORDS[severity]} />
      ) : (
        <span title={`${waiver.reason} (${waiver.owner})`}>
          <Tag>waived</Tag>
        </span>
      ),
  },
  { id: "message", header: "What was found", cell: ({ message, mend }) => <span title={`${message}\n\n${mend}`}>{message}</span> },
  {
    id: "policy",
    header: "Policy",
    width: "20%",
    cell: ({ policy, title, why }) => (
      <Link to="/standards/policies/$name" params={{ name: policy }} title={why}>
        {title}
      </Link>
    ),
  },
  { id: "since", header: "Since", width: "104px", cell: ({ since }) => <When at={since} /> },
];

interface Count {
  readonly name: string;
  readonly title?: string | undefined;
  readonly findings: number;
  readonly entities: number;
  readonly deny: number;
  readonly warn: number;
  readonly audit: number;
  readonly waived: number;
}

const NUMBERS: readonly Column<Count>[] = [
  { id: "entities", header: "Things", width: "90px", align: "right", value: ({ entities }) => entities, cell: ({ entities }) => entities },
  { id: "deny", header: "Would stop", width: "100px", align: "right", value: ({ deny }) => deny, cell: ({ deny }) => deny || "" },
  { id: "warn", header: "Warn", width: "80px", align: "right", value: ({ warn }) => warn, cell: ({ warn }) => warn || "" },
  { id: "audit", header: "Noted", width: "80px", align: "right", value: ({ audit }) => audit, cell: ({ audit }) => audit || "" },
  { id: "waived", header: "Waived", width: "80px", align: "right", value: ({ waived }) => waived, cell: ({ waived }) => waived || "" },
];

const POLICIES: readonly Column<Count>[] = [
  {
    id: "policy",
    header: "Policy",
    value: ({ title, name }) => title ?? name,
    cell: ({ name, title }) => (
      <Link to="/standards/findings" search={{ policy: name }} className={classes.name}>
        {title ?? name}
      </Link>
    ),
  },
  ...NUMBERS,
];

const TEAMS: readonly Column<Count>[] = [
  {
    id: "team",
    header: "Team",
    value: ({ name }) => name,
    cell: ({ name }) =>
      name === "" ? (
        <span className="rb-dim">owned by nobody</span>
      ) : (
        <Link to="/standards/findings" search={{ team: name }} className={classes.name}>
          {name.replace(/^group:(default\/)?/, "")}
        </Link>
      ),
  },
  ...NUMBERS,
];
