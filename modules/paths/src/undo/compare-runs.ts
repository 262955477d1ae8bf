import type { Run } from "@roadbed/contracts/paths";
import type { compareRuns } from "@roadbed/contracts/paths/undo";
import type { OutputOf } from "@roadbed/core";

export type Comparison = OutputOf<typeof compareRuns>;
type Difference = Comparison["answers"][number];

/** What is known of a run beyond itself: its files by hash, and what policies said. */
export interface Compared {
  readonly run: Run;
  readonly files: ReadonlyMap<string, string> | undefined;
  readonly verdict: string | undefined;
}

/** In what two runs differ. Pure; values are told as JSON, secrets are `***` on both sides already. */
export function compare(a: Compared, b: Compared): Comparison {
  const verdict = difference("verdict", a.verdict, b.verdict);
  return {
    a: sideOf(a.run),
    b: sideOf(b.run),
    samePath: a.run.path === b.run.path,
    answers: differences(flatten(a.run.values), flatten(b.run.values)),
    outputs: differences(flatten(a.run.outputs), flatten(b.run.outputs)),
    steps: differences(stepsOf(a.run), stepsOf(b.run)),
    files: a.files === undefined || b.files === undefined ? [] : filesOf(a.files, b.files),
    filesKnown: a.files !== undefined && b.files !== undefined,
    ...(verdict === undefined ? {} : { verdict }),
    durationMs: { ...durationOf("a", a.run), ...durationOf("b", b.run) },
  };
}

function sideOf({ id, path, version, status, actorName, createdAt }: Run): Comparison["a"] {
  return { id, path, status, actorName, createdAt, ...(version === undefined ? {} : { version }) };
}

/** Every leaf by its dotted place. */
function flatten(value: unknown, at = ""): Map<string, string> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return new Map([[at, typeof value === "string" ? value : (JSON.stringify(value) ?? "")]]);
  return new Map(Object.entries(value).flatMap(([key, inner]) => [...flatten(inner, at === "" ? key : `${at}.${key}`)]));
}

function stepsOf({ steps }: Run): Map<string, string> {
  return new Map(steps.map(({ id, status, error }) => [id, error === undefined ? status : `${status}: ${error}`]));
}

function differences(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): Difference[] {
  return [...new Set([...a.keys(), ...b.keys()])].sort().flatMap((at) => difference(at, a.get(at), b.get(at)) ?? []);
}

function difference(at: string, a: string | undefined, b: string | undefined): Difference | undefined {
  if (a === b) return undefined;
  return { at, ...(a === undefined ? {} : { a }), ...(b === undefined ? {} : { b }) };
}

function filesOf(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): Comparison["files"] {
  return [...new Set([...a.keys(), ...b.keys()])].sort().flatMap((path) => {
    if (a.get(path) === b.get(path)) return [];
    return { path, change: !b.has(path) ? ("only-a" as const) : !a.has(path) ? ("only-b" as const) : ("differs" as const) };
  });
}

function durationOf<K extends "a" | "b">(key: K, { startedAt, endedAt }: Run): { [P in K]?: number } {
  return startedAt === undefined || endedAt === undefined
    ? {}
    : ({ [key]: Date.parse(endedAt) - Date.parse(startedAt) } as { [P in K]?: number });
}
