import { createHmac, timingSafeEqual } from "node:crypto";

import { syncSource, type Entity } from "@roadbed/contracts/catalog";
import { buildTold } from "@roadbed/contracts/catalog/builds";
import { changeProposed } from "@roadbed/contracts/catalog/changes";
import type { Amendment, WebhookOutcome, WebhookRequest } from "@roadbed/contracts/connector";
import { NotFoundError, UnauthenticatedError, type Call, type Ctx } from "@roadbed/core";

import type { Connectors } from "../connector/connectors.ts";
import { snapshotOf } from "../connector/read-connector.ts";
import type { CatalogDeps } from "../deps.ts";
import { lockCatalog } from "../entity/entity-store.ts";
import { kindsIn } from "../kinds/kinds-in.ts";
import type { Kinds } from "../kinds/registry.ts";
import type { Feed } from "../estate/feed.ts";
import { applySnapshot } from "./apply-snapshot.ts";
import { noteDelivery, noteSaid } from "./said-store.ts";
import { keepSamples } from "./sample-store.ts";
import type { Snapshot } from "./snapshot.ts";
import type { SourceSecrets } from "./source-secrets.ts";
import { getSource, type SourceRow } from "./source-store.ts";
import type { Syncer } from "./syncer.ts";

/** What became of a message. */
export interface Received {
  /** `applied`: the catalogue says it now. `scheduled`: the source is read soon. `duplicate`, `stale`, `paused`, `nothing`: nothing was done. */
  readonly outcome: "applied" | "scheduled" | "duplicate" | "stale" | "paused" | "nothing";
  readonly changed: number;
}

export interface ReceiveDeps extends Pick<CatalogDeps, "runtime"> {
  readonly secrets: SourceSecrets;
  readonly connectors: Connectors;
  readonly kinds: Kinds;
  readonly syncer: Syncer;
  readonly feed: Feed;
}

/**
 * Takes what a system says of a source. It does not wait for a run that is under way: that run passes over what came after it began.
 * Throws `UnauthenticatedError` for a wrong signature, and for a source that is not there: nobody learns which there are.
 */
export async function receiveHook(deps: ReceiveDeps, sourceId: string, request: Omit<WebhookRequest, "secret">): Promise<Received> {
  const { runtime, secrets, syncer } = deps;
  const call: Call = { ...runtime.system("catalog.hook"), actor: { kind: "webhook", id: sourceId } };
  const source = await runtime
    .read(call, (ctx) => getSource(ctx.sql, sourceId))
    .catch((error: unknown) => {
      throw error instanceof NotFoundError ? refused() : error;
    });
  const secret = await secrets.readHook(source);
  if (secret === undefined) throw refused();
  const outcome = await understand(deps, source, { ...request, secret }, call.signal);
  if (source.paused_at !== null) return { outcome: "paused", changed: 0 };
  const received = await runtime.write(call, syncSource, { id: sourceId }, undefined, (ctx) =>
    take(deps, ctx, source, outcome, request.body),
  );
  if (received.outcome === "scheduled") syncer.schedule(sourceId, { anew: true, cause: "webhook" });
  return received;
}

function refused(): UnauthenticatedError {
  return new UnauthenticatedError("The message is not signed with the secret of this webhook.", {
    mend: "Give the system the webhook's secret: roadbed hook rotate SOURCE shows a new one, once.",
  });
}

async function understand(deps: ReceiveDeps, source: SourceRow, request: WebhookRequest, signal: AbortSignal): Promise<WebhookOutcome> {
  if (source.kind === "connector") {
    const connector = deps.connectors.get(source.connector ?? "");
    const settings = await deps.connectors.settingsOf(source);
    if (connector.receive) {
      return connector.receive(settings, request, deps.connectors.call({ state: source.memory, signal, now: () => new Date() }));
    }
  }
  if (!isSigned(request)) throw refused();
  return { deliveryId: deliveryOf(request), resync: true };
}

/** As Git hosts do it: a signature of the body, or the secret itself. */
function isSigned({ headers, body, secret }: WebhookRequest): boolean {
  const signature = headers["x-hub-signature-256"] ?? headers["x-roadbed-signature-256"];
  if (signature !== undefined) return isSame(signature, `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`);
  const token = headers["x-gitlab-token"] ?? /^Bearer (.+)$/i.exec(headers["authorization"] ?? "")?.[1];
  return token !== undefined && isSame(token, secret);
}

function isSame(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function deliveryOf({ headers, body }: WebhookRequest): string {
  const id = headers["x-github-delivery"] ?? headers["x-gitlab-event-uuid"] ?? headers["x-request-id"] ?? headers["webhook-id"];
  return id ?? createHmac("sha256", "delivery").update(body).update(String(Date.now())).digest("hex");
}

async function take(deps: ReceiveDeps, ctx: Ctx, source: SourceRow, outcome: WebhookOutcome, body: Uint8Array): Promise<Received> {
  const at = ctx.now();
  if (!(await noteDelivery(ctx.sql, source.id, outcome.deliveryId, at))) return { outcome: "duplicate", changed: 0 };
  await keepBody(deps, ctx, source, body);
  if (outcome.build) ctx.emit(buildTold, source.id, { sourceId: source.id, ...outcome.build });
  if (outcome.change) ctx.emit(changeProposed, source.id, { sourceId: source.id, ...outcome.change });
  const { readings = [], removed = [] } = outcome.amend ? await amend(ctx, source, outcome.amend) : outcome;
  if (readings.length + removed.length === 0) return { outcome: outcome.resync === true ? "scheduled" : "nothing", changed: 0 };
  const connector = deps.connectors.get(source.connector ?? "");
  const said = await snapshotOf(connector, await kindsIn(ctx.sql, deps.kinds), readings, removed);
  const fresh = await withoutStale(ctx, source, said, outcome.at ?? at, at);
  // What is worked out from all that was said before is as new as can be, in whichever order the messages came.
  const snapshot = outcome.amend ? said : fresh;
  const isStale = snapshot.candidates.length + (snapshot.gone?.size ?? 0) === 0 && said.candidates.length + (said.gone?.size ?? 0) > 0;
  if (isStale) return { outcome: "stale", changed: 0 };
  const { counts, change } = await applySnapshot(ctx, source, snapshot, { cause: "webhook", kinds: deps.kinds });
  if (change !== undefined) deps.feed.expect(change);
  if (outcome.resync === true) return { outcome: "scheduled", changed: counts.registered + counts.changed + counts.removed };
  return { outcome: "applied", changed: counts.registered + counts.changed + counts.removed };
}

async function amend({ sql }: Ctx, source: SourceRow, { refs, apply }: Amendment): Promise<Pick<WebhookOutcome, "readings" | "removed">> {
  await lockCatalog(sql);
  const { rows } = await sql.query<{ ref: string; document: Entity }>(
    "select ref, coalesce(base, document) as document from catalog.entity where source_id = $1 and ref = any($2)",
    [source.id, refs.map((ref) => ref.toLowerCase())],
  );
  return apply(new Map(rows.map(({ ref, document }) => [ref, document])));
}

/** What is newer than anything known of its entity. */
async function withoutStale({ sql }: Ctx, source: SourceRow, said: Snapshot, at: Date, receivedAt: Date): Promise<Snapshot> {
  const refs = [...said.candidates.map(({ ref }) => ref), ...(said.gone ?? [])];
  const stale = await noteSaid(sql, source.id, refs, at, receivedAt);
  if (stale.size === 0) return said;
  return {
    ...said,
    candidates: said.candidates.filter(({ ref }) => !stale.has(ref)),
    gone: new Set([...(said.gone ?? [])].filter((ref) => !stale.has(ref))),
  };
}

async function keepBody({ secrets }: ReceiveDeps, ctx: Ctx, source: SourceRow, body: Uint8Array): Promise<void> {
  if (source.kind !== "connector") return;
  const text = new TextDecoder().decode(body);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = { text };
  }
  const hidden = Object.values(await secrets.read(source)).filter((one) => typeof one === "string");
  await keepSamples(ctx.sql, source.id, { origin: "webhook", bodies: [value], secrets: hidden, at: ctx.now() });
}
