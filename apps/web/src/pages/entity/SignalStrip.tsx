import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import type { Slo } from "@roadbed/contracts/telemetry/slos";
import { coarsen, type Coarse } from "../../charts/coarsen.ts";
import { Sparkline } from "../../charts/Sparkline.tsx";
import type { Point } from "../../charts/scale.ts";
import { formatMs, formatPercent, formatRate } from "../../format/number.ts";
import { Figure, Figures } from "../../ui/Figure.tsx";
import { Receipt } from "../../ui/Receipt.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import { leftWords, shareWords } from "../slos/words.ts";
import { When } from "../../ui/When.tsx";
import classes from "./entity.module.css";
import type { KnownEntity } from "./use-entity.ts";

/** Requests, errors and p95 of the last hour; what is left of what it promises; what runs; what was deployed last. */
export function SignalStrip({ known }: { readonly known: KnownEntity }): ReactNode {
  const { signals, workloads, deployments } = known;
  const { data } = signals;
  const seen = data !== undefined && data.summary.requests > 0;
  const shape = data === undefined ? undefined : coarsen(data.series, data.stepSeconds * 1_000, Date.parse(data.from), Date.parse(data.to));
  const stepMs = shape?.stepMs ?? 60_000;
  const line = (pick: (step: Coarse["steps"][number]) => number | undefined): readonly Point[] =>
    shape?.steps.map((step) => ({ at: step.at, value: pick(step) })) ?? [];
  const receipt = (of: string, definition: string): ReactNode => (
    <Receipt
      of={of}
      definition={definition}
      source="Spans this service sent to the OTLP intake, last hour"
      at={data?.summary.lastSeen}
      rows={data === undefined ? undefined : `${data.summary.requests} requests`}
      query={data?.query}
    />
  );
  const workload = workloads[0];
  const deployment = deployments[0];
  return (
    <Figures>
      <Figure
        label="Requests"
        loading={signals.isPending}
        value={seen ? formatRate(data.summary.requestsPerSecond) : undefined}
        beside={receipt("Requests", "Server spans per second.")}
        note={<Sparkline points={line(({ requestsPerSecond }) => requestsPerSecond)} stepMs={stepMs} label="Requests over the last hour" />}
      />
      <Figure
        label="Errors"
        loading={signals.isPending}
        value={seen && data.summary.errorRate !== undefined ? formatPercent(data.summary.errorRate) : undefined}
        state={seen && (data.summary.errorRate ?? 0) > 0.05 ? "fail" : seen && (data.summary.errorRate ?? 0) > 0.01 ? "warn" : undefined}
        beside={receipt("Errors", "Server spans with status error, as a share of all.")}
        note={
          <Sparkline
            points={line(({ errorRate }) => errorRate)}
            stepMs={stepMs}
            label="Error rate over the last hour"
            color="var(--rb-series-fail)"
          />
        }
      />
      <Figure
        label="p95 latency"
        loading={signals.isPending}
        value={seen && data.summary.p95Ms !== undefined ? formatMs(data.summary.p95Ms) : undefined}
        beside={receipt("p95 latency", "95 of 100 requests were at least this quick.")}
        note={
          <Sparkline
            points={line(({ p95Ms }) => p95Ms)}
            stepMs={stepMs}
            label="p95 latency over the last hour"
            color="var(--rb-series-2)"
          />
        }
      />
      <Promised slos={known.slos} entityRef={known.ref} />
      <Figure
        label={workload === undefined ? "Workload" : `Workload in ${workload.environment}`}
        value={workload === undefined ? <None /> : <StateBadge plain word={workload.health} title={workload.detail} />}
        note={
          workload === undefined
            ? "not run by Roadbed"
            : (workload.detail ?? (workload.restarts > 0 ? `${workload.restarts} restarts` : "no restarts"))
        }
      />
      <Figure
        label="Last deployment"
        value={deployment === undefined ? <None /> : <StateBadge plain word={deployment.status} title={deployment.error} />}
        note={
          deployment === undefined ? (
            "none by Roadbed"
          ) : (
            <>
              <code>{deployment.commit.slice(0, 7)}</code> <When at={deployment.createdAt} />
            </>
          )
        }
      />
    </Figures>
  );
}

/** The objective with the least left; the list has the others. */
function Promised({ slos, entityRef }: { readonly slos: readonly Slo[]; readonly entityRef: string }): ReactNode {
  const [worst] = slos;
  if (worst === undefined) return <Figure label="Objectives" value={<None />} note={<Link to="/slos">what others promise</Link>} />;
  const more = slos.length - 1;
  return (
    <Figure
      label={more === 0 ? "Objective" : `Worst of ${slos.length} objectives`}
      value={<StateBadge plain word={worst.state} title={worst.why} />}
      note={
        <>
          <Link to="/slos/$name" params={{ name: worst.name }}>
            {shareWords(worst.target)}: {leftWords(worst.figures?.remaining) ?? "not known"}
          </Link>
          {more > 0 && (
            <>
              {" · "}
              <Link to="/slos" search={{ entity: entityRef }}>
                all
              </Link>
            </>
          )}
        </>
      }
    />
  );
}

/** Known to be absent, which is not "no data". */
function None(): ReactNode {
  return <span className={classes.none}>none</span>;
}
