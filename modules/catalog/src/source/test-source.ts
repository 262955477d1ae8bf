import { testSource, type SourceTest } from "@roadbed/contracts/catalog/connections";
import { handle, InvalidError, type Ctx, type Handler } from "@roadbed/core";

import { diffFields } from "../entity/diff-fields.ts";
import { readDocuments } from "../entity/entity-store.ts";
import type { Catalogue } from "../estate/catalogue.ts";
import { visibleTo, type Visibility } from "../estate/visibility.ts";
import { mayDefineKinds, withoutKinds } from "./allow-kinds.ts";
import { compareStored } from "./apply-snapshot.ts";
import { countsOf } from "./compare-snapshot.ts";
import { reasonToHold } from "./deletion-guard.ts";
import { readTarget } from "./git-address.ts";
import { openSource, readConnected, readFiles, type ReadDeps, type Readable } from "./read-source.ts";
import type { Candidate, Snapshot } from "./snapshot.ts";
import { seesRef, showProblems, visibleSource } from "./show-source.ts";
import { getSource } from "./source-store.ts";

type Asked = Parameters<typeof testSource.resource & {}>[0];

/** Reads a source that is there, or one that may become one, and tells what a run would do. */
export function makeTestSource(deps: ReadDeps & { readonly catalogue: Catalogue }): Handler {
  return handle(testSource, async (ctx, asked) => {
    const { catalogue } = deps;
    await catalogue.feed.fresh();
    const visible = asked.id === undefined ? await visibleTo(catalogue, ctx) : await visibleSource(catalogue, ctx, asked.id);
    const source = await sourceOf(deps, ctx, asked);
    const snapshot = await withoutKinds(ctx.sql, { defines_kinds: mayDefineKinds(ctx), ...source }, await readIt(deps, ctx, source));
    const tested = await compareIt(ctx, source, snapshot, asked.samples);
    return visible.all ? tested : onlyVisible(catalogue, visible, source.id, tested);
  });
}

type Tested = Readable & { readonly threshold_percent: number };

const FRESH = { id: "", branch: null, connector: null, settings: {}, secrets: null, memory: {}, threshold_percent: 20 } as const;

async function sourceOf(deps: ReadDeps, ctx: Ctx, asked: Asked): Promise<Tested & { readonly given?: object }> {
  const { id, target: text, branch = null, connector: kind, settings } = asked;
  if ([id, text, kind].filter((one) => one !== undefined).length !== 1) {
    throw new InvalidError("Name one thing to test: a source, a target or a connector.", {
      problems: [{ at: "id", reason: "is one of three: id, target, connector" }],
    });
  }
  if (id !== undefined) {
    const row = await getSource(ctx.sql, id);
    if (settings === undefined || row.connector === null) return row;
    const given = { ...row.settings, ...(await deps.secrets.read(row)), ...settings };
    return { ...row, given: deps.connectors.part(deps.connectors.get(row.connector), given).settings };
  }
  if (kind !== undefined) {
    const connector = deps.connectors.get(kind);
    const { settings: given, target } = deps.connectors.part(connector, settings ?? {});
    return { ...FRESH, kind: "connector", target, connector: kind, given };
  }
  const target = readTarget(text!);
  return {
    ...FRESH,
    kind: target.kind,
    target: target.target,
    branch,
    ...(target.kind === "git" ? { given: { address: target.address } } : {}),
  };
}

async function readIt(deps: ReadDeps, ctx: Ctx, source: Tested & { readonly given?: object }): Promise<Snapshot> {
  const { given } = source;
  if (source.kind === "connector") {
    const connectors = given ? { ...deps.connectors, settingsOf: async () => given } : deps.connectors;
    return readConnected({ connectors, kinds: deps.kinds }, ctx.sql, source, { signal: ctx.signal, now: ctx.now, fresh: true });
  }
  const secrets = given ? { ...deps.secrets, read: async () => given as Record<string, unknown> } : deps.secrets;
  return readFiles(deps, ctx.sql, await openSource({ ...deps, secrets }, source, ctx.signal));
}

async function compareIt({ sql }: Ctx, source: Tested, snapshot: Snapshot, samples: number): Promise<SourceTest> {
  const diff = await compareStored(sql, source, snapshot);
  const changed = diff.changed.slice(0, samples);
  const before = await readDocuments(
    sql,
    changed.map(({ ref }) => ref),
  );
  const wouldHold = reasonToHold(diff, source.threshold_percent);
  return {
    counts: countsOf(snapshot, diff),
    added: diff.registered.slice(0, samples).map(brief),
    changed: changed.map((candidate) => ({ ...brief(candidate), fields: diffFields(before.get(candidate.ref), candidate.entity) })),
    removed: diff.removed.slice(0, samples).map((ref) => ({ ref })),
    problems: [...snapshot.problems, ...diff.conflicts].slice(0, 200),
    ...(wouldHold === undefined ? {} : { wouldHold }),
    durationMs: snapshot.durationMs,
  };
}

/** What somebody may not see is counted, since it would be written, and not named. */
function onlyVisible(catalogue: Catalogue, visible: Visibility, sourceId: string, tested: SourceTest): SourceTest {
  const only = <T extends { readonly ref: string }>(items: readonly T[]): T[] =>
    items.filter(({ ref }) => seesRef(catalogue, visible, ref));
  return {
    ...tested,
    added: only(tested.added),
    changed: only(tested.changed),
    removed: only(tested.removed),
    problems: showProblems(catalogue, visible, sourceId, tested.problems),
  };
}

function brief({ ref, entity }: Candidate): { ref: string; title?: string } {
  const { title } = entity.metadata;
  return title === undefined ? { ref } : { ref, title };
}
