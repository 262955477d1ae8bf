import { posix } from "node:path";

import type { ChangedFile } from "@roadbed/contracts/standards/files";
import { TooLargeError } from "@roadbed/core";
import { parse } from "yaml";

/** One side of a change at its host. */
export interface Snapshot {
  /** All paths of the commit. */
  readonly paths: readonly string[];
  read(path: string): Promise<string | undefined>;
}

const MANIFEST = /\.(?:ya?ml|json)$/i;
const KUSTOMIZATION = /(?:^|\/)(?:kustomization\.ya?ml|Kustomization)$/;
const NOT_OURS = /(?:^|\/)(?:node_modules|\.git)\/|(?:^|\/)package-lock\.json$/;
const MOST_CHANGED = 500;
const MOST_AROUND = 300;
const MOST_BYTES = 1_000_000;

/** The files that a change touches, and those that it takes to render what they are part of. */
export async function gather(
  changed: readonly string[],
  sides: { readonly before: Snapshot; readonly after: Snapshot },
): Promise<ChangedFile[]> {
  const { before, after } = sides;
  const wanted = new Set(changed.filter((path) => isOurs(path)));
  if (wanted.size > MOST_CHANGED)
    throw new TooLargeError(`The change touches ${wanted.size} manifests; ${MOST_CHANGED} are the most.`, { mend: "Split it." });
  const known = new Map<Snapshot, Map<string, string | undefined>>([
    [before, new Map()],
    [after, new Map()],
  ]);
  const there = new Map<Snapshot, ReadonlySet<string>>([
    [before, new Set(before.paths)],
    [after, new Set(after.paths)],
  ]);
  const read = async (side: Snapshot, path: string): Promise<string | undefined> => {
    const of = known.get(side)!;
    if (!of.has(path)) {
      const text = there.get(side)!.has(path) ? await side.read(path) : undefined;
      of.set(path, text !== undefined && text.length > MOST_BYTES ? undefined : text);
    }
    return of.get(path);
  };
  const around = new Set<string>();
  if (wanted.size > 0) {
    for (const side of [before, after]) for (const path of await overlaysAround(side, read)) around.add(path);
    for (const path of chartsAround([...before.paths, ...after.paths], changed)) around.add(path);
  }
  const files: ChangedFile[] = [];
  for (const path of [...wanted, ...[...around].filter((one) => !wanted.has(one)).slice(0, MOST_AROUND)]) {
    const [was, is] = [await read(before, path), await read(after, path)];
    if (was === undefined && is === undefined) continue;
    if (was === is && wanted.has(path)) continue;
    files.push({ path, ...(was === undefined ? {} : { before: was }), ...(is === undefined ? {} : { after: is }) });
  }
  return files;
}

function isOurs(path: string): boolean {
  return (MANIFEST.test(path) || KUSTOMIZATION.test(path)) && !NOT_OURS.test(path);
}

/** Every kustomization with what it names, and what that names. */
async function overlaysAround(
  side: Snapshot,
  read: (side: Snapshot, path: string) => Promise<string | undefined>,
): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  const paths = new Set(side.paths);
  for (const file of side.paths.filter((path) => KUSTOMIZATION.test(path) && !NOT_OURS.test(path))) {
    if (found.size > MOST_AROUND) break;
    found.add(file);
    for (const name of namesIn((await read(side, file)) ?? "")) {
      const path = posix.join(posix.dirname(file), name);
      if (paths.has(path)) found.add(path);
    }
  }
  return found;
}

function namesIn(text: string): string[] {
  try {
    const data = parse(text, { maxAliasCount: 100, logLevel: "silent" }) as Record<string, unknown> | null;
    return ["resources", "bases", "patches", "patchesStrategicMerge", "patchesJson6902"].flatMap((field) => {
      const list = data?.[field];
      return (Array.isArray(list) ? list : []).flatMap((one: unknown) => {
        const name = typeof one === "string" ? one : (one as { path?: unknown } | null)?.path;
        return typeof name === "string" && !name.includes("\n") ? [name] : [];
      });
    });
  } catch {
    return [];
  }
}

/** All files of the charts that the change touches. */
function chartsAround(paths: readonly string[], changed: readonly string[]): string[] {
  const charts = [...new Set(paths.filter((path) => posix.basename(path) === "Chart.yaml").map((path) => posix.dirname(path)))];
  const touched = charts.filter((chart) => changed.some((path) => chart === "." || path.startsWith(`${chart}/`)));
  return [...new Set(paths)].filter((path) => touched.some((chart) => chart === "." || path.startsWith(`${chart}/`)));
}
