import { realpath, stat } from "node:fs/promises";
import { isAbsolute, join, posix } from "node:path";

import type { Ctx } from "@roadbed/core";

import type { CatalogDeps } from "../../deps.ts";
import { isShown } from "../../entity/get-entity.ts";
import { isInside, SKIPPED } from "../../source/folder-tree.ts";
import { keyOfAddress, pageOfFile, pathOfPage, readTarget, splitTarget } from "../../source/git-address.ts";
import { cloneFolder } from "../../source/open-tree.ts";
import { seesRef } from "../../source/show-source.ts";
import type { Standpoint } from "../standpoints.ts";
import type { Explanation, Step } from "./explain-entity.ts";
import { explainLosersAt } from "./look-at-claims.ts";
import { explainHeldSource } from "./look-at-holds.ts";
import { isMeant, listUnmatched, stepOf } from "./look-at-locations.ts";
import { explainProposedAt } from "./look-at-proposals.ts";
import { explainStuckAt } from "./look-at-quarantine.ts";
import { optional, pages } from "./look.ts";
import { listPlacedSources, listProblemsOf, listRefsAt, type PlacedSource, type ProblemOf } from "./look-ups.ts";

export type PlaceDeps = Pick<CatalogDeps, "dataDir" | "repositories">;

/** Why nothing came from an address or a path. Looks only into what sources read, never elsewhere on this machine. */
export async function explainPlace(ctx: Ctx, now: Standpoint, deps: PlaceDeps, place: string): Promise<Explanation> {
  const sources = (await listPlacedSources(ctx.sql)).filter(({ id }) => now.visible.seesSource(id));
  const steps: Step[] = [];
  let best: Explanation | undefined;
  for (const source of sources) {
    const path = pathIn(source, place);
    if (path === undefined) continue;
    const found = await explainIn(ctx, now, deps, source, path, steps);
    // A relative path may lie in any of them: what is there counts more than where it is not.
    if (found.verdict !== "no-such-file") return found;
    best ??= found;
  }
  if (best) return best;
  const refs = (await listRefsAt(ctx.sql, undefined, place)).filter((ref) => isShown(now.catalogue, now.visible, ref));
  if (refs.length > 0) {
    steps.push({ looked: "where entities come from", outcome: "found", detail: refs.slice(0, 5).join(", ") });
    return { verdict: "here", says: `${refs[0]} comes from there.`, steps, refs };
  }
  const elsewhere = (await explainStuckAt(ctx.sql, now, { location: place }, steps)) ?? (await explainUnmatched(ctx, now, place, steps));
  if (elsewhere) return elsewhere;
  const proposed = await explainProposedAt(ctx, now, place, steps);
  if (proposed) return proposed;
  steps.push({ looked: `${sources.length} sources`, outcome: "stopped", detail: "none of them reads this place" });
  const { target } = readTarget(place);
  return {
    verdict: "no-source",
    says: "No source reads this place.",
    steps,
    mend: `Bring it: roadbed import ${target}`,
    link: "/sources",
    refs: [],
  };
}

/** A location names the place, and leads nowhere: what is elsewhere is not fetched. */
async function explainUnmatched(
  ctx: Ctx,
  now: Standpoint,
  place: string,
  steps: Step[],
  sourceId?: string,
): Promise<Explanation | undefined> {
  const meant = (await listUnmatched(ctx.sql, now, sourceId)).filter((one) => isMeant(one, place));
  for (const one of meant) steps.push(stepOf(one));
  const [first] = meant;
  if (!first) return undefined;
  return {
    verdict: "not-matched",
    says: `A location in ${first.file} of "${first.sourceName}" names ${first.target}, and ${first.reason}.`,
    steps,
    ...optional("mend", first.mend),
    link: pages.source(first.sourceId),
    refs: [],
  };
}

/** The path inside a source; "" for the whole of it; undefined when the place is not in it. */
function pathIn({ kind, target }: PlacedSource, place: string): string | undefined {
  const isAddress = /^[a-z][a-z0-9+.-]*:\/\/|^[\w.-]+@[\w.-]+:/i.test(place);
  if (!isAddress && !isAbsolute(place)) return posix.normalize(place).startsWith("../") ? undefined : posix.normalize(place);
  if (isAddress) {
    if (kind === "folder") return undefined;
    if (kind === "repository") return keyOfAddress(place).split("/").at(-1) === target.toLowerCase() ? "" : undefined;
    return keyOfAddress(place) === keyOfAddress(target) ? "" : pathOfPage(target, place);
  }
  if (kind !== "folder") return undefined;
  if (place === target) return "";
  return place.startsWith(`${target}/`) ? posix.normalize(place.slice(target.length + 1)) : undefined;
}

async function explainIn(
  ctx: Ctx,
  now: Standpoint,
  deps: PlaceDeps,
  source: PlacedSource,
  path: string,
  steps: Step[],
): Promise<Explanation> {
  const looked = `the source "${source.name}"`;
  const at = source.at === null ? {} : { at: source.at.toISOString() };
  const file = path === "" ? {} : { file: path };
  const link = pages.source(source.id);
  const step = (outcome: Step["outcome"], detail: string): void =>
    void steps.push({ looked, outcome, detail, sourceId: source.id, link, ...at, ...file });
  const location = path === "" ? undefined : locationOf(source, path);

  const refs = (await listRefsAt(ctx.sql, source.id, location)).filter((ref) => isShown(now.catalogue, now.visible, ref));
  if (refs.length > 0) {
    step("found", `it describes ${refs.slice(0, 5).join(", ")}${refs.length > 5 ? " and more" : ""}`);
    return { verdict: "here", says: `It is read by "${source.name}".`, steps, refs };
  }
  if (source.state === "failed" || source.state === "never") {
    step("stopped", source.state === "never" ? "it was never read to its end" : `it could not be read: ${source.error ?? ""}`);
    const verdict = source.state === "never" ? "never-read" : "unreadable-source";
    return {
      verdict,
      says: `"${source.name}" could not be read.`,
      steps,
      mend: `Mend its cause, then: roadbed source sync ${source.id}`,
      link,
      refs: [],
    };
  }
  const lost = location === undefined ? undefined : await explainLosersAt(ctx, now, { location, sourceId: source.id }, steps);
  if (lost) return lost;
  const problems =
    path === ""
      ? []
      : withoutHidden(now, await listProblemsOf(ctx.sql, { file: path, sourceId: source.id })).filter(
          ({ at: field }) => !field.startsWith("spec.target"),
        );
  for (const { file: where, line, at: field, reason } of problems) {
    steps.push({
      looked,
      outcome: "stopped",
      detail: `${field === "" ? "" : `${field}: `}${reason}`,
      sourceId: source.id,
      file: where,
      link,
      ...(line === null ? {} : { line }),
    });
  }
  const [first] = problems;
  if (first) {
    const mend = first.mend === null ? {} : { mend: first.mend };
    return {
      verdict: "refused",
      says: `"${source.name}" refused what stands there: ${first.at} ${first.reason}.`,
      steps,
      ...mend,
      link,
      refs: [],
    };
  }
  const stuck = location === undefined ? undefined : await explainStuckAt(ctx.sql, now, { location, sourceId: source.id }, steps);
  if (stuck) return stuck;
  const isThere = path === "" || (await exists(deps, source, path));
  const held = isThere ? await explainHeldSource(ctx, now, source.id, steps) : undefined;
  if (held) return held;
  if (path === "") {
    step("stopped", "it was read, and no file in it is a descriptor");
    return {
      verdict: "not-a-descriptor",
      says: `"${source.name}" was read, and describes nothing.`,
      steps,
      mend: "Add a catalog-info.yaml to it.",
      link,
      refs: [],
    };
  }
  const unmatched = isThere ? undefined : await explainUnmatched(ctx, now, path, steps, source.id);
  return unmatched ?? explainFile(source, path, isThere, step, steps);
}

/** Problems with what is hidden are told without it: that a name is taken, and not by whom. */
function withoutHidden({ catalogue, visible }: Standpoint, problems: readonly ProblemOf[]): ProblemOf[] {
  return problems.map((problem) =>
    problem.ref === null || seesRef(catalogue, visible, problem.ref)
      ? problem
      : { ...problem, reason: `the name ${problem.ref} is taken`, mend: "Choose another name." },
  );
}

function explainFile(
  source: PlacedSource,
  path: string,
  isThere: boolean,
  step: (outcome: Step["outcome"], detail: string) => void,
  steps: Step[],
): Explanation {
  if (!isThere) {
    step("nothing", "there is no such file in it, as it was read last");
    return {
      verdict: "no-such-file",
      says: `There is no ${path} in "${source.name}".`,
      steps,
      mend: "Check its spelling (capitals count), the branch, and that it was pushed.",
      link: pages.source(source.id),
      refs: [],
    };
  }
  const { path: only } = splitTarget(source.target);
  if (source.kind === "git" && only !== undefined && only !== path) {
    step("stopped", `only ${only} is read, and what its locations name; this file is not among them`);
    return {
      verdict: "not-matched",
      says: `${path} is there, but "${source.name}" reads only ${only} and what its locations name.`,
      steps,
      mend: `Name it in a Location in ${only}, or bring the whole repository.`,
      link: pages.source(source.id),
      refs: [],
    };
  }
  const skipped = path.split("/").find((part) => SKIPPED.has(part));
  const reason =
    skipped !== undefined
      ? `folders named ${skipped} are never read`
      : /\.(?:ya?ml|json|ndjson|jsonl)$/i.test(path)
        ? "no document in it has an apiVersion of a descriptor, such as backstage.io/v1alpha1"
        : "only YAML, JSON and lines of JSON are read for descriptors";
  step("stopped", `the file is there, but ${reason}`);
  const mend = "Put a descriptor into a file named catalog-info.yaml: roadbed entity validate tells what is wrong with it.";
  return {
    verdict: "not-a-descriptor",
    says: `${path} is there, but is no descriptor: ${reason}.`,
    steps,
    mend,
    link: pages.source(source.id),
    refs: [],
  };
}

function locationOf({ kind, target, branch }: PlacedSource, path: string): string {
  return kind === "git" ? pageOfFile(target, branch, path) : kind === "folder" ? join(target, path) : `repository:${target}/${path}`;
}

/** As it was read last: in the folder, the clone or the repository; nothing outside of it. */
async function exists({ dataDir, repositories }: PlaceDeps, source: PlacedSource, path: string): Promise<boolean> {
  if (source.kind === "repository") {
    const files = await repositories?.listFiles(source.target, source.branch ?? "main").catch((): string[] => []);
    return files?.includes(path) ?? false;
  }
  const folder = source.kind === "folder" ? source.target : dataDir === undefined ? undefined : cloneFolder(dataDir, source);
  if (folder === undefined) return false;
  const root = await realpath(folder).catch(() => undefined);
  const real = await realpath(join(folder, path)).catch(() => undefined);
  if (root === undefined || real === undefined || !isInside(root, real)) return false;
  return (await stat(real).catch(() => undefined))?.isFile() ?? false;
}
