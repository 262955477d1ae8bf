import { keepPreviousData, useQueries } from "@tanstack/react-query";
import { useEffect, useState, type ReactNode } from "react";

import { listServices } from "@roadbed/contracts/telemetry";
import { readOf } from "../../api/use-operation.ts";
import { Sparkline } from "../../charts/Sparkline.tsx";
import type { Point } from "../../charts/scale.ts";
import { formatNumber, formatPercent, formatRate } from "../../format/number.ts";
import { Figure, Figures } from "../../ui/Figure.tsx";
import { Receipt } from "../../ui/Receipt.tsx";
import type { Estate } from "./use-estate.ts";

/** The last hour in windows of six minutes; the newest is asked again while one looks. */
const STEP_MS = 360_000;
const STEPS = 10;
const LIVE_MS = 5_000;

/** What the whole estate does now: requests, errors, services, with the shape of the last hour. */
export function EstateStrip({ estate }: { readonly estate: Estate }): ReactNode {
  const windows = useWindows();
  const answers = useQueries({
    queries: windows.map(({ from, to, live }) => ({
      ...readOf(listServices, { from, to, limit: 2_000 }),
      staleTime: live ? 0 : Number.POSITIVE_INFINITY,
      // The figure before stays while the next is read, and is forgotten soon after.
      ...(live && { placeholderData: keepPreviousData, gcTime: LIVE_MS * 3 }),
    })),
  });
  const steps = windows.map(({ from, seconds }, index) => ({ at: Date.parse(from), ...sum(answers[index]?.data?.items, seconds) }));
  const now = steps.findLast(({ rate }) => rate !== undefined);
  const loading = answers.some(({ isPending }) => isPending) && now === undefined;
  const line = (pick: (step: Step) => number | undefined): readonly Point[] => steps.map((step) => ({ at: step.at, value: pick(step) }));

  return (
    <Figures>
      <Figure
        label="Requests"
        loading={loading}
        value={now?.rate === undefined ? undefined : formatRate(now.rate)}
        note={<Sparkline points={line(({ rate }) => rate)} stepMs={STEP_MS} label="Requests over the last hour" width={180} />}
        beside={
          <Receipt
            of="Requests"
            source="Spans received by the OTLP intake"
            definition="Server spans of all services per second, in the newest window of up to six minutes."
          />
        }
      />
      <Figure
        label="Errors"
        loading={loading}
        value={now?.errorRate === undefined ? undefined : formatPercent(now.errorRate)}
        state={
          now?.errorRate !== undefined && now.errorRate > 0.05
            ? "fail"
            : now?.errorRate !== undefined && now.errorRate > 0.01
              ? "warn"
              : undefined
        }
        note={
          <Sparkline
            points={line(({ errorRate }) => errorRate)}
            stepMs={STEP_MS}
            label="Error rate over the last hour"
            width={180}
            color="var(--rb-series-fail)"
          />
        }
        beside={
          <Receipt
            of="Errors"
            source="Spans received by the OTLP intake"
            definition="Server spans with status error, as a share of all server spans."
          />
        }
      />
      <Figure
        label="Services"
        loading={estate.loading}
        value={estate.services === undefined ? undefined : formatNumber(estate.services)}
        note="sent telemetry in the last hour"
      />
      <Figure
        label="Not well"
        loading={estate.loading}
        value={estate.services === undefined ? undefined : formatNumber(estate.sick.length)}
        state={estate.sick.length > 0 ? "warn" : undefined}
        note="failing or degraded"
      />
    </Figures>
  );
}

interface Window {
  readonly from: string;
  readonly to: string;
  readonly seconds: number;
  readonly live: boolean;
}

/** Windows on fixed borders, so that all but the newest are read once. */
function useWindows(): readonly Window[] {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => document.visibilityState === "visible" && setNow(Date.now()), LIVE_MS);
    return () => clearInterval(timer);
  }, []);
  const tick = Math.floor(now / LIVE_MS) * LIVE_MS;
  const begin = Math.floor(tick / STEP_MS) * STEP_MS;
  // A window that has just begun says too little: it joins the one before.
  const liveFrom = tick - begin < 60_000 ? begin - STEP_MS : begin;
  const past = Array.from({ length: STEPS - 1 }, (_, index) => toWindow(liveFrom - (STEPS - 1 - index) * STEP_MS, STEP_MS, false));
  return [...past, toWindow(liveFrom, tick - liveFrom, true)];
}

function toWindow(from: number, ms: number, live: boolean): Window {
  return { from: new Date(from).toISOString(), to: new Date(from + ms).toISOString(), seconds: ms / 1_000, live };
}

interface Step {
  readonly at: number;
  readonly rate: number | undefined;
  readonly errorRate: number | undefined;
}

function sum(items: readonly { requests: number; errors: number }[] | undefined, seconds: number): Omit<Step, "at"> {
  if (items === undefined || items.length === 0) return { rate: undefined, errorRate: undefined };
  const requests = items.reduce((total, row) => total + row.requests, 0);
  const errors = items.reduce((total, row) => total + row.errors, 0);
  return { rate: requests / seconds, errorRate: requests === 0 ? undefined : errors / requests };
}
