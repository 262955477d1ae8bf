import { rebuildDelivery } from "@roadbed/contracts/delivery/gitops";
import { ConflictError, handle, type Ctx, type Handler, type Sql } from "@roadbed/core";
import type { TreeEntry } from "@roadbed/git";
import { parse } from "yaml";

import type { DeliveryDeps } from "../deps.ts";
import { readAcceptedFile, type AcceptedText } from "../drift/accepted-file.ts";
import { readBackSource } from "../source/read-back.ts";
import { GITOPS_REPOSITORY, ENV_BRANCH, lockBranch } from "./gitops-repository.ts";
import { FREEZES_FILE, HOLDS_FILE } from "./record-outcomes.ts";
import { ACCEPTED_FILE } from "./render.ts";
import { promotionsIn } from "./trailer.ts";

/** Rows of one table at a time, so that no statement grows without bound. */
const AT_ONCE = 500;

type AcceptedIn = AcceptedText & { readonly environment: string };

interface Desired {
  readonly entity_ref: string;
  readonly environment: string;
  readonly release_id: string;
  readonly promotion_id: string;
  readonly git_commit: string;
  readonly since: string;
}

/**
 * Reads environments, releases, the outcomes of promotions, holds, freezes and what each environment is to have back from Git. What is in the tables already stays as it
 * is, so that doing it twice, or doing it needlessly, changes nothing. Said of what cannot be read: where it stands.
 */
export function makeRebuildDelivery(deps: DeliveryDeps): Handler {
  return handle(rebuildDelivery, async (ctx) => {
    if (!(await deps.repositories.exists(GITOPS_REPOSITORY))) {
      throw new ConflictError(`There is no repository ${GITOPS_REPOSITORY} to read from.`, {
        mend: "Bring its folder back, then try again.",
      });
    }
    await lockBranch(ctx, "main");
    const problems: string[] = [];
    const records = await readRecords(deps, problems);
    const made = await readBackSource(deps, ctx, {
      named: records.promotions.map(({ environment }) => String(environment)),
      problems,
    });
    const environments = await knownEnvironments(ctx.sql);
    const releases = await insertAll(ctx, "release", records.releases, RELEASE);
    const known = await idsOf(ctx.sql, "release");
    const fitting = records.promotions.filter(
      (row) => environments.has(String(row["environment"])) && known.has(String(row["release_id"])),
    );
    for (const row of records.promotions)
      if (!fitting.includes(row)) problems.push(`promotion ${String(row["id"])}: its environment or release is not there`);
    const promotions = await insertAll(ctx, "promotion", fitting, PROMOTION);
    const desired = await readDesired(deps, [...environments], problems);
    const standing = desired.filter(({ release_id }) => known.has(release_id));
    const wanted = await insertAll(ctx, "desired", standing as unknown as Record<string, unknown>[], DESIRED);
    const standingRefs = new Set(standing.map(({ entity_ref, environment }) => `${entity_ref} ${environment}`));
    const accepted = (await readAccepted(deps, [...environments], problems)).filter(
      ({ entity_ref, environment, release_id }) => standingRefs.has(`${entity_ref} ${environment}`) && known.has(release_id),
    );
    await insertAll(ctx, "accepted", accepted as unknown as Record<string, unknown>[], ACCEPTED);
    const holds = await insertAll(ctx, "hold", records.holds, HOLD);
    const freezes = await insertAll(ctx, "freeze", records.freezes, FREEZE);
    await rememberHeads(deps, ctx, [...environments]);
    return { environments: made, releases, promotions, desired: wanted, holds, freezes, problems: problems.slice(0, 100) };
  });
}

const RELEASE =
  "id text, entity_ref text, number integer, title text, parts jsonb, repository text, commit text, author text, made_by text, how text, irreversible text, digest text, config jsonb, created_at timestamptz";
const PROMOTION =
  "id text, entity_ref text, environment text, release_id text, from_release_id text, kind text, state text, automatic boolean, hotfix boolean, batch text, reason text, requested_by text, requester jsonb, gates jsonb, overrides jsonb, deployment_id text, git_commit text, error text, intent jsonb, created_at timestamptz, admitted_at timestamptz, ended_at timestamptz";
const DESIRED = "entity_ref text, environment text, release_id text, promotion_id text, git_commit text, since timestamptz";
const ACCEPTED =
  "entity_ref text, environment text, release_id text, changes jsonb, accepted_by text, why text, at timestamptz, intent jsonb";
const HOLD = "entity_ref text, environment text, why text, held_by text, at timestamptz";
const FREEZE =
  "id text, title text, reason text, environments text[], starts_at timestamptz, ends_at timestamptz, repeats jsonb, hotfixes boolean, made_by text, made_at timestamptz, lifted_by text, lifted_at timestamptz, lifted_why text";

/** Everything of `main`, by one look at its tree and one process for the contents. */
async function readRecords(
  { repositories }: DeliveryDeps,
  problems: string[],
): Promise<Record<"releases" | "promotions" | "holds" | "freezes", Record<string, unknown>[]>> {
  const tree = await repositories.tree(GITOPS_REPOSITORY, "main");
  const files = (tree?.files ?? []).filter(
    ({ path }) => /^apps\/[^/]+\/(releases|promotions)\/[^/]+\.json$/.test(path) || path === HOLDS_FILE || path === FREEZES_FILE,
  );
  const contents = await contentsOf(repositories, files);
  const found = {
    releases: [] as Record<string, unknown>[],
    promotions: [] as Record<string, unknown>[],
    holds: [] as Record<string, unknown>[],
    freezes: [] as Record<string, unknown>[],
  };
  for (const { path, hash } of files) {
    try {
      const value = JSON.parse(contents.get(hash) ?? "") as Record<string, unknown>;
      if (path === HOLDS_FILE) found.holds.push(...(value as unknown as Record<string, unknown>[]));
      else if (path === FREEZES_FILE) found.freezes.push(...(value as unknown as Record<string, unknown>[]));
      else if (path.includes("/releases/")) found.releases.push(value);
      else found.promotions.push(value);
    } catch (error) {
      problems.push(`${path}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return found;
}

/** What was accepted as it ran stands beside what it changes. */
async function readAccepted({ repositories }: DeliveryDeps, environments: readonly string[], problems: string[]): Promise<AcceptedIn[]> {
  const found: AcceptedIn[] = [];
  for (const environment of environments) {
    const tree = await repositories.tree(GITOPS_REPOSITORY, `${ENV_BRANCH}${environment}`);
    const files = (tree?.files ?? []).filter(({ path }) => /^apps\/[^/]+\/[^/]+$/.test(path) && path.endsWith(`/${ACCEPTED_FILE}`));
    const contents = await contentsOf(repositories, files);
    for (const { path, hash } of files) {
      const said = readAcceptedFile(contents.get(hash) ?? "");
      if (said === undefined) problems.push(`${ENV_BRANCH}${environment} ${path}: it does not say who accepted what`);
      else found.push({ ...said, environment });
    }
  }
  return found;
}

/** What stands on the environments' branches, with the promotion that put it there. */
async function readDesired({ repositories }: DeliveryDeps, environments: readonly string[], problems: string[]): Promise<Desired[]> {
  const found: Desired[] = [];
  for (const environment of environments) {
    const tree = await repositories.tree(GITOPS_REPOSITORY, `${ENV_BRANCH}${environment}`);
    if (tree === undefined) continue;
    const files = tree.files.filter(({ path }) => /^apps\/[^/]+\/release\.yaml$/.test(path));
    const contents = await contentsOf(repositories, files);
    const by = new Map<string, { readonly id: string; readonly commit: string; readonly at: Date }>();
    for (const commit of await repositories.log(GITOPS_REPOSITORY, { ref: tree.commit, limit: 1_000_000 })) {
      for (const { id, entity } of promotionsIn(commit.message))
        if (!by.has(entity)) by.set(entity, { id, commit: commit.hash, at: commit.at });
    }
    for (const { path, hash } of files) {
      const { entityRef, id } = (parse(contents.get(hash) ?? "") as { spec?: { entityRef?: string; id?: string } } | null)?.spec ?? {};
      const promotion = by.get(entityRef ?? "");
      if (entityRef === undefined || id === undefined || promotion === undefined) {
        problems.push(`${ENV_BRANCH}${environment} ${path}: it names no component, no release, or no promotion put it there`);
        continue;
      }
      found.push({
        entity_ref: entityRef,
        environment,
        release_id: id,
        promotion_id: promotion.id,
        git_commit: promotion.commit,
        since: promotion.at.toISOString(),
      });
    }
  }
  return found;
}

async function contentsOf(repositories: DeliveryDeps["repositories"], files: readonly TreeEntry[]): Promise<ReadonlyMap<string, string>> {
  const blobs = await repositories.blobs(
    GITOPS_REPOSITORY,
    files.map(({ hash }) => hash),
  );
  return new Map([...blobs].map(([hash, bytes]) => [hash, Buffer.from(bytes).toString("utf8")]));
}

/** Rows that are not there yet; answers how many. */
async function insertAll(ctx: Ctx, table: string, rows: readonly Record<string, unknown>[], columns: string): Promise<number> {
  const names = columns
    .split(", ")
    .map((column) => column.split(" ")[0])
    .join(", ");
  // What was read from Git stands there already.
  const extra = table === "release" || table === "promotion" ? ["recorded_at"] : [];
  let made = 0;
  for (let n = 0; n < rows.length; n += AT_ONCE) {
    const { rowCount } = await ctx.sql.query(
      `insert into delivery.${table} (${[names, ...extra].join(", ")}) select ${[names, ...extra.map(() => "now()")].join(", ")}
       from jsonb_to_recordset($1::jsonb) as r(${columns}) on conflict do nothing`,
      [JSON.stringify(rows.slice(n, n + AT_ONCE))],
    );
    made += rowCount;
  }
  return made;
}

async function knownEnvironments(sql: Sql): Promise<Set<string>> {
  const { rows } = await sql.query<{ name: string }>("select name from delivery.environment order by name");
  return new Set(rows.map(({ name }) => name));
}

async function idsOf(sql: Sql, table: "release"): Promise<Set<string>> {
  const { rows } = await sql.query<{ id: string }>(`select id from delivery.${table}`);
  return new Set(rows.map(({ id }) => id));
}

async function rememberHeads({ repositories }: DeliveryDeps, ctx: Ctx, environments: readonly string[]): Promise<void> {
  for (const branch of ["main", ...environments.map((name) => `${ENV_BRANCH}${name}`)]) {
    const head = await repositories.head(GITOPS_REPOSITORY, branch);
    if (head === undefined) continue;
    await ctx.sql.query(
      "insert into delivery.gitops_branch (branch, head, written_at) values ($1, $2, $3) on conflict (branch) do nothing",
      [branch, head, ctx.now()],
    );
  }
}
