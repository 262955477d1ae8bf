import { Select } from "@mantine/core";
import { getRouteApi } from "@tanstack/react-router";
import { Search } from "lucide-react";
import type { ReactNode } from "react";

import { listLogs } from "@roadbed/contracts/telemetry";
import { formatCount } from "../../format/number.ts";
import { LiveNote } from "../../observe/LiveNote.tsx";
import { LogRecords } from "../../observe/LogList.tsx";
import { toneOf } from "../../observe/log-rows.ts";
import classes from "../../observe/observe.module.css";
import { NoTelemetry } from "../../observe/SendTelemetry.tsx";
import { ServiceSelect } from "../../observe/ServiceSelect.tsx";
import { TextBox } from "../../observe/TextBox.tsx";
import { traceIdIn } from "../../observe/trace-id.ts";
import { useWindowedPages } from "../../observe/use-windowed.ts";
import { Page } from "../../ui/Page.tsx";
import { TimeRange } from "../../ui/TimeRange.tsx";
import { windowOf } from "../../url-state.ts";

const route = getRouteApi("/app/logs");
const PAGE_SIZE = 100;
const DAY_MS = 86_400_000;

/** What did the services say? Found by service, severity, words and trace. */
export function LogsPage(): ReactNode {
  const search = route.useSearch();
  const { range, service, q, severity, traceId } = search;
  const navigate = route.useNavigate();
  const change = (patch: Partial<typeof search>): void => void navigate({ search: (old) => ({ ...old, ...patch }), replace: true });
  const trace = traceId === undefined ? undefined : traceIdIn(traceId);
  const asked = {
    ...(service !== undefined && { service }),
    ...(severity !== undefined && { minSeverity: severity }),
    ...(q !== undefined && { text: q }),
    ...(trace !== undefined && { traceId: trace }),
  };
  const list = useWindowedPages(listLogs, { ...asked, limit: PAGE_SIZE }, range);
  return (
    <Page
      title="Logs"
      state={list.pending ? "Reading…" : answerOf(list.rows, list.more !== undefined)}
      act={<TimeRange value={range} onChange={(value) => change({ range: value === "1h" ? undefined : value })} />}
    >
      <div className={classes.filters}>
        <TextBox
          type="search"
          aria-label="Words in the message"
          placeholder="Words in the message"
          leftSection={<Search size={14} aria-hidden />}
          maxLength={200}
          value={q}
          onChange={(text) => change({ q: text })}
          w={{ base: "100%", xs: 260 }}
        />
        <ServiceSelect value={service} onChange={(value) => change({ service: value })} />
        <Select
          size="sm"
          aria-label="Severity"
          placeholder="Any severity"
          clearable
          clearButtonProps={{ "aria-label": "Any severity" }}
          data={SEVERITIES}
          value={severity ?? null}
          onChange={(value) => change({ severity: SEVERITIES.find((one) => one.value === value)?.value })}
          w={{ base: "100%", xs: 180 }}
        />
        <TextBox
          aria-label="Trace id"
          placeholder="Trace id"
          value={traceId}
          onChange={(text) => change({ traceId: text?.trim() })}
          error={traceId !== undefined && trace === undefined ? "An id has 32 hexadecimal digits" : undefined}
          w={{ base: "100%", xs: 200 }}
        />
        <div className={classes.filtersEnd}>
          <LiveNote range={range} paused={!list.live && "you look further back"} />
        </div>
      </div>
      <LogRecords
        list={list}
        paged
        withService={service === undefined}
        withDay={windowOf(range, 0).ms > DAY_MS}
        {...(Object.keys(asked).length === 0 && { empty: <NoTelemetry what="logs" /> })}
      />
    </Page>
  );
}

const SEVERITIES = [
  { value: "debug", label: "Debug and above" },
  { value: "info", label: "Info and above" },
  { value: "warn", label: "Warnings and errors" },
  { value: "error", label: "Errors" },
] as const;

function answerOf(rows: readonly { readonly severity: string }[], more: boolean): string {
  if (rows.length === 0) return "No record fits.";
  const errors = rows.filter(({ severity }) => toneOf(severity) === "fail").length;
  const which = more ? `The newest ${formatCount(rows.length, "record")}` : formatCount(rows.length, "record");
  return `${which}: ${errors === 0 ? "no errors" : formatCount(errors, "error")}.`;
}
