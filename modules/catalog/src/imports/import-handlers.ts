import {
  importBackstage,
  importCompass,
  importCortex,
  importCsv,
  importOpslevel,
  importPort,
  type UploadFormat,
} from "@roadbed/contracts/catalog/imports";
import { handle, type Ctx, type Handler, type OutputOf, type ParsedInputOf } from "@roadbed/core";

import { connectSource, type ConnectDeps } from "../connector/source-handlers.ts";
import { applyFile, previewFile, type UploadDeps } from "./upload-handlers.ts";

/** `roadbed import <portal> …`: the ways in by their names, each with what to do next. */
export function makeImportHandlers(deps: UploadDeps & ConnectDeps): readonly Handler[] {
  return [
    makeImportBackstage(deps),
    handle(importPort, (ctx, input) => importFile(deps, ctx, "port", input)),
    handle(importCompass, (ctx, input) => importFile(deps, ctx, "compass", input)),
    handle(importCortex, (ctx, input) => importFile(deps, ctx, "cortex", input)),
    handle(importOpslevel, (ctx, input) => importFile(deps, ctx, "opslevel", input)),
    handle(importCsv, (ctx, input) => importFile(deps, ctx, "csv", input)),
  ];
}

function makeImportBackstage(deps: ConnectDeps): Handler {
  return handle(importBackstage, async (ctx, { address, apiToken, filter, name }) => {
    const settings = { url: address, ...(apiToken === undefined ? {} : { token: apiToken }), ...(filter === undefined ? {} : { filter }) };
    const made = await connectSource(deps, ctx, { connector: "backstage", settings, name, read: true });
    return { ...made, next: nextOf(made.source.id, made.problems.length) };
  });
}

type Imported = OutputOf<typeof importCsv>;

async function importFile(
  deps: UploadDeps,
  ctx: Ctx,
  format: UploadFormat,
  { preview, name = format, ...input }: ParsedInputOf<typeof importCsv>,
): Promise<Imported> {
  if (!preview) {
    const { source, counts, problems, notes, mapping } = await applyFile(deps, ctx, { ...input, format, name });
    return { source, counts, problems, notes, ...(format === "csv" ? { mapping } : {}), next: nextOf(source.id, problems.length) };
  }
  const { problems, notes, mapping, counts } = await previewFile(deps, ctx, { ...input, format });
  return {
    counts,
    problems,
    notes,
    ...(format === "csv" ? { mapping } : {}),
    next: { bring: `roadbed import ${format} <file>`, everything: `roadbed upload preview @<file> --format ${format}` },
  };
}

function nextOf(sourceId: string, problems: number): Record<string, string> {
  return {
    look: "roadbed entity list --limit 20",
    ...(problems === 0 ? {} : { mend: `roadbed source get ${sourceId}` }),
    orphans: "roadbed ownership orphans",
    takeBack: `roadbed source delete ${sourceId}`,
  };
}
