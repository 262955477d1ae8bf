import { Autocomplete, Checkbox, NumberInput, SegmentedControl } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { getRouteApi } from "@tanstack/react-router";
import { useEffect, useState, type ReactNode } from "react";

import { getService, listTraces, type TraceRow } from "@roadbed/contracts/telemetry";
import { formatCount, formatMs } from "../../format/number.ts";
import { LiveNote } from "../../observe/LiveNote.tsx";
import classes from "../../observe/observe.module.css";
import { NoTelemetry } from "../../observe/SendTelemetry.tsx";
import { ServiceSelect } from "../../observe/ServiceSelect.tsx";
import { TraceIdBox } from "../../observe/TraceIdBox.tsx";
import { TraceTable } from "../../observe/TraceList.tsx";
import { TraceScatter } from "../../observe/TraceScatter.tsx";
import { useWindowed, useWindowedPages } from "../../observe/use-windowed.ts";
import { Page } from "../../ui/Page.tsx";
import { TimeRange } from "../../ui/TimeRange.tsx";
import { fixedRange } from "../../url-state.ts";

const route = getRouteApi("/app/traces");
const PAGE_SIZE = 100;
const MOST_OPERATIONS = 100;

/** Which requests were slow, or failed? Found by service, operation, duration and error. */
export function TracesPage(): ReactNode {
  const search = route.useSearch();
  const { range, service, operation, minMs, errors, sort = "newest" } = search;
  const navigate = route.useNavigate();
  const change = (patch: Partial<typeof search>): void => void navigate({ search: (old) => ({ ...old, ...patch }), replace: true });
  const asked = {
    ...(service !== undefined && { service }),
    ...(operation !== undefined && { operation }),
    ...(minMs !== undefined && { minMs }),
    ...(errors === true && { errors }),
  };
  const list = useWindowedPages(listTraces, { ...asked, sort, limit: PAGE_SIZE }, range);
  const unfiltered = Object.keys(asked).length === 0;
  return (
    <Page
      title="Traces"
      state={list.pending ? "Reading…" : answerOf(list.rows, list.more !== undefined, sort)}
      act={<TimeRange value={range} onChange={(value) => change({ range: value === "1h" ? undefined : value })} />}
    >
      <div className={classes.filters}>
        <ServiceSelect value={service} onChange={(value) => change({ service: value, operation: undefined })} />
        <OperationBox service={service} range={range} value={operation} onChange={(value) => change({ operation: value })} />
        <DurationBox value={minMs} onChange={(value) => change({ minMs: value })} />
        <Checkbox
          label="Errors only"
          checked={errors === true}
          onChange={(event) => change({ errors: event.currentTarget.checked ? true : undefined })}
        />
        <TraceIdBox />
        <div className={classes.filtersEnd}>
          <LiveNote range={range} paused={!list.live && "you look further back"} />
          <SegmentedControl
            size="xs"
            aria-label="Order"
            value={sort}
            onChange={(value) => change({ sort: value === "slowest" ? "slowest" : undefined })}
            data={SORTS}
          />
        </div>
      </div>
      {list.rows.length > 1 && <TraceScatter traces={list.rows} onWindow={(from, to) => change({ range: fixedRange(from, to) })} />}
      <TraceTable list={list} paged {...(unfiltered && { empty: <NoTelemetry what="traces" /> })} />
    </Page>
  );
}

const SORTS = [
  { value: "newest", label: "Newest" },
  { value: "slowest", label: "Slowest" },
];

function answerOf(rows: readonly TraceRow[], more: boolean, sort: "newest" | "slowest"): string {
  if (rows.length === 0) return "No trace fits.";
  const failed = rows.filter(({ errors }) => errors > 0).length;
  const slowest = Math.max(...rows.map(({ durationMs }) => durationMs));
  const which = more ? `The ${sort} ${formatCount(rows.length, "trace")}` : formatCount(rows.length, "trace");
  return `${which}: ${failed === 0 ? "none failed" : `${failed} with errors`}, the slowest took ${formatMs(slowest)}.`;
}

interface OperationProps {
  readonly service: string | undefined;
  readonly range: string | undefined;
  readonly value: string | undefined;
  readonly onChange: (operation: string | undefined) => void;
}

/** The exact name of a span; a chosen service offers its own. */
function OperationBox({ service, range, value = "", onChange }: OperationProps): ReactNode {
  const { data } = useWindowed(getService, { service: service ?? "" }, range, { enabled: service !== undefined });
  const names = service === undefined ? [] : (data?.operations ?? []).map(({ operation }) => operation).slice(0, MOST_OPERATIONS);
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  const tell = useDebouncedCallback(onChange, 400);
  return (
    <Autocomplete
      size="sm"
      aria-label="Operation"
      placeholder="Any operation"
      data={names}
      value={text}
      onChange={(next) => {
        setText(next);
        tell(next.trim() === "" ? undefined : next.trim());
      }}
      w={{ base: "100%", xs: 210 }}
    />
  );
}

function DurationBox({
  value,
  onChange,
}: {
  readonly value: number | undefined;
  readonly onChange: (ms: number | undefined) => void;
}): ReactNode {
  const tell = useDebouncedCallback(onChange, 400);
  const [shown, setShown] = useState<number | string>(value ?? "");
  useEffect(() => setShown(value ?? ""), [value]);
  return (
    <NumberInput
      size="sm"
      aria-label="At least so many milliseconds"
      placeholder="At least … ms"
      suffix=" ms"
      min={0}
      hideControls
      allowNegative={false}
      value={shown}
      onChange={(next) => {
        setShown(next);
        tell(typeof next === "number" && next > 0 ? next : undefined);
      }}
      w={130}
    />
  );
}
