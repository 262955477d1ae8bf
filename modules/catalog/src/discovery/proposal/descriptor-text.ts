import type { Entity } from "@roadbed/contracts/catalog";
import { stringify } from "yaml";

/** Entities as the text of a `catalog-info.yaml`: the namespace is left out where it is the usual one. */
export function descriptorOf(entities: readonly Entity[]): string {
  return entities.map((entity) => stringify(tidy(entity), { lineWidth: 120 })).join("---\n");
}

function tidy({ apiVersion, kind, metadata, spec }: Entity): unknown {
  const { namespace, annotations, ...rest } = metadata;
  return {
    apiVersion,
    kind,
    metadata: {
      ...rest,
      ...(namespace === undefined || namespace === "default" ? {} : { namespace }),
      ...(annotations && Object.keys(annotations).length > 0 ? { annotations } : {}),
    },
    ...(spec ? { spec } : {}),
  };
}

/** A difference that makes a file which is not there yet, to be applied with `git apply`. */
export function patchFor(file: string, text: string): string {
  const lines = text.replace(/\n$/, "").split("\n");
  return [
    `diff --git a/${file} b/${file}`,
    "new file mode 100644",
    "--- /dev/null",
    `+++ b/${file}`,
    `@@ -0,0 +1,${lines.length} @@`,
    ...lines.map((line) => `+${line}`),
    "",
  ].join("\n");
}
