import { useQueries } from "@tanstack/react-query";
import { useMemo } from "react";

import type { OutputOf } from "@roadbed/core";
import { listServices } from "@roadbed/contracts/telemetry";
import { useNow } from "../../api/use-now.ts";
import { readOf } from "../../api/use-operation.ts";
import type { Point } from "../../charts/scale.ts";
import { windowOf } from "../../url-state.ts";

/** A shape is drawn from so many parts of the window: enough to see its form, few enough to ask for. */
const PARTS = 12;

export interface Shapes {
  readonly from: number;
  readonly to: number;
  readonly stepMs: number;
  /** Requests per second by service. A part in which a service sent nothing has no point. */
  readonly points: ReadonlyMap<string, readonly Point[]>;
}

/** How the rate of every service went over the window. Parts that are over are asked for once. */
export function useShapes(range: string | undefined): Shapes {
  const { ms, live, from } = windowOf(range, 0);
  const stepMs = ms / PARTS;
  const now = useNow(stepMs);
  // The part that is under way would look like a fall.
  const end = live ? now - stepMs : Date.parse(from) + ms;
  const starts = useMemo(() => Array.from({ length: PARTS }, (_, index) => end - (PARTS - index) * stepMs), [end, stepMs]);
  return useQueries({
    queries: starts.map((start) => ({
      ...readOf(listServices, { from: new Date(start).toISOString(), to: new Date(start + stepMs).toISOString(), limit: 2_000 }),
      staleTime: Number.POSITIVE_INFINITY,
    })),
    combine: (answers) => ({
      from: end - ms,
      to: end - stepMs,
      stepMs,
      points: toPoints(
        starts,
        answers.map(({ data }) => data),
      ),
    }),
  });
}

/** Turns one list of services per part into one line per service. */
export function toPoints(
  starts: readonly number[],
  parts: readonly (OutputOf<typeof listServices> | undefined)[],
): ReadonlyMap<string, readonly Point[]> {
  const points = new Map<string, Point[]>();
  for (const [index, part] of parts.entries()) {
    for (const { service, requests, requestsPerSecond } of part?.items ?? []) {
      if (requests === 0) continue;
      const line = points.get(service) ?? [];
      points.set(service, line);
      line.push({ at: starts[index] ?? 0, value: requestsPerSecond });
    }
  }
  return points;
}
