import { showCalendar, type CalendarItem } from "@roadbed/contracts/delivery/calendar";
import { newId, parseInput, perform, type Call, type Handler, type Runtime } from "@roadbed/core";
import type { FastifyInstance, FastifyRequest } from "@roadbed/http";
import ical from "ical-generator";
import { z } from "zod";

const Query = z.object({ environment: z.string().max(60).optional(), entityRef: z.string().max(300).optional() });
const DAY_MS = 24 * 3_600_000;
/** How far a calendar that is subscribed to looks. */
const LOOKS = { back: 30, ahead: 180 };
/** Calendars ask again by themselves after this long. */
const AGAIN_SECONDS = 900;

/**
 * `GET /calendar.ics`: the change calendar for calendar programs, which send a name and a token by Basic authentication. Each sees what they
 * may see, as on the page.
 */
export function openCalendarDoor(
  app: FastifyInstance,
  o: {
    readonly handlers: readonly Handler[];
    readonly runtime: Runtime;
    readonly publicUrl: string;
    readonly authenticate: (request: FastifyRequest) => Promise<Pick<Call, "actor" | "scopes"> | undefined>;
  },
): void {
  const handler = o.handlers.find(({ operation }) => operation === showCalendar)!;
  app.get("/calendar.ics", async (request, reply) => {
    const query = parseInput(Query, request.query);
    const caller = await o.authenticate(request);
    if (caller === undefined) {
      return reply
        .code(401)
        .header("www-authenticate", 'Basic realm="Roadbed: any name, and a token with delivery:read as password"')
        .send();
    }
    const now = Date.now();
    const input = {
      ...query,
      from: new Date(now - LOOKS.back * DAY_MS).toISOString(),
      until: new Date(now + LOOKS.ahead * DAY_MS).toISOString(),
      limit: 1_000,
    };
    const call: Call = { ...caller, face: "http", requestId: newId("req"), signal: AbortSignal.timeout(30_000) };
    const { items } = (await perform(o.runtime, handler, call, input)) as { readonly items: readonly CalendarItem[] };
    return reply
      .header("content-type", "text/calendar; charset=utf-8")
      .header("cache-control", `private, max-age=${AGAIN_SECONDS}`)
      .send(toICalendar(items, { name: nameOf(query), publicUrl: o.publicUrl }));
  });
}

/** RFC 5545 text. What is not over yet has no end. */
export function toICalendar(items: readonly CalendarItem[], o: { readonly name: string; readonly publicUrl: string }): string {
  const calendar = ical({ name: o.name, prodId: "//Roadbed//Change calendar//EN", ttl: AGAIN_SECONDS });
  for (const { id, kind, title, detail, environments, state, from, until, link } of items) {
    const where = environments.length === 0 ? "" : ` (${environments.join(", ")})`;
    calendar.createEvent({
      id: `${id}@roadbed`,
      start: new Date(from),
      ...(until === undefined ? {} : { end: new Date(until) }),
      summary: `${SIGNS[kind]}${title}${where}: ${state}`,
      ...(detail === undefined ? {} : { description: detail }),
      url: o.publicUrl + link,
      categories: [{ name: kind }],
    });
  }
  return calendar.toString();
}

const SIGNS: Readonly<Record<CalendarItem["kind"], string>> = { deployment: "", freeze: "Frozen: ", incident: "Incident: ", end: "" };

function nameOf({ environment, entityRef }: z.infer<typeof Query>): string {
  return ["Changes", entityRef, environment].filter(Boolean).join(" · ");
}
