import { posix } from "node:path";

import type { ChangedFile } from "@roadbed/contracts/standards/files";

import { environmentsIn, renderKustomization, type Texts } from "./kustomize.ts";
import { readManifests, type Manifest, type Unread } from "./read-manifests.ts";

/** What a side of a change comes to, rendered. */
export interface Side {
  readonly manifests: readonly Manifest[];
  readonly unread: readonly Unread[];
}

/** Renders a Score workload into manifests; answers why not where it cannot. */
export type RenderScore = (text: string) => { readonly manifests: string } | { readonly because: string };

/** Renders a Helm chart out of its files (paths from the chart), once for each of its environments. */
export type RenderHelm = (
  files: Texts,
) => Promise<readonly { readonly environment: string; readonly manifests: string }[] | { readonly because: string }>;

export interface Renderers {
  readonly score?: RenderScore | undefined;
  readonly helm?: RenderHelm | undefined;
}

/**
 * Both sides of a change as the environments would become: plain manifests as they stand; overlays of folders and charts for each
 * environment that the change touches; Score workloads as what is made of them. Files that are the same on both sides are there to
 * render with, and are not judged by themselves.
 */
export async function expandChange(
  files: readonly ChangedFile[],
  renderers: Renderers,
): Promise<{ readonly before: Side; readonly after: Side }> {
  const before = new Map(files.flatMap(({ path, before: text }) => (text === undefined ? [] : [[path, text] as const])));
  const after = new Map(files.flatMap(({ path, after: text }) => (text === undefined ? [] : [[path, text] as const])));
  const changed = new Set(files.filter((one) => one.before !== one.after).map(({ path }) => path));
  const charts = chartsOf([...before.keys(), ...after.keys()]);
  const touched = touchedOverlays(before, after, changed);
  const used = new Set(touched.flatMap(({ made }) => [...made]));
  const alone = [...changed].filter((path) => /\.(?:ya?ml|json)$/i.test(path) && !used.has(path) && chartOf(charts, path) === undefined);
  const side = async (texts: Texts): Promise<Side> => {
    const parts: Side[] = alone.flatMap((path) => (texts.has(path) ? [readAlone(path, texts.get(path)!, renderers)] : []));
    for (const { folder } of touched) if (environmentsIn(texts).includes(folder)) parts.push(renderKustomization(texts, folder));
    for (const chart of charts) {
      if ([...changed].some((path) => chartOf([chart], path) !== undefined)) parts.push(await readChart(chart, texts, renderers));
    }
    return { manifests: parts.flatMap((part) => part.manifests), unread: parts.flatMap((part) => part.unread) };
  };
  return { before: await side(before), after: await side(after) };
}

function touchedOverlays(
  before: Texts,
  after: Texts,
  changed: ReadonlySet<string>,
): { readonly folder: string; readonly made: ReadonlySet<string> }[] {
  const folders = new Set([...environmentsIn(before), ...environmentsIn(after)]);
  return [...folders].toSorted().flatMap((folder) => {
    const made = new Set([before, after].flatMap((texts) => [...renderKustomization(texts, folder).made]));
    return [...made].some((path) => changed.has(path)) ? [{ folder, made }] : [];
  });
}

function readAlone(path: string, text: string, { score }: Renderers): Side {
  if (!/^apiVersion:\s*["']?score\.dev\//m.test(text)) return readManifests(path, text);
  const made = score?.(text) ?? { because: "workloads of Score are not rendered here" };
  if ("because" in made)
    return {
      manifests: [],
      unread: [{ file: path, line: 1, reason: `is a workload of Score: ${made.because}`, mend: "Correct the workload." }],
    };
  // A person finds the workload, not the line of what is made of it.
  return {
    unread: [],
    manifests: readManifests(path, made.manifests).manifests.map((one) => ({ ...one, placeOf: () => ({ line: 1, column: 1 }) })),
  };
}

async function readChart(chart: string, texts: Texts, { helm }: Renderers): Promise<Side> {
  const own = new Map(
    [...texts].flatMap(([path, text]) => (chartOf([chart], path) === undefined ? [] : [[posix.relative(chart, path), text] as const])),
  );
  const file = posix.join(chart, "Chart.yaml");
  if (!own.has("Chart.yaml")) return { manifests: [], unread: [] };
  const made = (await helm?.(own)) ?? { because: "helm is not installed beside the server" };
  if ("because" in made) {
    const mend =
      "Render it in the pipeline for each environment, and check the two folders: roadbed check --before <folder> --after <folder>";
    return { manifests: [], unread: [{ file, line: 1, reason: `is a chart of Helm: ${made.because}`, mend }] };
  }
  return {
    unread: [],
    manifests: made.flatMap(({ environment, manifests }) =>
      readManifests(file, manifests).manifests.map((one) => ({
        ...one,
        environment: `${chart} ${environment}`.trim(),
        placeOf: () => ({ line: 1, column: 1 }),
      })),
    ),
  };
}

function chartsOf(paths: readonly string[]): string[] {
  const all = [...new Set(paths.filter((path) => posix.basename(path) === "Chart.yaml").map((path) => posix.dirname(path)))];
  // Charts inside a chart are rendered with it.
  return all.filter((one) => !all.some((other) => other !== one && one.startsWith(`${other}/`))).toSorted();
}

function chartOf(charts: readonly string[], path: string): string | undefined {
  return charts.find((chart) => chart === "." || path.startsWith(`${chart}/`));
}
