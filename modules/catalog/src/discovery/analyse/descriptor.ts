import { formatRef, parseRef } from "@roadbed/contracts/catalog";

import { parseYaml } from "../../descriptor/parse-yaml.ts";
import { statementsOf } from "../../entity/relations.ts";
import type { Analyser, DescriptorFinding } from "../finding.ts";
import { isRecord, present, textOf } from "./text.ts";

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
        states: statedBy(value),
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

/** Everything that it refers to, whole and sorted. */
function statedBy(value: Record<string, unknown>): string[] {
  try {
    return [...new Set(statementsOf(value as never).map(({ target }) => target))].sort();
  } catch {
    return [];
  }
}
