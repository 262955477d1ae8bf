import type { Observations, ObservedCall, ObservedType } from "./observations.ts";

const HOUR = 3_600_000;

/** A telemetry in which one writes what was seen, and changes it; the port as the catalogue asks it. */
export interface Traces {
  readonly port: Observations;
  /** Something was seen, so many hours ago. */
  saw(from: string, to: string | readonly string[], over?: SeenOptions): void;
  /** A service sent spans from so many hours ago until so many hours ago. */
  sends(service: string, firstHours: number, lastHours?: number): void;
  forget(): void;
  /** How often hours were counted. */
  readonly counted: () => number;
}

export interface SeenOptions {
  readonly type?: ObservedType;
  readonly hoursAgo?: number;
  readonly calls?: number;
  readonly errors?: number;
  readonly sample?: boolean;
}

export function createTraces(): Traces {
  const seen: { hour: number; call: ObservedCall }[] = [];
  const senders = new Map<string, { first: Date; last: Date }>();
  const versions = new Map<string, string>();
  let counted = 0;
  return {
    counted: () => counted,
    saw: (from, to, { type = "calls", hoursAgo = 0, calls = 100, errors = 0, sample = false } = {}) => {
      const at = new Date(Date.now() - hoursAgo * HOUR);
      const call = {
        from,
        to: typeof to === "string" ? [to] : to,
        type,
        calls,
        errors,
        p95Ms: 12,
        lastSeen: at,
        traceId: "0123456789abcdef0123456789abcdef",
        sample,
      };
      seen.push({ hour: Math.floor(at.getTime() / HOUR) * HOUR, call });
      versions.set(typeof to === "string" ? to : to[0]!, "1");
    },
    sends: (service, firstHours, lastHours = 0) =>
      void senders.set(service, { first: new Date(Date.now() - firstHours * HOUR), last: new Date(Date.now() - lastHours * HOUR) }),
    forget: () => {
      seen.length = 0;
      senders.clear();
    },
    port: {
      hours: async ({ from, to }) => {
        const hours = new Map<number, number>();
        for (const { hour, call } of seen) hours.set(hour, (hours.get(hour) ?? 0) + call.calls);
        return [...hours]
          .filter(([hour]) => hour >= from.getTime() && hour < to.getTime())
          .map(([hour, spans]) => ({ hour: new Date(hour), spans }));
      },
      calls: async ({ from, to }) => {
        counted++;
        return seen.filter(({ hour }) => hour >= from.getTime() && hour < to.getTime()).map(({ call }) => call);
      },
      senders: async () => [...senders].map(([service, { first, last }]) => ({ service, firstSeen: first, lastSeen: last, sample: false })),
      callersOfVersion: async ({ service, version }) =>
        seen
          .filter(({ call }) => call.to[0] === service && version === "1" && call.from !== "old-client")
          .map(({ call }) => ({ from: call.from, calls: call.calls, errors: call.errors })),
    },
  };
}
