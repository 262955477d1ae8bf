import { changeClosed, closeChange, mergeChange, requestChanged } from "@roadbed/contracts/delivery/changes";
import { DomainError, perform, TooManyError, UnavailableError, type Ctx, type Handler, type Operation } from "@roadbed/core";

import { readChange, type ChangeRow } from "../change/change-store.ts";
import type { DeliveryDeps } from "../deps.ts";
import { GITOPS_REPOSITORY, systemOf } from "../gitops/gitops-repository.ts";
import { writeGitops } from "../internal-operations.ts";
import { advancePromotion, readPromotions } from "../promotion/promotion-store.ts";
import { lockPlaces } from "../promotion/request-promotion.ts";
import type { RemoteHost, RemoteRequest } from "./hosts-port.ts";
import { noteEnded, type RequestRow } from "./request-store.ts";

/** The operations by which a request's end counts here: the same as a click. */
export interface Acts {
  readonly merge: Handler;
  readonly close: Handler;
}

/**
 * It was merged there: that is the vote of whoever did it, by the same rules as here, and every gate is asked anew. What does not count is said at the
 * request, and the mirror takes it back. Throws where it cannot be decided now.
 */
export async function settleMerged(
  deps: DeliveryDeps,
  acts: Acts,
  row: RequestRow,
  { host, request }: { readonly host: RemoteHost; readonly request: RemoteRequest },
): Promise<void> {
  const change = await read(deps, row.change_id);
  const ended = { head: request.head, commit: request.commit, by: request.by };
  if (change.status === "merged") return end(deps, row, change, { ...ended, state: "merged" });
  const why =
    change.status === "closed"
      ? "what it holds did not wait any more"
      : await actAs(deps, acts.merge, { host, login: request.by, input: { id: change.id, head: request.head }, verb: "merged" });
  // Two that looked at once: one merged it, the other heard that it is merged.
  if (why === undefined || (await read(deps, row.change_id)).status === "merged")
    return end(deps, row, change, { ...ended, state: "merged" });
  await end(deps, row, change, { ...ended, state: "refused", note: why });
  await host.requests.tell(request.number, {
    head: request.head,
    context: contextOf(change),
    state: "bad",
    summary: "This merge does not count.",
    text: `**This merge does not count**: ${why}\n\nWhat was promoted before stands there again by a commit on top of it. What still waits is proposed anew.`,
    link: `${deps.publicUrl}/delivery/changes/${change.id}`,
  });
}

/** It was closed there: its promotions end. By the rules of here where whoever did it is known and may; else it is ended all the same, which lets nothing through. */
export async function settleClosed(
  deps: DeliveryDeps,
  acts: Acts,
  row: RequestRow,
  { host, request }: { readonly host: RemoteHost; readonly request: RemoteRequest },
): Promise<void> {
  const change = await read(deps, row.change_id);
  const ended = { state: "closed", head: request.head, by: request.by } as const;
  if (change.status !== "open") return end(deps, row, change, ended);
  const words = `${request.by ?? "Somebody"} closed its pull request at ${host.host}.`;
  const input = { id: change.id, note: words };
  const why = await actAs(deps, acts.close, { host, login: request.by, input, verb: "closed" });
  if (why !== undefined) await closeAnyway(deps, change, words);
  await end(deps, row, change, ended);
}

/** What is said of a commit there stands under this name. */
export function contextOf({ target }: Pick<ChangeRow, "target">): string {
  return `Roadbed ${target}`;
}

/** Why it was refused; undefined: it was done. Throws where it may be done later. */
async function actAs(
  deps: DeliveryDeps,
  handler: Handler,
  o: { readonly host: RemoteHost; readonly login: string | undefined; readonly input: unknown; readonly verb: string },
): Promise<string | undefined> {
  const { system, host } = o.host;
  if (o.login === undefined) return `${host} does not say who ${o.verb} it.`;
  const login = o.login;
  const person = await deps.runtime.read(systemOf(deps), (ctx) => deps.hosts!.personAt(ctx, { system, host, login }));
  if (person === undefined)
    return `Nobody here is known as ${login} at ${host}. The user entity of a person says so by the annotation ${system}.com/user-login, and one account is linked to it.`;
  try {
    await perform(deps.runtime, handler, { ...systemOf(deps), ...person, face: "git" }, o.input);
    return undefined;
  } catch (error) {
    if (!(error instanceof DomainError) || error instanceof UnavailableError || error instanceof TooManyError) throw error;
    return error.message;
  }
}

async function closeAnyway(deps: DeliveryDeps, { id, key, branch, head }: ChangeRow, words: string): Promise<void> {
  await deps.runtime.write(systemOf(deps), writeGitops, { branch }, undefined, async (ctx) => {
    const change = await readChange(ctx.sql, id, true);
    if (change.status !== "open") return;
    const rows = await readPromotions(ctx.sql, "p.change_id = $1 and p.state = 'waiting' order by p.id for update of p", [id]);
    await lockPlaces(ctx, rows);
    for (const row of rows) await advancePromotion(ctx, row.id, "refuse", { error: words });
    await ctx.sql.query("update delivery.change set status = 'closed', ended_by = $2, ended_at = $3, note = $4 where id = $1", [
      id,
      "system:git",
      ctx.now(),
      words,
    ]);
    ctx.emit(changeClosed, id, { changeId: id, repository: GITOPS_REPOSITORY, key, note: words });
    await deps.repositories.moveBranch(GITOPS_REPOSITORY, branch, head, null);
  });
}

async function end(deps: DeliveryDeps, row: RequestRow, { branch, about }: ChangeRow, o: Parameters<typeof noteEnded>[2]): Promise<void> {
  await write(deps, branch, async (ctx) => {
    if (!(await noteEnded(ctx, row, o))) return;
    const { place, link } = row;
    ctx.emit(requestChanged, row.change_id, {
      changeId: row.change_id,
      place,
      change: o.state,
      about: [...(about ?? [])],
      ...(link === null ? {} : { link }),
      ...(o.by === undefined ? {} : { by: o.by }),
      ...(o.note === undefined ? {} : { detail: o.note }),
    });
  });
}

export function write<T>(deps: DeliveryDeps, branch: string, work: (ctx: Ctx) => Promise<T>): Promise<T> {
  return deps.runtime.write(systemOf(deps), writeGitops, { branch }, undefined, work);
}

function read(deps: DeliveryDeps, changeId: string): Promise<ChangeRow> {
  return deps.runtime.read(systemOf(deps), (ctx) => readChange(ctx.sql, changeId));
}

/** The operations that a request's end performs. */
export function actsOf(handlers: readonly Handler[]): Acts {
  const of = ({ name }: Operation): Handler => handlers.find(({ operation }) => operation.name === name)!;
  return { merge: of(mergeChange), close: of(closeChange) };
}
