import { formatRef, parseRef } from "@roadbed/contracts/catalog";
import { getRelease, listReleases, type Part, type PartStanding } from "@roadbed/contracts/delivery/releases";
import { encodeCursor, handle, readCursor, type Ctx, type Handler } from "@roadbed/core";
import type { Commit } from "@roadbed/git";
import { z } from "zod";

import type { DeliveryDeps } from "../deps.ts";
import { listReleaseRows, previousRelease, readRelease, toReleases } from "./release-store.ts";

export const MOST_COMMITS = 100;

export function makeReleaseReaders(deps: DeliveryDeps): Handler[] {
  const hiddenOf = async (ctx: Ctx): Promise<readonly string[]> => (await deps.entities.hiddenFrom?.(ctx)) ?? [];
  return [
    handle(listReleases, async (ctx, { limit, cursor, entityRef }) => {
      const rows = await listReleaseRows(ctx.sql, {
        entityRef: entityRef?.toLowerCase(),
        before: readCursor(z.string(), cursor),
        hidden: await hiddenOf(ctx),
        limit: limit + 1,
      });
      const items = await toReleases(ctx.sql, rows.slice(0, limit));
      return { items, ...(rows.length > limit ? { nextCursor: encodeCursor(items.at(-1)?.id) } : {}) };
    }),
    handle(getRelease, async (ctx, { release }) => {
      const row = await readRelease(ctx.sql, release, await hiddenOf(ctx));
      const [shown] = await toReleases(ctx.sql, [row]);
      const before = await previousRelease(ctx.sql, row);
      const parts = await Promise.all(row.parts.map((part) => standingOf(deps, ctx, part)));
      const commits = await commitsBetween(deps, row, before?.commit ?? undefined);
      return {
        ...shown!,
        parts,
        gone: parts.some(({ standing }) => standing === "gone"),
        ...(before === undefined ? {} : { previous: { id: before.id, number: before.number } }),
        ...commits,
      };
    }),
  ];
}

/** What a release holds that an older commit does not. A commit that is gone has no history. */
export async function commitsBetween(
  { repositories }: Pick<DeliveryDeps, "repositories">,
  { repository, commit }: { readonly repository: string | null; readonly commit: string | null },
  since: string | undefined,
): Promise<{ commits: { hash: string; message: string; author: string; at: string }[]; moreCommits: boolean }> {
  if (repository === null || commit === null || !(await repositories.exists(repository))) return { commits: [], moreCommits: false };
  const found = await repositories.log(repository, { ref: commit, limit: MOST_COMMITS + 1, since });
  return { commits: found.slice(0, MOST_COMMITS).map(toCommit), moreCommits: found.length > MOST_COMMITS };
}

/** Whether a part is still there, as far as this can be asked. */
export async function standingOf({ repositories, entities }: DeliveryDeps, ctx: Ctx, part: Part): Promise<PartStanding> {
  const { kind, name, version } = part;
  if (kind === "commit") {
    if (!(await repositories.exists(name))) return { ...part, standing: "gone", why: `The repository ${name} is gone.` };
    const [found] = await repositories.log(name, { ref: version, limit: 1 });
    if (found !== undefined) return { ...part, standing: "present" };
    return {
      ...part,
      standing: "gone",
      why: `The commit ${version.slice(0, 8)} is not in ${name} any more: its history was written anew.`,
    };
  }
  const ref = entityNamed(name);
  if (ref === undefined) return { ...part, standing: "unchecked", why: `Roadbed does not ask where this ${kind} is kept.` };
  if ((await entities.get(ctx, ref)) !== undefined) return ofDigest(ctx, part, ref);
  return { ...part, standing: "gone", why: `${ref} is not in the catalogue any more.` };
}

/** A prompt or agent of the platform that is named with its digest was released once. */
async function ofDigest(ctx: Ctx, part: Part, ref: string): Promise<PartStanding> {
  const { kind, digest } = part;
  if (digest === undefined || (kind !== "prompt" && kind !== "agent")) return { ...part, standing: "present" };
  const { rowCount } = await ctx.sql.query("select 1 from delivery.release where entity_ref = $1 and parts @> $2::jsonb limit 1", [
    ref,
    JSON.stringify([{ kind, digest }]),
  ]);
  if (rowCount > 0) return { ...part, standing: "present" };
  return { ...part, standing: "gone", why: `No release of ${ref} holds the ${kind} with the digest ${digest.slice(0, 19)}.` };
}

/** A part may be named by its reference in the catalogue. */
function entityNamed(name: string): string | undefined {
  if (!/^[a-z][a-z0-9]*:[a-z0-9-]+\/[^\s/:]+$/i.test(name)) return undefined;
  return formatRef(parseRef(name));
}

export function toCommit({ hash, message, author, at }: Commit): { hash: string; message: string; author: string; at: string } {
  return { hash, message: message.slice(0, 2_000), author: author.name, at: at.toISOString() };
}
