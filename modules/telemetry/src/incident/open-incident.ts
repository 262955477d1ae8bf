import { openIncident } from "@roadbed/contracts/telemetry";
import { handle, type Handler } from "@roadbed/core";

import { declareIncident } from "./declare-incident.ts";

export function makeOpenIncident(): Handler {
  return handle(openIncident, (ctx, { openedAt, ...incident }) =>
    declareIncident(ctx, { ...incident, openedAt: openedAt === undefined ? ctx.now() : new Date(openedAt) }),
  );
}
