import { requestChanged } from "@roadbed/contracts/delivery/changes";
import { ConflictError, DomainError, TooManyError } from "@roadbed/core";

import { readChange, type ChangeRow } from "../change/change-store.ts";
import type { DeliveryDeps } from "../deps.ts";
import { environmentOf, GITOPS_REPOSITORY, systemOf } from "../gitops/gitops-repository.ts";
import { findMirror, type MirrorRow } from "../mirror/mirror-store.ts";
import { readPromotions } from "../promotion/promotion-store.ts";
import type { RemoteHost } from "./hosts-port.ts";
import { beginRequests, noteEnded, noteFailed, noteOpened, noteSeen, openInto, takeDue, type RequestRow } from "./request-store.ts";
import { digestOf, noteOf } from "./request-words.ts";
import { contextOf, settleClosed, settleMerged, write, type Acts } from "./settle-request.ts";

/** What one look may take; whoever took a request and was killed has let go of it after this. */
const LEASE_MS = 120_000;
const FIRST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 600_000;
/** Its branch is about to be pushed. */
const SOON_MS = 1_000;
/** Until a host says by itself that a push merged a request. */
const HOST_SEES_MS = 5_000;
const MERGED_HERE = "merged here";

/** Brings the requests at the mirror's host in line with what is proposed here, and hears what became of them there. */
export async function followRequests(deps: DeliveryDeps, acts: Acts, everyMs: number): Promise<void> {
  const mirror = await wanted(deps);
  if (mirror !== undefined) await write(deps, "mirror", (ctx) => beginRequests(ctx, placeOf(mirror)));
  for (const row of await takeDue(deps.db, LEASE_MS)) {
    try {
      await followOne(deps, acts, row, mirror, everyMs);
    } catch (error) {
      await fail(deps, row, error);
    }
  }
}

/** Before a branch of the mirror is read as somebody else's work: what was merged into it by a request is decided first. Throws where the host does not answer. */
export async function settleInto(deps: DeliveryDeps, acts: Acts, target: string): Promise<void> {
  const mirror = await wanted(deps);
  if (mirror === undefined) return;
  for (const row of await deps.runtime.read(systemOf(deps), (ctx) => openInto(ctx.sql, target))) {
    const host = await hostOf(deps, mirror);
    const request = await host.requests.get(row.number!);
    if (request.state === "merged") await settleMerged(deps, acts, row, { host, request });
  }
}

async function followOne(deps: DeliveryDeps, acts: Acts, row: RequestRow, mirror: MirrorRow | undefined, everyMs: number): Promise<void> {
  const change = await deps.runtime.read(systemOf(deps), (ctx) => readChange(ctx.sql, row.change_id));
  const end = (state: "merged" | "closed", note?: string): Promise<unknown> =>
    write(deps, change.branch, (ctx) => noteEnded(ctx, row, { state, head: change.head, ...(note === undefined ? {} : { note }) }));
  if (mirror === undefined || placeOf(mirror) !== row.place) return void (await end("closed", "Requests are not opened there any more."));
  if (row.number === null && change.status !== "open") return void (await end(change.status));
  if (row.number === null) return open(deps, row, { change, mirror, everyMs });
  const host = await hostOf(deps, mirror);
  const request = await host.requests.get(row.number);
  if (request.state === "merged") return settleMerged(deps, acts, row, { host, request });
  if (request.state === "closed") return settleClosed(deps, acts, row, { host, request });
  if (change.status !== "open") {
    // Merged here, the host sees it by the push, a moment after it; where it does not look, and closed here, it is closed there.
    if (change.status === "merged" && row.told !== MERGED_HERE) {
      const isPushed = await holds(deps, mirror.heads[change.target], change.head);
      const told = isPushed ? MERGED_HERE : row.told;
      return write(deps, change.branch, (ctx) => noteSeen(ctx, row, { head: row.head, told, nextMs: isPushed ? HOST_SEES_MS : SOON_MS }));
    }
    await host.requests.close(row.number);
    return void (await end(change.status));
  }
  const told = await tell(deps, row, { change, mirror, host });
  await write(deps, change.branch, (ctx) => noteSeen(ctx, row, { head: null, told, nextMs: told === row.told ? everyMs : SOON_MS }));
}

interface Known {
  readonly change: ChangeRow;
  readonly mirror: MirrorRow;
}

async function open(deps: DeliveryDeps, row: RequestRow, { change, mirror, everyMs }: Known & { readonly everyMs: number }): Promise<void> {
  const later = (nextMs: number): Promise<void> =>
    write(deps, change.branch, (ctx) => noteSeen(ctx, row, { head: row.head, told: row.told, nextMs }));
  // Where the mirror does not take the push, its own page says why.
  if (!isThere(change, mirror)) return later(mirror.state === "failing" ? everyMs : SOON_MS);
  const host = await hostOf(deps, mirror);
  const { title, body, branch, target } = change;
  const request = await host.requests.open({ key: keyOf(row), branch, target, title, body });
  await write(deps, branch, async (ctx) => {
    await noteOpened(ctx, row, { number: request.number, link: request.link, nextMs: 0 });
    const about = [...(change.about ?? [])];
    ctx.emit(requestChanged, change.id, { changeId: change.id, place: row.place, change: "opened", link: request.link, about });
    // Its gate names the request from now on.
    await ctx.sql.query("update delivery.promotion set look_at = $2 where change_id = $1 and state = 'waiting'", [change.id, ctx.now()]);
  });
}

/** What is said there is what is so here; answers what was told. A commit that the host has not yet is not spoken of. */
async function tell(
  deps: DeliveryDeps,
  row: RequestRow,
  { change, mirror, host }: Known & { readonly host: RemoteHost },
): Promise<string | null> {
  if (!isThere(change, mirror)) return row.told;
  const things = await deps.runtime.read(systemOf(deps), (ctx) =>
    readPromotions(ctx.sql, "p.change_id = $1 and p.state = 'waiting' order by p.entity_ref, p.id limit 1000", [change.id]),
  );
  const { title, body, head, base } = change;
  const digest = digestOf({ head, title, body, things });
  if (digest === row.told) return row.told;
  const files = await deps.repositories.patches(GITOPS_REPOSITORY, base, head);
  const environment = environmentOf(change.target)?.environment ?? change.target;
  await host.requests.edit(row.number!, { key: keyOf(row), title, body });
  const link = `${deps.publicUrl}/delivery/changes/${change.id}`;
  await host.requests.tell(row.number!, { ...noteOf(environment, things, files), head, context: contextOf(change), link });
  return digest;
}

function isThere({ branch, target, head, base }: ChangeRow, { heads }: MirrorRow): boolean {
  return heads[branch] === head && heads[target] === base;
}

async function holds({ repositories }: DeliveryDeps, head: string | undefined, commit: string): Promise<boolean> {
  return head !== undefined && (await repositories.isAncestor(GITOPS_REPOSITORY, commit, head).catch(() => false));
}

function keyOf({ change_id, attempt }: RequestRow): string {
  return `${change_id}:${attempt}`;
}

async function wanted(deps: DeliveryDeps): Promise<MirrorRow | undefined> {
  const mirror = await deps.runtime.read(systemOf(deps), (ctx) => findMirror(ctx.sql));
  return mirror?.requests === true ? mirror : undefined;
}

/** The mirror's address, as people read it. */
function placeOf({ remote }: MirrorRow): string {
  return remote;
}

async function hostOf(deps: DeliveryDeps, { remote }: MirrorRow): Promise<RemoteHost> {
  const found = await whereRequestsGo(deps, remote);
  if ("because" in found) throw new ConflictError(`${found.because}.`, { mend: found.mend });
  return found;
}

/** The way to the requests of a remote, or why there is none. */
export async function whereRequestsGo(
  { hosts }: Pick<DeliveryDeps, "hosts">,
  remote: string,
): Promise<RemoteHost | { readonly because: string; readonly mend: string }> {
  return (await hosts?.at(remote)) ?? { because: "This server opens no requests at other hosts", mend: "Merge what is proposed here." };
}

async function fail(deps: DeliveryDeps, row: RequestRow, error: unknown): Promise<void> {
  const said = error instanceof DomainError ? [error.message, error.mend].filter(Boolean).join(" ") : String(error);
  const pause =
    error instanceof TooManyError
      ? error.retryAfterSeconds * 1_000
      : Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(row.failures, 10));
  await write(deps, row.change_id, async (ctx) => {
    await noteFailed(ctx, row, said, pause);
    if (row.failures > 0) return;
    ctx.emit(requestChanged, row.change_id, { changeId: row.change_id, place: row.place, change: "failing", about: [], detail: said });
  });
  deps.log.warn("a request at another host could not be followed", { place: row.place, request: row.number, error: said });
}
