import { compareReleases } from "@roadbed/contracts/delivery/releases";
import { handle, InvalidError, type Ctx, type Handler, type OutputOf } from "@roadbed/core";
import { compareTexts, type FilePatch } from "@roadbed/git";

import type { DeliveryDeps } from "../deps.ts";
import { compareScores } from "../evaluation/compare-scores.ts";
import { checkEnvironment, findEnvironment } from "../environment/environment-store.ts";
import { targetOf } from "../gitops/gitops-repository.ts";
import { render, type Target } from "../gitops/render.ts";
import { commitsBetween } from "./read-releases.ts";
import { releaseIn } from "./release-in.ts";
import { compareParts } from "./release-parts.ts";
import { previousRelease, readRelease, toReleases, type ReleaseRow } from "./release-store.ts";

type Comparison = OutputOf<typeof compareReleases>;
const MOST_FILES = 300;

/** What would be different: parts, commits, files and what would be written to the environment's branch. */
export function makeCompareReleases(deps: DeliveryDeps): Handler {
  return handle(compareReleases, async (ctx, { release, environment, against }) => {
    const hidden = (await deps.entities.hiddenFrom?.(ctx)) ?? [];
    const to = await readRelease(ctx.sql, release, hidden);
    const from = await baseOf(ctx, to, { environment, against, hidden });
    if (from !== undefined && from.entity_ref !== to.entity_ref) {
      throw new InvalidError(`${from.entity_ref} and ${to.entity_ref} are different components.`, {
        problems: [{ at: "against", reason: "is a release of another component" }],
        mend: "Compare releases of one component.",
      });
    }
    const missing: string[] = [];
    const forward = from === undefined || (await isForward(deps, from, to));
    const code = await codeBetween(deps, from, to, forward, missing);
    const place = environment === undefined ? undefined : await findEnvironment(ctx.sql, environment);
    const target = place === undefined ? { name: environment ?? "example" } : targetOf(deps, place);
    const rendered = await compareTexts(from === undefined ? new Map() : written(from, target, missing), written(to, target, missing));
    return {
      ...(from === undefined ? {} : { from: (await toReleases(ctx.sql, [from]))[0]! }),
      to: (await toReleases(ctx.sql, [to]))[0]!,
      direction: directionOf(from, to, forward),
      parts: compareParts(from?.parts ?? [], to.parts),
      ...code,
      rendered: rendered.map(toFile),
      irreversible: await irreversibleBetween(ctx, from, to),
      evaluations: await compareScores(ctx, from, to),
      missing,
    };
  });
}

/** What cannot be written for that place is said, and the rest is compared all the same. */
function written(release: ReleaseRow, target: Target, missing: string[]): Map<string, string> {
  try {
    return render(release, target);
  } catch (error) {
    if (!(error instanceof InvalidError)) throw error;
    missing.push(`What release ${release.number} would be in ${target.name}: ${error.message}`);
    return new Map();
  }
}

async function baseOf(
  ctx: Ctx,
  to: ReleaseRow,
  o: { readonly environment: string | undefined; readonly against: string | undefined; readonly hidden: readonly string[] },
): Promise<ReleaseRow | undefined> {
  if (o.environment !== undefined) await checkEnvironment(ctx.sql, o.environment);
  if (o.against !== undefined) return readRelease(ctx.sql, o.against, o.hidden);
  if (o.environment !== undefined) return releaseIn(ctx, to.entity_ref, o.environment);
  return previousRelease(ctx.sql, to);
}

function directionOf(from: ReleaseRow | undefined, to: ReleaseRow, forward: boolean): Comparison["direction"] {
  if (from === undefined) return "first";
  if (from.id === to.id) return "same";
  if (forward) return "forward";
  return from.number > to.number ? "back" : "apart";
}

async function isForward({ repositories }: DeliveryDeps, from: ReleaseRow, to: ReleaseRow): Promise<boolean> {
  if (from.commit === null || to.commit === null || to.repository === null || from.commit === to.commit) return to.number >= from.number;
  if (!(await repositories.exists(to.repository))) return to.number >= from.number;
  return repositories.isAncestor(to.repository, from.commit, to.commit);
}

async function codeBetween(
  deps: DeliveryDeps,
  from: ReleaseRow | undefined,
  to: ReleaseRow,
  forward: boolean,
  missing: string[],
): Promise<Pick<Comparison, "commits" | "moreCommits" | "files">> {
  const { repository, commit } = to;
  const nothing = { commits: [], moreCommits: false, files: [] };
  if (repository === null || commit === null) return nothing;
  for (const one of [from?.commit, commit]) {
    if (one == null) continue;
    const there =
      (await deps.repositories.exists(repository)) && (await deps.repositories.log(repository, { ref: one, limit: 1 })).length > 0;
    if (!there)
      missing.push(`The commit ${one.slice(0, 8)} is not in ${repository} any more, so its files and commits cannot be compared.`);
  }
  if (missing.length > 0) return nothing;
  // Going back takes away what the newer one brought.
  const commits =
    forward || from === undefined ? await commitsBetween(deps, to, from?.commit ?? undefined) : await commitsBetween(deps, from, commit);
  if (from?.commit == null) return { ...commits, files: [] };
  const patches = await deps.repositories.patches(repository, from.commit, commit);
  if (patches.length > MOST_FILES) missing.push(`${patches.length} files are different; the first ${MOST_FILES} are shown.`);
  return { ...commits, files: patches.slice(0, MOST_FILES).map(toFile) };
}

/** Releases between the two that declare that what they do to data cannot be taken back. */
export async function irreversibleBetween(
  ctx: Pick<Ctx, "sql">,
  from: ReleaseRow | undefined,
  to: ReleaseRow,
): Promise<{ number: number; why: string }[]> {
  const [low, high] = [Math.min(from?.number ?? 0, to.number), Math.max(from?.number ?? 0, to.number)];
  const { rows } = await ctx.sql.query<{ number: number; why: string }>(
    `select number, irreversible as why from delivery.release
     where entity_ref = $1 and number > $2 and number <= $3 and irreversible is not null order by number`,
    [to.entity_ref, low, high],
  );
  return rows;
}

function toFile({ path, status, was, added, removed, patch }: FilePatch): Comparison["files"][number] {
  return { path, status, added, removed, ...(was === undefined ? {} : { was }), ...(patch === undefined ? {} : { patch }) };
}
