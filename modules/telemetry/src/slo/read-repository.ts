import { repositoryPushed } from "@roadbed/contracts/delivery";
import { listSloRepositories } from "@roadbed/contracts/telemetry/slos";
import { encodeCursor, handle, InvalidError, readCursor, type Ctx, type Handler, type Subscription } from "@roadbed/core";
import { z } from "zod";

import type { SloRepositories, Things } from "../deps.ts";
import { dropSlo, keepSlo, lockSlo } from "./keep-slo.ts";
import { readOpenSlo, type SloText } from "./read-openslo.ts";
import type { SloRow } from "./slo-store.ts";

const BRANCH = "main";
/** `slo.yaml`, `slos.yaml`, `NAME.slo.yaml`, and everything in a folder `slos`. */
const FILE = /(?:^|\/)(?:slos?\.ya?ml|[^/]+\.slo\.ya?ml|slos\/[^/]+\.ya?ml)$/;
const MOST_FILES = 50;
const MOST_BYTES = 200_000;
const MOST_PROBLEMS = 50;

interface Found {
  readonly said: readonly (SloText & { readonly path: string })[];
  readonly problems: readonly FileProblem[];
}

interface FileProblem {
  readonly path: string;
  readonly reason: string;
}

/** Objectives in a repository follow its main branch. Hearing a push twice changes nothing the second time. */
export function followRepositories(repositories: SloRepositories): Subscription {
  return {
    name: "telemetry.read-repository-slos",
    events: [repositoryPushed.name],
    async receive(ctx, event) {
      const { repository, branch } = repositoryPushed.payload.parse(event.payload);
      if (branch !== BRANCH) return;
      const commit = await repositories.head(repository, BRANCH);
      if (commit !== undefined) await readRepository(ctx, repositories, repository, commit);
    },
  };
}

/**
 * Takes what the files say. A repository speaks for what it holds and for nothing else. While something in it cannot be read nothing
 * that it said before is removed: a slip of the pen is no wish to promise nothing any more.
 */
export async function readRepository(ctx: Ctx, repositories: SloRepositories, repository: string, commit: string): Promise<void> {
  await ctx.sql.query("select pg_advisory_xact_lock(hashtext('telemetry.slo-repository ' || $1))", [repository]);
  const { said, problems: unread } = await readFiles(repositories, repository, commit);
  const problems = [...unread];
  const { rows: kept } = await ctx.sql.query<SloRow>("select * from telemetry.slo where repository = $1 order by name", [repository]);
  if (said.length === 0 && problems.length === 0 && kept.length === 0) {
    await ctx.sql.query("delete from telemetry.slo_repository where repository = $1", [repository]);
    return;
  }
  const taken = new Set<string>();
  for (const { path, ...one } of said.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const reason = taken.has(one.name) ? "is said in another file, too" : await takeOne(ctx, repositories, repository, path, one);
    if (reason === undefined) taken.add(one.name);
    else problems.push({ path, reason: `${one.name} ${reason}` });
  }
  if (problems.length === 0) for (const row of kept.filter(({ name }) => !taken.has(name))) await dropSlo(ctx, row);
  await ctx.sql.query(
    `insert into telemetry.slo_repository (repository, commit, read_at, objectives, problems) values ($1, $2, $3, $4, $5)
     on conflict (repository) do update set commit = $2, read_at = $3, objectives = $4, problems = $5`,
    [repository, commit, ctx.now(), taken.size, JSON.stringify(problems.slice(0, MOST_PROBLEMS))],
  );
}

/** Why it cannot be taken; undefined where it was. */
async function takeOne(
  ctx: Ctx,
  repositories: SloRepositories,
  repository: string,
  path: string,
  said: SloText,
): Promise<string | undefined> {
  if (!(await repositories.holds(ctx, repository, said.entityRef)))
    return `is about ${said.entityRef}, which this repository does not hold`;
  const before = await lockSlo(ctx, said.name);
  // One that was applied by hand, of the same entity, moves into the file.
  const isOthers =
    before !== undefined && before.repository !== repository && (before.repository !== null || before.entity_ref !== said.entityRef);
  if (isOthers) return "is a name that another objective has";
  await keepSlo(ctx, { before, said, sample: false, origin: { repository, path } });
  return undefined;
}

async function readFiles(repositories: SloRepositories, repository: string, commit: string): Promise<Found> {
  const paths = (await repositories.listFiles(repository, commit)).filter((path) => FILE.test(path));
  const said: (SloText & { path: string })[] = [];
  const problems: FileProblem[] =
    paths.length > MOST_FILES ? [{ path: paths[MOST_FILES]!, reason: `is more than the ${MOST_FILES} files that are read` }] : [];
  for (const path of paths.slice(0, MOST_FILES)) {
    const bytes = await repositories.readFile(repository, commit, path);
    if (bytes === undefined) continue;
    if (bytes.length > MOST_BYTES) {
      problems.push({ path, reason: `is larger than ${MOST_BYTES / 1_000} kB` });
      continue;
    }
    try {
      said.push(...readOpenSlo(Buffer.from(bytes).toString("utf8")).map((one) => ({ ...one, path })));
    } catch (error) {
      if (!(error instanceof InvalidError)) throw error;
      problems.push(...error.problems.map(({ at, reason }) => ({ path, reason: `${at}: ${reason}` })));
    }
  }
  return { said, problems };
}

interface RepositoryRow extends Record<string, unknown> {
  readonly repository: string;
  readonly commit: string;
  readonly read_at: Date;
  readonly objectives: number;
  readonly problems: readonly FileProblem[];
}

/** What repositories say, and what of it could not be taken. Who may not see what a repository promises does not see it here either. */
export function makeListSloRepositories({ things, sees }: { readonly things: Things; readonly sees: SloRepositories["sees"] }): Handler {
  return handle(listSloRepositories, async (ctx, { limit, cursor }) => {
    const after = readCursor(z.string(), cursor);
    const { rows } = await ctx.sql.query<RepositoryRow>(
      `select * from telemetry.slo_repository r where ($1::text is null or repository > $1)
         and not exists (select 1 from telemetry.slo s where s.repository = r.repository and s.entity_ref = any($2::text[]))
       order by repository limit $3`,
      [after ?? null, await things.hiddenFrom(ctx), limit + 1],
    );
    const page = rows.slice(0, limit);
    const seen: RepositoryRow[] = [];
    for (const row of page) if (await sees(ctx, row.repository)) seen.push(row);
    return {
      items: seen.map((row) => ({
        repository: row.repository,
        commit: row.commit,
        readAt: row.read_at.toISOString(),
        objectives: row.objectives,
        problems: row.problems.map((one) => ({ ...one })),
      })),
      ...(rows.length > limit ? { nextCursor: encodeCursor(page.at(-1)!.repository) } : {}),
    };
  });
}
