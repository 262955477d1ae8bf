import { formatRef, parseRef } from "@roadbed/contracts/catalog";
import {
  checkLedger,
  diffLedger,
  listLedger,
  listVersions,
  showLedger,
  type LedgerDetail,
  type LedgerEntry,
} from "@roadbed/contracts/paths/ledger";
import { ConflictError, encodeCursor, handle, readCursor, type Ctx, type Handler } from "@roadbed/core";
import { z } from "zod";

import type { PathsDeps } from "../deps.ts";
import type { Library } from "../template/library.ts";
import { compareVersions } from "../template/golden-path.ts";
import type { Path } from "../template/template.ts";
import { checkMade } from "./check-made.ts";
import { readDeviations } from "./deviation-store.ts";
import { countByVersion, listMade, readDrift, readMadeFiles, readStanding, type StandingRow, type View } from "./made-store.ts";
import type { Sources } from "./source-store.ts";

export interface LedgerDeps extends Pick<PathsDeps, "catalog" | "repositories"> {
  readonly library: Library;
  readonly sources: Sources;
}

/** Answers what was made, and how far it is from its path. */
export function makeLedgerHandlers(deps: LedgerDeps): Handler[] {
  return [
    handle(listLedger, async (ctx, { limit, cursor, state, path, entityRef, q }) => {
      const { view, paths } = await lookFrom(deps, ctx);
      const { rows, counts } = await listMade(ctx.sql, view, {
        state,
        path: path === undefined ? undefined : formatRef(parseRef(path, { kind: "template" })),
        entityRef: entityRef?.toLowerCase(),
        q,
        before: readCursor(z.string(), cursor),
        limit: limit + 1,
      });
      const items = rows.slice(0, limit).map((row) => toEntry(row, paths));
      const all = Object.values(counts).reduce((sum, n) => sum + n, 0);
      return {
        items,
        counts,
        total: state === undefined ? all : counts[state],
        ...(rows.length > limit ? { nextCursor: encodeCursor(items.at(-1)?.id) } : {}),
      };
    }),
    handle(showLedger, (ctx, { thing }) => showMade(deps, ctx, thing)),
    handle(diffLedger, async (ctx, { thing, file }) => {
      const { view } = await lookFrom(deps, ctx);
      const row = await readStanding(ctx.sql, view, thing);
      const drift = await readDrift(ctx.sql, row.id, view.now);
      const wanted = file === undefined ? drift.map(({ path }) => path) : [file];
      if (row.checked_commit === null || row.gone_at !== null || wanted.length === 0) return { items: [] };
      const patches = await needRepositories(deps).patches(row.repository, row.base_commit, row.checked_commit, wanted);
      return { items: patches.map((patch) => ({ ...patch })) };
    }),
    handle(checkLedger, async (ctx, { thing }) => {
      const { view, paths } = await lookFrom(deps, ctx);
      const { id } = await readStanding(ctx.sql, view, thing);
      await checkMade(needRepositories(deps), ctx, id);
      return toEntry(await readStanding(ctx.sql, view, id), paths);
    }),
    handle(listVersions, async (ctx, { path: name, limit, cursor }) => {
      const path = await deps.library.get(ctx, name);
      const now = await deps.sources.digestOf(path);
      const after = readCursor(z.number().int().min(0), cursor) ?? 0;
      const { rows } = await ctx.sql.query<{ digest: string; version: string | null; kept_at: Date }>(
        "select digest, version, kept_at from paths.source where path_ref = $1 order by kept_at desc, digest",
        [path.ref],
      );
      const things = await countByVersion(ctx.sql, path.ref);
      const kept = rows.map(({ digest, version, kept_at }) => ({ digest, version: version ?? undefined, keptAt: kept_at.toISOString() }));
      const live = { digest: now ?? "", version: path.promises.version, keptAt: undefined };
      const all = now === undefined || kept.some(({ digest }) => digest === now) ? kept : [live, ...kept];
      const items = all.slice(after, after + limit).map(({ digest, version, keptAt }) => ({
        digest,
        ...(version === undefined ? {} : { version }),
        ...(keptAt === undefined ? {} : { keptAt }),
        current: digest === now,
        changes: [...(path.promises.changelog.find((entry) => entry.version === version)?.changes ?? [])],
        things: things.get(digest) ?? 0,
      }));
      return { items, total: all.length, ...(after + limit < all.length ? { nextCursor: encodeCursor(after + limit) } : {}) };
    }),
  ];
}

export async function showMade(deps: LedgerDeps, ctx: Ctx, thing: string): Promise<LedgerDetail> {
  const { view, paths } = await lookFrom(deps, ctx);
  const row = await readStanding(ctx.sql, view, thing);
  const drift = new Map((await readDrift(ctx.sql, row.id, view.now)).map((one) => [one.path, one]));
  const files = await readMadeFiles(ctx.sql, row.id);
  const path = paths.get(row.path_ref);
  return {
    ...toEntry(row, paths),
    answers: row.answers,
    baseCommit: row.base_commit,
    deviations: await readDeviations(ctx.sql, row.id, view.now),
    changelog: changesSince(path, row.version ?? undefined),
    fileList: files.map(({ path: file, hash, managed }) => {
      const { change, renamed_to, commit, author, at, message, deviation_id } = drift.get(file) ?? {};
      return {
        path: file,
        managed,
        hash,
        change: change ?? "none",
        ...optional("renamedTo", renamed_to),
        ...optional("commit", commit),
        ...optional("author", author),
        ...optional("at", at?.toISOString()),
        ...optional("message", message),
        ...optional("deviation", deviation_id),
      };
    }),
  };
}

/** The paths as they are now, and what of the estate may be seen. */
export async function lookFrom(deps: LedgerDeps, ctx: Ctx): Promise<{ readonly view: View; readonly paths: ReadonlyMap<string, Path> }> {
  const paths = await deps.library.list(ctx);
  const current = await Promise.all(
    paths.map(async (path) => ({ ref: path.ref, version: path.promises.version, digest: await deps.sources.digestOf(path) })),
  );
  const hidden = (await deps.catalog.hiddenFrom?.(ctx)) ?? [];
  return { view: { current, hidden, now: ctx.now() }, paths: new Map(paths.map((path) => [path.ref, path])) };
}

export function toEntry(row: StandingRow, paths: ReadonlyMap<string, Path>): LedgerEntry {
  return {
    id: row.id,
    repository: row.repository,
    branch: row.branch,
    path: row.path_ref,
    pathTitle: row.path_title,
    state: row.state,
    older: row.older,
    drifted: row.drifted,
    deviating: row.deviating,
    files: row.files,
    runId: row.run_id,
    madeAt: row.made_at.toISOString(),
    ...optional("entityRef", row.entity_ref),
    ...optional("version", row.version),
    ...optional("currentVersion", row.current_version),
    ...optional("checkedAt", row.checked_at?.toISOString()),
    ...optional("checkedCommit", row.checked_commit),
    ...optional("deprecatedFrom", paths.get(row.path_ref)?.promises.deprecation?.from),
  };
}

export function needRepositories<R>({ repositories }: { readonly repositories?: R | undefined }): R {
  if (repositories !== undefined) return repositories;
  throw new ConflictError("This server has no Git host of its own to look into.");
}

function changesSince(path: Path | undefined, version: string | undefined): LedgerDetail["changelog"] {
  if (path === undefined) return [];
  return path.promises.changelog
    .filter((entry) => compareVersions(entry.version, version) > 0)
    .map(({ version: of, date, changes }) => ({ version: of, changes: [...changes], ...optional("date", date) }));
}

function optional<K extends string, V>(key: K, value: V | null | undefined): { [P in K]?: V } {
  return value === null || value === undefined ? {} : ({ [key]: value } as { [P in K]?: V });
}
