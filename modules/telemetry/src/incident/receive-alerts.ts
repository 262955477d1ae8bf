import { receiveAlerts, type ReceivedAlert } from "@roadbed/contracts/telemetry/alertmanager";
import type { Incident } from "@roadbed/contracts/telemetry";
import { handle, type Ctx, type Handler } from "@roadbed/core";

import type { Things } from "../deps.ts";
import { declareIncident, endIncident } from "./declare-incident.ts";

type Done = { readonly act: "opened" | "closed" | "unchanged"; readonly incident?: string };

/** Takes what Alertmanager's webhook sends. Doing it twice is doing it once, and alerts of one fingerprint wait for each other. */
export function makeReceiveAlerts({ whoseServices, onCallOf }: Pick<Things, "whoseServices" | "onCallOf">): Handler {
  return handle(receiveAlerts, async (ctx, { alerts }) => {
    const whose = await whoseServices([...new Set(alerts.map(serviceOf))]);
    const done: Done[] = [];
    for (const alert of alerts.toSorted((a, b) => (a.fingerprint < b.fingerprint ? -1 : 1))) {
      const entityRef = alert.labels["roadbed_entity"] ?? whose.get(serviceOf(alert))?.ref;
      done.push(await takeAlert(ctx, alert, entityRef, onCallOf));
    }
    const count = (act: Done["act"]) => done.filter((one) => one.act === act).length;
    return {
      opened: count("opened"),
      closed: count("closed"),
      unchanged: count("unchanged"),
      incidents: [...new Set(done.flatMap(({ incident }) => incident ?? []))],
    };
  });
}

async function takeAlert(ctx: Ctx, alert: ReceivedAlert, entityRef: string | undefined, onCallOf: Things["onCallOf"]): Promise<Done> {
  await ctx.sql.query("select pg_advisory_xact_lock(hashtext('telemetry.alert ' || $1))", [alert.fingerprint]);
  const startsAt = new Date(alert.startsAt);
  const { rows } = await ctx.sql.query<{ id: string; open: boolean; same: boolean }>(
    `select id, closed_at is null as open, opened_at = $2 as same from telemetry.incident
     where fingerprint = $1 and (closed_at is null or opened_at = $2) order by closed_at is null desc limit 1`,
    [alert.fingerprint, startsAt],
  );
  const [known] = rows;
  if (alert.status === "resolved") {
    if (known?.open !== true) return { act: "unchanged" };
    await endIncident(ctx, known.id, { at: endOf(alert, ctx.now()), summary: "Alertmanager says that it is resolved." });
    return { act: "closed" };
  }
  // It is sent again as long as it fires; one that somebody closed by hand is not opened for the same start.
  if (known !== undefined) return { act: "unchanged", ...(known.open ? { incident: known.id } : {}) };
  const onCall = entityRef === undefined ? [] : await onCallOf(entityRef).catch(() => []);
  const incident = await declareIncident(ctx, {
    title: titleOf(alert),
    service: serviceOf(alert),
    entityRef,
    severity: severityOf(alert),
    openedAt: startsAt,
    sample: false,
    onCall,
    link: "/incidents",
  });
  await ctx.sql.query("update telemetry.incident set fingerprint = $2 where id = $1", [incident.id, alert.fingerprint]);
  return { act: "opened", incident: incident.id };
}

/** Labels that name a service, ours first, then what Prometheus' own rules and Kubernetes have. */
const SERVICE_LABELS = ["roadbed_service", "service_name", "service", "app", "deployment", "job", "instance"] as const;
const MAX_TEXT = 200;

function serviceOf({ labels }: ReceivedAlert): string {
  for (const name of SERVICE_LABELS) if (labels[name] !== undefined && labels[name] !== "") return labels[name].slice(0, MAX_TEXT);
  return "unknown_service";
}

function titleOf({ annotations, labels }: ReceivedAlert): string {
  return (annotations["summary"] || annotations["title"] || labels["alertname"] || "An alert without a name").slice(0, MAX_TEXT);
}

const SEVERITIES: Readonly<Record<string, Incident["severity"]>> = {
  critical: "critical",
  page: "critical",
  emergency: "critical",
  info: "low",
  information: "low",
  low: "low",
  none: "low",
};

function severityOf({ labels }: ReceivedAlert): Incident["severity"] {
  const word = labels["severity"]?.toLowerCase() ?? "";
  return Object.hasOwn(SEVERITIES, word) ? (SEVERITIES[word] ?? "high") : "high";
}

/** Alertmanager writes the year 1 where an alert has no end yet. */
function endOf({ endsAt }: ReceivedAlert, now: Date): Date {
  const end = endsAt === undefined ? now : new Date(endsAt);
  return end.getUTCFullYear() < 1970 || end > now ? now : end;
}
