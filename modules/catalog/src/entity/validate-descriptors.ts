import { formatRef, validateEntity as operation } from "@roadbed/contracts/catalog";
import { handle, type Handler, type OutputOf } from "@roadbed/core";

import { parseYaml } from "../descriptor/parse-yaml.ts";
import { breathe } from "../source/breathe.ts";
import { formatPath } from "./fault.ts";
import { validateEntity } from "./validate-entity.ts";

/** The same checks as an import, without a source: files that `$text` names are not looked for. */
export function makeValidateDescriptors(): Handler {
  return handle(operation, async (_, { yaml }) => {
    const refs: string[] = [];
    const problems: OutputOf<typeof operation>["problems"] = [];
    for (const parsed of parseYaml(yaml)) {
      await breathe();
      if ("unreadable" in parsed) {
        problems.push({ at: "", ...parsed.unreadable });
        continue;
      }
      const { document } = parsed;
      const { entity, faults } = validateEntity(document.value);
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
