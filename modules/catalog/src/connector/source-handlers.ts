import { createSource, listConnectors, testMapping, updateSource } from "@roadbed/contracts/catalog/connections";
import {
  encodeCursor,
  handle,
  inputJsonSchema,
  InvalidError,
  readCursor,
  type Ctx,
  type Handler,
  type OutputOf,
  type ParsedInputOf,
} from "@roadbed/core";
import { z } from "zod";

import type { Catalogue } from "../estate/catalogue.ts";
import { visibleTo } from "../estate/visibility.ts";
import { noteConnectorTrust } from "../facts/trust-rules.ts";
import { readSamples } from "../source/sample-store.ts";
import { visibleSource } from "../source/show-source.ts";
import { answerOf } from "../source/source-handlers.ts";
import type { SourceSecrets } from "../source/source-secrets.ts";
import { changeSource, ensureSource, getSource, NO_COUNTS, viewSource, type SourceChange, type SourceRow } from "../source/source-store.ts";
import type { Syncer } from "../source/syncer.ts";
import type { Connectors } from "./connectors.ts";

export interface ConnectDeps {
  readonly connectors: Connectors;
  readonly secrets: SourceSecrets;
  readonly syncer: Syncer;
  readonly catalogue: Catalogue;
}

export function makeConnectorHandlers(deps: ConnectDeps): readonly Handler[] {
  return [makeListConnectors(deps), makeCreateSource(deps), makeUpdateSource(deps), makeTestMapping(deps)];
}

function makeListConnectors({ connectors }: ConnectDeps): Handler {
  return handle(listConnectors, async (_, { limit, cursor }) => {
    const after = readCursor(z.string(), cursor) ?? "";
    const rest = [...connectors.all].sort((a, b) => (a.kind < b.kind ? -1 : 1)).filter(({ kind }) => kind > after);
    const items = rest.slice(0, limit).map((connector) => ({
      kind: connector.kind,
      title: connector.title,
      summary: connector.summary,
      settings: inputJsonSchema(connector.settings),
      secrets: [...connector.secrets],
      everyMinutes: connector.defaults.everyMinutes,
      webhooks: connector.receive !== undefined,
    }));
    return { items, ...(rest.length > limit ? { nextCursor: encodeCursor(items.at(-1)!.kind) } : {}) };
  });
}

function makeCreateSource(deps: ConnectDeps): Handler {
  return handle(createSource, (ctx, o) => connectSource(deps, ctx, o));
}

/** Makes the source and reads it; a reading that fails leaves nothing behind. */
export async function connectSource(
  { connectors, secrets, syncer, catalogue }: ConnectDeps,
  ctx: Ctx,
  o: ParsedInputOf<typeof createSource>,
): Promise<OutputOf<typeof createSource>> {
  const visible = await visibleTo(catalogue, ctx);
  const connector = connectors.get(o.connector);
  const parted = connectors.part(connector, o.settings);
  const name = o.name ?? `${connector.title}: ${parted.target}`.slice(0, 100);
  const made = await ensureSource(
    ctx.sql,
    { kind: "connector", connector: o.connector, target: parted.target, name, watch: true },
    ctx.now(),
  );
  await noteConnectorTrust(ctx.sql, [connector]);
  const source = await changeSource(ctx.sql, made.id, {
    settings: parted.shown,
    secrets: Object.keys(parted.secrets).length === 0 ? null : await secrets.seal(made.id, parted.secrets),
    every_minutes: o.everyMinutes ?? made.every_minutes ?? connector.defaults.everyMinutes,
    next_run_at: ctx.now(),
    memory: {},
    ...(o.thresholdPercent === undefined ? {} : { threshold_percent: o.thresholdPercent }),
  });
  if (o.read) return answerOf(catalogue, visible, ctx, await syncer.sync(ctx, source));
  return answerOf(catalogue, visible, ctx, { source, counts: NO_COUNTS, problems: [], durationMs: 0 });
}

function makeUpdateSource({ connectors, secrets, syncer }: ConnectDeps): Handler {
  return handle(updateSource, async (ctx, { id, settings, ...o }) => {
    const source = await getSource(ctx.sql, id);
    const row = await changeSource(ctx.sql, id, {
      ...(o.name === undefined ? {} : { name: o.name }),
      ...(o.watch === undefined ? {} : { watch: o.watch }),
      ...(o.thresholdPercent === undefined ? {} : { threshold_percent: o.thresholdPercent }),
      ...(o.everyMinutes === undefined ? {} : { every_minutes: o.everyMinutes, next_run_at: hence(ctx, o.everyMinutes) }),
      ...(settings === undefined ? {} : await changeOf({ connectors, secrets }, ctx, source, settings)),
    });
    if (settings !== undefined || o.watch === true) syncer.schedule(id, { anew: true });
    return { source: await viewSource(ctx.sql, row, false) };
  });
}

function hence(ctx: Ctx, minutes: number): Date {
  return new Date(ctx.now().getTime() + minutes * 60_000);
}

async function changeOf(
  { connectors, secrets }: Pick<ConnectDeps, "connectors" | "secrets">,
  ctx: Ctx,
  source: SourceRow,
  given: Readonly<Record<string, unknown>>,
): Promise<SourceChange> {
  if (source.connector === null) {
    throw new InvalidError("Only a connector has settings.", { problems: [{ at: "settings", reason: "belong to connectors" }] });
  }
  const parted = connectors.part(connectors.get(source.connector), { ...source.settings, ...(await secrets.read(source)), ...given });
  return {
    settings: parted.shown,
    secrets: await secrets.seal(source.id, parted.secrets),
    target: parted.target,
    // What it remembers belongs to what it read before.
    memory: {},
    next_run_at: ctx.now(),
  };
}

function makeTestMapping({ connectors, catalogue }: ConnectDeps): Handler {
  return handle(testMapping, async (ctx, { mapping, sourceId, body, limit }) => {
    const preview = connectors.all.find((connector) => connector.preview)?.preview;
    if (!preview) throw new InvalidError("This server has no connector with a mapping.");
    const bodies = body === undefined ? await bodiesOf(catalogue, ctx, sourceId) : [body];
    const records = [];
    for (const one of bodies) records.push(...(await preview(mapping, one, connectors)));
    return { records: records.slice(0, limit).map((one) => ({ ...one, problems: [...one.problems] })), total: records.length };
  });
}

async function bodiesOf(catalogue: Catalogue, ctx: Ctx, sourceId: string | undefined): Promise<unknown[]> {
  if (sourceId === undefined) {
    throw new InvalidError("There is nothing to test the mapping on.", {
      problems: [{ at: "body", reason: "is missing, and no source is named" }],
      mend: "Give a body, or the id of a source that has samples.",
    });
  }
  const visible = await visibleSource(catalogue, ctx, sourceId);
  await getSource(ctx.sql, sourceId);
  return visible.all ? (await readSamples(ctx.sql, sourceId, 20)).map((sample) => sample.body) : [];
}
