import { formatRef, validateEntity as operation } from "@roadbed/contracts/catalog";
import { handle, type Handler, type OutputOf } from "@roadbed/core";

import { parseYaml } from "../descriptor/parse-yaml.ts";
import type { Catalogue } from "../estate/catalogue.ts";
import { breathe } from "../source/breathe.ts";
import { formatPath } from "./fault.ts";
import { validateEntity } from "./validate-entity.ts";
import { isRecord } from "./validate-spec.ts";

function isKind(value: unknown): boolean {
  return isRecord(value) && value.kind === "Kind";
}

/** The same checks as an import, without a source: files that `$text` names are not looked for. */
export function makeValidateDescriptors({ kinds, feed }: Catalogue): Handler {
  return handle(operation, async (_, { yaml }) => {
    await feed.fresh();
    const refs: string[] = [];
    const problems: OutputOf<typeof operation>["problems"] = [];
    const all = [...parseYaml(yaml)];
    const given = all.flatMap((parsed) => ("document" in parsed && isKind(parsed.document.value) ? [parsed.document.value] : []));
    // Kinds beside their entities count, as in an import.
    const known = kinds.with(given.flatMap((value) => kinds.compile(value, given).kind ?? []));
    for (const parsed of all) {
      await breathe();
      if ("unreadable" in parsed) {
        problems.push({ at: "", ...parsed.unreadable });
        continue;
      }
      const { document } = parsed;
      const { entity, faults } = validateEntity(document.value, known);
      for (const { path, reason, mend } of faults) {
        problems.push({ line: document.lineOf(path), at: formatPath(path), reason, ...(mend === undefined ? {} : { mend }) });
      }
      if (!entity) continue;
      const ref = formatRef({ kind: entity.kind, namespace: entity.metadata.namespace ?? "default", name: entity.metadata.name });
      if (refs.includes(ref)) {
        problems.push({
          line: document.line,
          at: "metadata.name",
          reason: `${ref} is described twice`,
          mend: "Give one of them another name.",
        });
      } else refs.push(ref);
    }
    if (refs.length === 0 && problems.length === 0) {
      problems.push({ at: "", reason: "there is no descriptor in it", mend: "A descriptor begins with apiVersion, kind and metadata." });
    }
    return { ok: problems.length === 0, refs, problems };
  });
}
