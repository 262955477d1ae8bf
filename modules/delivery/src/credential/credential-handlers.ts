import { createHash, randomBytes } from "node:crypto";

import {
  createCredential,
  credentialChanged,
  listCredentials,
  revokeCredential,
  rotateCredential,
  type Credential,
} from "@roadbed/contracts/delivery/credentials";
import {
  ConflictError,
  encodeCursor,
  formatActor,
  handle,
  InvalidError,
  newId,
  NotFoundError,
  readCursor,
  type Ctx,
  type Handler,
} from "@roadbed/core";
import type { Sealer } from "@roadbed/postgres";
import { z } from "zod";

import type { DeliveryDeps } from "../deps.ts";
import { checkEnvironment } from "../environment/environment-store.ts";
import {
  endCredential,
  insertCredential,
  listCredentialRows,
  lockCredential,
  renewCredential,
  toCredential,
  type CredentialRow,
} from "./credential-store.ts";

/** How long the token before counts after a rotation: the caller has its new one within seconds. */
const OVERLAP_MS = 3_600_000;

/** Credentials between workloads. Their values are made here, sealed, and told to nobody but the workloads. */
export function makeCredentialHandlers({ entities }: DeliveryDeps, sealer: Sealer): Handler[] {
  const hidden = async (ctx: Ctx): Promise<readonly string[]> => (await entities.hiddenFrom?.(ctx)) ?? [];

  async function make(id: string): Promise<{ readonly sealed: Buffer; readonly digest: string }> {
    const token = `rbs_${randomBytes(32).toString("base64url")}`;
    return { sealed: await sealer.seal({ token }, id), digest: createHash("sha256").update(token).digest("hex") };
  }

  function tell(ctx: Ctx, row: CredentialRow, change: "made" | "rotated" | "revoked"): Credential {
    const { id, caller, callee, environment } = row;
    ctx.emit(credentialChanged, callee, { credentialId: id, caller, callee, environment, change });
    return toCredential(row);
  }

  return [
    handle(listCredentials, async (ctx, { limit, cursor, entityRef, environment, state }) => {
      const before = readCursor(z.string(), cursor);
      const filter = { entityRef: entityRef?.toLowerCase(), environment, state, before, limit: limit + 1, hidden: await hidden(ctx) };
      const rows = await listCredentialRows(ctx.sql, filter);
      const items = rows.slice(0, limit).map(toCredential);
      return { items, ...(rows.length > limit ? { nextCursor: encodeCursor(items.at(-1)!.id) } : {}) };
    }),
    handle(createCredential, async (ctx, { caller, callee, environment }) => {
      await checkEnvironment(ctx.sql, environment);
      const unseen = await hidden(ctx);
      for (const ref of [caller, callee]) {
        if (unseen.includes(ref) || (await entities.get(ctx, ref)) === undefined) throw new NotFoundError("entity", ref);
        if (!ref.startsWith("component:")) throw new InvalidError(`${ref} is no component, so it has no workload.`);
      }
      if (caller === callee)
        throw new InvalidError(`${caller} needs no credential to call itself.`, { problems: [{ at: "callee", reason: "is the caller" }] });
      const id = newId("cred", ctx.now().getTime());
      const row = await insertCredential(ctx.sql, {
        id,
        environment,
        caller,
        callee,
        ...(await make(id)),
        by: formatActor(ctx.actor),
        at: ctx.now(),
      });
      if (row !== undefined) return tell(ctx, row, "made");
      throw new ConflictError(`${caller} has a credential for ${callee} in ${environment} already.`, {
        mend: "Rotate it where it is to be another one: roadbed credential rotate.",
      });
    }),
    handle(rotateCredential, async (ctx, { credential: id }) => {
      const before = await lockCredential(ctx.sql, id, await hidden(ctx));
      if (before.state === "revoked") throw new ConflictError(`The credential ${id} was revoked.`, { mend: "Make a new one." });
      const previousUntil = new Date(ctx.now().getTime() + OVERLAP_MS);
      return tell(ctx, await renewCredential(ctx.sql, id, { ...(await make(id)), at: ctx.now(), previousUntil }), "rotated");
    }),
    handle(revokeCredential, async (ctx, { credential: id }) => {
      const before = await lockCredential(ctx.sql, id, await hidden(ctx));
      if (before.state === "revoked") return toCredential(before);
      return tell(ctx, await endCredential(ctx.sql, id, ctx.now()), "revoked");
    }),
  ];
}
