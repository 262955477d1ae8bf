import { ActionIcon, Button, Popover, SegmentedControl, Select } from "@mantine/core";
import { getRouteApi, Link } from "@tanstack/react-router";
import { CalendarDays, ChevronLeft, ChevronRight } from "lucide-react";
import { useMemo, type ReactNode } from "react";

import { showCalendar, type CalendarItem } from "@roadbed/contracts/delivery/calendar";
import { listEnvironments } from "@roadbed/contracts/delivery/environments";
import { useOperation } from "../../api/use-operation.ts";
import type { Column } from "../../table/column.ts";
import { DataTable } from "../../table/DataTable.tsx";
import { CopyText } from "../../ui/Copy.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { SkeletonRows } from "../../ui/Loaded.tsx";
import { Page, Section } from "../../ui/Page.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import { When } from "../../ui/When.tsx";
import classes from "./calendar.module.css";
import { spanAround, stepOf, type SpanName } from "./lanes.ts";
import { TimeLine } from "./TimeLine.tsx";

const route = getRouteApi("/app/calendar");
const SPANS = [
  { value: "week", label: "Days" },
  { value: "month", label: "Weeks" },
  { value: "quarter", label: "Months" },
];

/** What changed, what is frozen, what went wrong and what is planned, on one time line. */
export function CalendarPage(): ReactNode {
  const { environment, span: name = "month", from } = route.useSearch();
  const navigate = route.useNavigate();
  const change = (patch: { environment?: string | undefined; span?: SpanName; from?: string | undefined }): void =>
    void navigate({ search: (old) => ({ ...old, ...patch }), replace: true });
  const span = useMemo(() => spanAround(from === undefined ? new Date() : parseDay(from), name), [from, name]);
  const { data, error, isPending, refetch } = useOperation(
    showCalendar,
    { from: span.from.toISOString(), until: span.until.toISOString(), ...(environment !== undefined && { environment }) },
    { keep: true, every: 60_000 },
  );
  const places = useOperation(listEnvironments, { limit: 500 });
  const environments = (places.data?.items ?? []).filter((one) => environment === undefined || one.name === environment);
  const step = (sign: 1 | -1): void => {
    const day = from === undefined ? new Date() : parseDay(from);
    day.setDate(day.getDate() + sign * stepOf(name));
    change({ from: formatDay(day) });
  };
  const items = data?.items ?? [];
  return (
    <Page
      title="Change calendar"
      trail={<Link to="/delivery">Delivery</Link>}
      state={isPending ? "Reading…" : sentenceOf(items)}
      act={<Subscribe />}
    >
      <div className={classes.tools}>
        <ActionIcon.Group>
          <ActionIcon variant="default" size={30} aria-label="Earlier" onClick={() => step(-1)}>
            <ChevronLeft size={16} aria-hidden />
          </ActionIcon>
          <ActionIcon variant="default" size={30} aria-label="Later" onClick={() => step(1)}>
            <ChevronRight size={16} aria-hidden />
          </ActionIcon>
        </ActionIcon.Group>
        <Button size="xs" variant="default" disabled={from === undefined} onClick={() => change({ from: undefined })}>
          Today
        </Button>
        <SegmentedControl
          size="xs"
          aria-label="How far it looks"
          data={SPANS}
          value={name}
          onChange={(value) => change({ span: value as SpanName })}
        />
        <Select
          aria-label="Environment"
          size="xs"
          w={178}
          allowDeselect={false}
          data={[
            { value: "", label: "All environments" },
            ...(places.data?.items ?? []).map((one) => ({ value: one.name, label: one.title })),
          ]}
          value={environment ?? ""}
          onChange={(value) => change({ environment: value === null || value === "" ? undefined : value })}
        />
      </div>
      {error !== null && data === undefined ? (
        <ErrorState error={error} retry={() => void refetch()} />
      ) : isPending || places.isPending ? (
        <SkeletonRows rows={4} height={44} />
      ) : (
        <>
          <TimeLine items={items} environments={environments} span={span} />
          {(data?.cut.length ?? 0) > 0 && (
            <p className="rb-dim">Only the latest are shown of: {data?.cut.join(", ")}. Choose a shorter time, or an environment.</p>
          )}
          <Section title="One by one" count={items.length}>
            <DataTable
              label="Changes, freezes and incidents"
              columns={COLUMNS}
              rows={items.toReversed()}
              rowKey={({ id }) => id}
              loading={false}
              empty={
                <EmptyState icon={CalendarDays} title="Nothing happened in this time, and nothing is planned">
                  Deployments, freezes, incidents and the ends of throw-away environments stand here. Announce a freeze under{" "}
                  <Link to="/environments">Environments</Link>.
                </EmptyState>
              }
            />
          </Section>
        </>
      )}
    </Page>
  );
}

const COLUMNS: readonly Column<CalendarItem>[] = [
  {
    id: "from",
    header: "When",
    width: "200px",
    value: ({ from }) => from,
    cell: ({ from }) => <When at={from} />,
  },
  {
    id: "what",
    header: "What",
    width: "34%",
    value: ({ title }) => title,
    cell: ({ title, link, detail }) => (
      <a href={link} title={detail}>
        {title}
      </a>
    ),
  },
  { id: "kind", header: "Kind", width: "100px", value: ({ kind }) => kind, cell: ({ kind }) => kind },
  {
    id: "where",
    header: "Where",
    value: (one) => one.environments.join(", "),
    cell: (one) => one.environments.join(", ") || (one.kind === "freeze" ? "everywhere" : null),
  },
  { id: "entity", header: "Of", cell: ({ entityRef }) => (entityRef === undefined ? null : <EntityLink entityRef={entityRef} />) },
  {
    id: "state",
    header: "State",
    width: "120px",
    value: ({ state }) => state,
    cell: ({ state, kind }) => <StateBadge plain word={state} state={kind === "freeze" ? "unknown" : undefined} />,
  },
];

function Subscribe(): ReactNode {
  const address = `${location.origin}/calendar.ics`;
  return (
    <Popover width={380} position="bottom-end" withArrow>
      <Popover.Target>
        <Button variant="default">Subscribe</Button>
      </Popover.Target>
      <Popover.Dropdown>
        <p className={classes.first}>Calendar programs read it at this address:</p>
        <CopyText text={address} what="the calendar's address" />
        <p>
          They ask for a name and a password: any name, and a token of yours with the scope <code>delivery:read</code>. Make one under{" "}
          <Link to="/settings" search={{ tab: "tokens" }}>
            Settings → Tokens
          </Link>
          . With <code>?environment=prod</code> it holds one environment only.
        </p>
      </Popover.Dropdown>
    </Popover>
  );
}

function sentenceOf(items: readonly CalendarItem[]): string {
  const frozen = items.filter(({ kind, state }) => kind === "freeze" && state === "in force");
  const open = items.filter(({ kind, state }) => kind === "incident" && state === "open").length;
  const planned = items.filter((item) => item.planned).length;
  const changes = items.filter(({ kind }) => kind === "deployment").length;
  return [
    `${changes === 1 ? "One change" : `${changes} changes`} in this time`,
    frozen.length === 0 ? "nothing is frozen now" : `frozen now: ${frozen.map(({ title }) => title).join(", ")}`,
    ...(open === 0 ? [] : [open === 1 ? "one incident is open" : `${open} incidents are open`]),
    ...(planned === 0 ? [] : [`${planned} planned`]),
  ]
    .join("; ")
    .concat(".");
}

function formatDay(day: Date): string {
  const two = (n: number): string => String(n).padStart(2, "0");
  return `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}`;
}

/** A day by this machine's clock; today where the address holds something else. */
function parseDay(text: string): Date {
  const [, year, month, day] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text) ?? [];
  return year === undefined ? new Date() : new Date(Number(year), Number(month) - 1, Number(day));
}
