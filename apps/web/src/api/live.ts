import type { QueryClient } from "@tanstack/react-query";

/** What the server says happened, as `/api/v1/stream` sends it. */
interface Happening {
  readonly name: string;
  readonly subject: string;
}

/** Many events in a burst (an import) are one refresh. */
const GATHER_MS = 400;

/**
 * Keeps the page true: each event marks the reads it concerns as stale, and those on screen are read again.
 * One stream per browser: the tab that holds the lock listens and tells the others. Answers a stop function.
 */
export function followEvents(queries: QueryClient): () => void {
  const stop = new AbortController();
  const channel = new BroadcastChannel("roadbed.events");
  const refresh = gather((prefixes) => {
    void queries.invalidateQueries({ predicate: ({ queryKey }) => prefixes.some((prefix) => String(queryKey[0]).startsWith(prefix)) });
  });
  channel.addEventListener("message", ({ data }: MessageEvent<Happening>) => refresh(concernedBy(data.name)));
  const listen = (): Promise<void> =>
    listenUntil(stop.signal, (happening) => {
      channel.postMessage(happening);
      refresh(concernedBy(happening.name));
    });
  // Without locks (plain http on another machine) every tab listens for itself.
  if ("locks" in navigator) navigator.locks.request("roadbed.events", { signal: stop.signal }, listen).catch(() => undefined);
  else void listen();
  return () => {
    stop.abort();
    channel.close();
  };
}

/** Names of the reads that an event makes stale, as prefixes of operation names. */
export function concernedBy(event: string): readonly string[] {
  const [module = "", noun = ""] = event.split(".");
  switch (`${module}.${noun}`) {
    case "paths.run":
      return ["paths.run.", "paths.ledger.", "paths.lifetime."];
    case "paths.approval":
      return ["paths.approval.", "paths.run."];
    case "paths.approval-rule":
      return ["paths.approval-rule."];
    case "paths.lifetime":
      return ["paths.lifetime."];
    case "delivery.change":
      return ["delivery.change.", "paths.upgrade.", "paths.ledger."];
    case "paths.upgrade":
      return ["paths.upgrade.", "delivery.change.list"];
    case "paths.deviation":
    case "paths.ledger":
      return ["paths.ledger.", "paths.version.", "paths.deviation."];
    case "telemetry.incident":
      return ["telemetry.incident."];
    case "product.record":
    case "product.measure":
      return ["product.measure."];
    case "catalog.property":
    case "catalog.properties":
      return ["catalog.entity.", "catalog.kind."];
    case "catalog.entity":
      return ["catalog.", "paths.path."];
    case "catalog.discovery":
    case "catalog.proposal":
      return ["catalog.discovery.", "catalog.proposal.", "catalog.identity."];
    case "standards.scorecard":
    case "standards.scorecards":
      return ["standards.score", "standards.campaign."];
    case "standards.campaign":
      return ["standards.campaign."];
    case "standards.decision":
      return ["standards.decision."];
    case "standards.waiver":
      return ["standards.waiver.", "standards.finding.", "standards.audit."];
    case "standards.findings":
      return ["standards.finding.", "standards.audit."];
    case "standards.stage":
      return ["standards.stage.", "standards.policy."];
    case "catalog.sample":
      return ["catalog.", "telemetry.", "delivery.", "paths.", "product."];
    default:
      return [`${module}.`];
  }
}

function listenUntil(signal: AbortSignal, hear: (happening: Happening) => void): Promise<void> {
  return new Promise((resolve) => {
    const stream = new EventSource("/api/v1/stream");
    const receive = (message: MessageEvent<string>): void => {
      const happening = parse(message);
      if (happening !== undefined) hear(happening);
    };
    stream.addEventListener("message", receive);
    for (const name of EVENTS) stream.addEventListener(name, receive as EventListener);
    signal.addEventListener("abort", () => {
      stream.close();
      resolve();
    });
  });
}

function parse(message: MessageEvent<string>): Happening | undefined {
  try {
    const data = JSON.parse(message.data) as Partial<Happening>;
    return { name: data.name ?? message.type, subject: data.subject ?? "" };
  } catch {
    return undefined;
  }
}

function gather(run: (prefixes: readonly string[]) => void): (prefixes: readonly string[]) => void {
  const waiting = new Set<string>();
  return (prefixes) => {
    if (waiting.size === 0) {
      setTimeout(() => {
        run([...waiting]);
        waiting.clear();
      }, GATHER_MS);
    }
    for (const prefix of prefixes) waiting.add(prefix);
  };
}

/** An EventSource hears named events only by name. */
const EVENTS = [
  "catalog.entity.registered",
  "catalog.entity.changed",
  "catalog.entity.removed",
  "catalog.property.changed",
  "catalog.properties.changed",
  "catalog.source.synced",
  "catalog.fact.set",
  "catalog.fact.locked",
  "catalog.fact.confirmed",
  "catalog.question.asked",
  "catalog.sample.removed",
  "catalog.discovery.finished",
  "catalog.proposal.decided",
  "catalog.proposal.changed",
  "paths.run.requested",
  "paths.run.progressed",
  "paths.run.finished",
  "paths.run.undo-requested",
  "paths.run.undone",
  "paths.approval.requested",
  "paths.approval.decided",
  "paths.approval-rule.changed",
  "paths.lifetime.extended",
  "paths.lifetime.ended",
  "paths.ledger.changed",
  "paths.upgrade.changed",
  "paths.deviation.changed",
  "paths.deviation.expired",
  "delivery.change.opened",
  "delivery.change.moved",
  "delivery.change.merged",
  "delivery.change.closed",
  "delivery.repository.created",
  "delivery.repository.pushed",
  "delivery.deployment.requested",
  "delivery.deployment.finished",
  "delivery.rollout.changed",
  "delivery.workload.changed",
  "delivery.pipeline.requested",
  "delivery.pipeline.finished",
  "delivery.attestation.made",
  "delivery.release.made",
  "delivery.promotion.requested",
  "delivery.promotion.moved",
  "delivery.promotion.admitted",
  "delivery.promotion.finished",
  "delivery.hold.changed",
  "product.record.told",
  "product.measure.defined",
  "telemetry.incident.opened",
  "telemetry.incident.closed",
  "telemetry.slo.changed",
  "telemetry.slo.alerted",
  "standards.decision.made",
  "standards.findings.changed",
  "standards.waiver.changed",
  "standards.stage.set",
  "standards.mend.changed",
  "standards.campaign.saved",
  "standards.campaign.closed",
  "standards.scorecard.saved",
  "standards.scorecard.changed",
  "standards.scorecards.computed",
] as const;
