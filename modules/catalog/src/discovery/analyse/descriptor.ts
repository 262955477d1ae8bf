import { formatRef, parseRef } from "@roadbed/contracts/catalog";

import { parseYaml } from "../../descriptor/parse-yaml.ts";
import { fieldsOf } from "../../entity/kinds.ts";
import { canonical } from "../../entity/relations.ts";
import type { Analyser, DescriptorFinding } from "../finding.ts";
import { isRecord, listOf, present, textOf } from "./text.ts";

/** `catalog-info.yaml` and every other descriptor: what is in the catalogue by its own words. */
export const descriptor: Analyser = {
  name: "descriptor",
  matches: (_, base) => /\.ya?ml$/.test(base),
  read({ path: file, dir, base, text }) {
    if (!base.startsWith("catalog-info.") && !/^apiVersion:\s*["']?[\w.-]*backstage\.io\//m.test(text)) return [];
    const found: DescriptorFinding[] = [];
    for (const parsed of parseYaml(text)) {
      if ("unreadable" in parsed || !isRecord(parsed.document.value)) continue;
      const { value, line } = parsed.document;
      const { kind, metadata, spec = {} } = value;
      if (typeof kind !== "string" || !isRecord(metadata) || !isRecord(spec)) continue;
      const name = textOf(metadata.name);
      if (name === undefined || name.includes("{{")) continue;
      const namespace = textOf(metadata.namespace) ?? "default";
      found.push({
        type: "descriptor",
        file,
        line,
        dir,
        kind,
        name,
        namespace,
        ...present({ owner: refOf(spec.owner, "group", namespace), system: refOf(spec.system, "system", namespace) }),
        states: statedBy(kind, spec, namespace),
      });
    }
    return found;
  },
};

function refOf(value: unknown, kind: string, namespace: string): string | undefined {
  const text = textOf(value);
  if (text === undefined) return undefined;
  try {
    return formatRef(parseRef(text, { kind, namespace }));
  } catch {
    return undefined;
  }
}

/** Everything that it refers to by the fields of its kind, whole and sorted. */
function statedBy(kind: string, spec: Record<string, unknown>, namespace: string): string[] {
  const found = Object.entries(fieldsOf(kind, spec.type)).flatMap(([name, { relation }]) => {
    if (!relation) return [];
    return listOf(spec[name]).flatMap((value) => {
      try {
        return typeof value === "string" ? [canonical(value, relation.defaultKind, namespace)] : [];
      } catch {
        // A reference that is none is somebody else's to mend.
        return [];
      }
    });
  });
  return [...new Set(found)].sort();
}
