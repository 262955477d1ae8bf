import { getRouteApi, Link } from "@tanstack/react-router";
import { ChartNoAxesCombined } from "lucide-react";
import type { ReactNode } from "react";

import { compareMeasure, DELIVERY_MEASURES, getMeasure, listMeasures, type ListedMeasure } from "@roadbed/contracts/product/measures";
import type { OutputOf } from "@roadbed/core";
import { useOperation, usePages } from "../../api/use-operation.ts";
import { TimeSeries } from "../../charts/TimeSeries.tsx";
import type { Column } from "../../table/column.ts";
import { DataTable } from "../../table/DataTable.tsx";
import { LoadMore } from "../../table/LoadMore.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { Loaded } from "../../ui/Loaded.tsx";
import { Page, Section } from "../../ui/Page.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import { AboutSelect } from "./AboutSelect.tsx";
import { Distribution } from "./Distribution.tsx";
import { MeasureFigure } from "./MeasureFigure.tsx";
import classes from "./insights.module.css";
import { answerOf, hoursWords, intervalWords, statusWords, valueWords } from "./words.ts";

const route = getRouteApi("/app/insights");
const WEEK = 7 * 86_400_000;
const EVERY_MS = 60_000;
const DELIVERY: ReadonlySet<string> = new Set(DELIVERY_MEASURES);
type Compared = OutputOf<typeof compareMeasure>["items"][number];

/** How delivery does: how long changes take and how they are spread, how often, and what broke; by component without a rank. */
export function InsightsPage(): ReactNode {
  const { about } = route.useSearch();
  const navigate = route.useNavigate();
  const list = useOperation(listMeasures, about === undefined ? {} : { about }, { every: EVERY_MS, keep: true });
  return (
    <Page
      title="Delivery performance"
      state={list.data === undefined ? "Reading…" : answerOf(list.data.items, list.data.things)}
      act={<AboutSelect value={about} onChange={(next) => void navigate({ search: next === undefined ? {} : { about: next } })} />}
    >
      <Loaded query={list} skeleton={420}>
        {(listed) => {
          const items = listed.items.filter(({ measure }) => DELIVERY.has(measure));
          return items.every(({ value }) => value.status === "not_instrumented") ? <Nothing /> : <Shown of={items} about={about} />;
        }}
      </Loaded>
    </Page>
  );
}

function Nothing(): ReactNode {
  return (
    <EmptyState icon={ChartNoAxesCombined} title="Nobody tells of deployments to production yet">
      What is deployed here to an environment named <code>prod</code> is measured by itself. Pipelines elsewhere tell by{" "}
      <Link to="/cdevents">CDEvents</Link> or by <code>POST /api/v1/delivery-records</code>, also of what happened before.
    </EmptyState>
  );
}

function Shown({ of, about }: { readonly of: readonly ListedMeasure[]; readonly about: string | undefined }): ReactNode {
  const lead = of.find(({ measure }) => measure === "change-lead-time");
  const frequency = of.find(({ measure }) => measure === "deployment-frequency");
  return (
    <>
      <div className={classes.split}>
        <LeadTimes about={about} />
        <div className={classes.stack}>
          {lead !== undefined && <Weeks of={lead} format={hoursWords} />}
          {frequency !== undefined && <Weeks of={frequency} format={(value) => String(Math.round(value * 10) / 10)} />}
        </div>
      </div>
      <Section title="All measures">
        <div className={classes.cards}>
          {of.map((one) => (
            <MeasureFigure key={one.measure} of={one} about={about} />
          ))}
        </div>
      </Section>
      <Components about={about} />
    </>
  );
}

function LeadTimes({ about }: { readonly about: string | undefined }): ReactNode {
  const query = useOperation(getMeasure, { measure: "change-lead-time", ...(about !== undefined && { about }) }, { keep: true });
  return (
    <div>
      <h2 className={classes.pictureTitle}>From first commit to users, last quarter</h2>
      <Loaded query={query} skeleton={300}>
        {({ distribution, value }) => (
          <>
            <Distribution of={distribution} label="Change lead time" />
            <p className="rb-dim">
              {value.waiting > 0 && `${value.waiting} more are merged and not out yet. `}
              {value.excluded > 0 && `${value.excluded} do not count; the rows say why.`}
            </p>
          </>
        )}
      </Loaded>
    </div>
  );
}

function Weeks({ of, format }: { readonly of: ListedMeasure; readonly format: (value: number) => string }): ReactNode {
  const points = of.weeks.map(({ from, value }) => ({ at: Date.parse(from), value }));
  const [first, last] = [points[0]?.at ?? 0, points.at(-1)?.at ?? 1];
  return (
    <TimeSeries
      title={`${of.title}, week by week`}
      series={[{ name: of.unit === "hours" ? "median" : "median per component", area: true, points }]}
      from={first}
      to={last}
      stepMs={WEEK}
      format={format}
      height={140}
    />
  );
}

const COLUMNS: readonly Column<Compared>[] = [
  { id: "name", header: "Component", cell: ({ entityRef, title }) => <EntityLink entityRef={entityRef} title={title} /> },
  { id: "owner", header: "Owner", cell: ({ owner }) => (owner === undefined ? "" : <EntityLink entityRef={owner} kind="group" />) },
  {
    id: "value",
    header: "Lead time",
    width: "104px",
    align: "right",
    cell: ({ value }) => valueWords("hours", value.value) ?? <span className="rb-dim">no value</span>,
  },
  { id: "interval", header: "Between", width: "170px", align: "right", cell: ({ value }) => intervalWords("hours", value) ?? "" },
  { id: "n", header: "Changes", width: "84px", align: "right", cell: ({ value }) => value.n },
  {
    id: "status",
    header: "Status",
    width: "150px",
    cell: ({ value }) => <StateBadge plain word={value.status} {...statusWords(value.status)} title={value.why} />,
  },
];

function Components({ about }: { readonly about: string | undefined }): ReactNode {
  const list = usePages(compareMeasure, { measure: "change-lead-time", limit: 50, ...(about !== undefined && { about }) });
  return (
    <Section title="By component" count="by name, not by rank">
      {list.error !== null && list.rows.length === 0 ? (
        <ErrorState error={list.error} retry={list.retry} />
      ) : (
        <DataTable
          label="Change lead time by component"
          columns={COLUMNS}
          rows={list.rows}
          rowKey={({ entityRef }) => entityRef}
          loading={list.pending}
          stale={list.stale}
          empty={<EmptyState compact title="There is no component here" />}
          footer={<LoadMore shown={list.rows.length} total={list.total} more={list.more} loading={list.loadingMore} />}
        />
      )}
    </Section>
  );
}
