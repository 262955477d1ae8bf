import { listAudit, verifyAudit } from "@roadbed/contracts/identity";
import { encodeCursor, handle, readCursor, type Handler } from "@roadbed/core";
import { listAudit as readAudit, verifyAudit as recompute, type AuditRecord } from "@roadbed/postgres";
import { z } from "zod";

const Seq = z.string().regex(/^\d{1,18}$/);

export function makeAuditHandlers(): Handler[] {
  return [
    handle(listAudit, async (ctx, { limit, cursor, ...filter }) => {
      const before = readCursor(Seq, cursor);
      const records = await readAudit(ctx.sql, { ...filter, before, limit: limit + 1 });
      const last = records.length > limit ? records[limit - 1] : undefined;
      return { items: records.slice(0, limit).map(toRow), ...(last === undefined ? {} : { nextCursor: encodeCursor(last.seq) }) };
    }),
    handle(verifyAudit, (ctx) => recompute(ctx.sql)),
  ];
}

function toRow({ at, resource, reason, outputDigest, ...rest }: AuditRecord) {
  return {
    ...rest,
    at: at.toISOString(),
    ...(resource === null ? {} : { resource }),
    ...(reason === null ? {} : { reason }),
    ...(outputDigest === null ? {} : { outputDigest }),
  };
}
