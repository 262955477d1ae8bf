import { z } from "zod";

/**
 * Who is called when something is wrong, and for how long. Connectors write a list of these into `spec.onCall` of what they enrich;
 * a person may also write a name there by hand. `readOnCall` understands both.
 */
export const OnCall = z.object({
  /** A user of the catalogue, where whoever wrote it knew one: otherwise find them by `mail`. */
  person: z.string().optional(),
  name: z.string(),
  mail: z.string().optional(),
  /** The rota, or the escalation policy where somebody is always on call. */
  schedule: z.string().optional(),
  /** 1 is called first, 2 when 1 does not answer. */
  level: z.number().int().min(1).default(1),
  /** Both missing: always. */
  since: z.iso.datetime({ offset: true }).optional(),
  until: z.iso.datetime({ offset: true }).optional(),
  /** The system that says so, e.g. `pagerduty`; missing: a person. */
  source: z.string().optional(),
  url: z.string().optional(),
});
export type OnCall = z.infer<typeof OnCall>;

/** Where it stands in an entity. */
export const ON_CALL_PROPERTY = "spec.onCall";

/** What `spec.onCall` says, first called first. What is not understood is left out: a page must not fail for it. */
export function readOnCall(value: unknown): readonly OnCall[] {
  const items = Array.isArray(value) ? value : value === undefined || value === null ? [] : [value];
  return items.flatMap(readOne).sort((a, b) => a.level - b.level || compareTexts(a.schedule ?? "", b.schedule ?? ""));
}

/** Those whose shift holds at that moment. */
export function onCallAt(shifts: readonly OnCall[], at: Date): readonly OnCall[] {
  const time = at.getTime();
  return shifts.filter(
    ({ since, until }) => (since === undefined || Date.parse(since) <= time) && (until === undefined || time < Date.parse(until)),
  );
}

function readOne(item: unknown): readonly OnCall[] {
  if (typeof item === "string") return item.trim() === "" ? [] : [byHand(item.trim())];
  const parsed = OnCall.safeParse(item);
  return parsed.success ? [parsed.data] : [];
}

/** `user:default/pia`, `pia@example.com` or just a name. */
function byHand(text: string): OnCall {
  const isRef = /^user:[^\s/:]+\/[^\s/:]+$/i.test(text);
  if (isRef) return { person: text.toLowerCase(), name: text.slice(text.indexOf("/") + 1), level: 1 };
  return { name: text, level: 1, ...(/^[^\s@]+@[^\s@]+$/.test(text) ? { mail: text.toLowerCase() } : {}) };
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
