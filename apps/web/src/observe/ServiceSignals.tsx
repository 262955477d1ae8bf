import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { listDeployments } from "@roadbed/contracts/delivery";
import { getService, listIncidents } from "@roadbed/contracts/telemetry";
import { useOperation } from "../api/use-operation.ts";
import { Loaded } from "../ui/Loaded.tsx";
import { Section } from "../ui/Page.tsx";
import { TimeRange } from "../ui/TimeRange.tsx";
import { fixedRange } from "../url-state.ts";
import { LiveNote } from "./LiveNote.tsx";
import { LogList } from "./LogList.tsx";
import { deploymentMarker, incidentMarker } from "./markers.ts";
import { MetricTable } from "./MetricTable.tsx";
import classes from "./observe.module.css";
import { OperationTable } from "./OperationTable.tsx";
import { NothingSent } from "./SendTelemetry.tsx";
import { SignalCharts } from "./SignalCharts.tsx";
import { TraceList } from "./TraceList.tsx";
import { useWindowed } from "./use-windowed.ts";

interface Props {
  /** The `service.name` of the telemetry. */
  readonly service: string;
  /** The component whose deployments are marked on the charts. */
  readonly entityRef?: string | undefined;
  /** See `windowOf`. */
  readonly range: string | undefined;
  readonly onRange: (range: string) => void;
  readonly afterOperations?: ReactNode;
}

const MARKED = 100;

/** Rate, errors and latency over one window with what happened in it; then operations, traces, logs and metrics. */
export function ServiceSignals({ service, entityRef, range, onRange, afterOperations }: Props): ReactNode {
  const answer = useWindowed(getService, { service }, range);
  const incidents = useOperation(listIncidents, { service, limit: MARKED });
  const deployments = useOperation(
    listDeployments,
    { ...(entityRef !== undefined && { entityRef }), limit: MARKED },
    { enabled: entityRef !== undefined },
  );
  const markers = [
    ...(deployments.data?.items ?? []).map(deploymentMarker),
    ...(incidents.data?.items ?? []).map((incident) => incidentMarker(incident, Date.now())),
  ];
  return (
    <>
      <div className={classes.rangeBar}>
        <TimeRange value={range} onChange={onRange} />
        <LiveNote range={range} />
      </div>
      <Loaded query={answer} skeleton={420}>
        {(data) =>
          data.series.length === 0 ? (
            <NothingSent service={service} />
          ) : (
            <>
              <SignalCharts data={data} markers={markers} onWindow={(from, to) => onRange(fixedRange(from, to))} />
              <OperationTable service={service} range={range} operations={data.operations} />
            </>
          )
        }
      </Loaded>
      {afterOperations}
      <Section
        title="Traces"
        act={
          <Link to="/traces" search={{ service, range }}>
            All traces
          </Link>
        }
      >
        <TraceList input={{ service, limit: 8 }} range={range} />
      </Section>
      <Section
        title="Logs"
        act={
          <Link to="/logs" search={{ service, range }}>
            All logs
          </Link>
        }
      >
        <LogList input={{ service, limit: 12 }} range={range} />
      </Section>
      <MetricTable service={service} range={range} />
    </>
  );
}
