import { listIncidents } from "@roadbed/contracts/telemetry";
import { encodeCursor, handle, readCursor, type Handler } from "@roadbed/core";
import { z } from "zod";

import { INCIDENT_COLUMNS, toIncident, type IncidentRow } from "./incident.ts";

const Cursor = z.object({ at: z.iso.datetime(), id: z.string() });

export function makeListIncidents(): Handler {
  return handle(listIncidents, async (ctx, { limit, cursor, state, service }) => {
    const after = readCursor(Cursor, cursor);
    const { rows } = await ctx.sql.query<IncidentRow>(
      `select ${INCIDENT_COLUMNS} from telemetry.incident
       where ($1::text is null or (closed_at is null) = ($1 = 'open'))
         and ($2::text is null or service = $2)
         and ($3::timestamptz is null or (opened_at, id) < ($3, $4))
       order by opened_at desc, id desc
       limit $5`,
      [state ?? null, service ?? null, after?.at ?? null, after?.id ?? null, limit + 1],
    );
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    return {
      items: page.map(toIncident),
      ...(rows.length > limit && last !== undefined ? { nextCursor: encodeCursor({ at: last.opened_at.toISOString(), id: last.id }) } : {}),
    };
  });
}
