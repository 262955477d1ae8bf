import type { ReactNode } from "react";

import { toYaml } from "../../format/yaml.ts";
import { CodeBlock } from "../../markdown/CodeBlock.tsx";
import type { KnownEntity } from "./use-entity.ts";

/** The descriptor as stored, without the relations that are derived from it. */
export function YamlTab({ known }: { readonly known: KnownEntity }): ReactNode {
  const { relations: _, ...descriptor } = known.entity;
  return <CodeBlock code={toYaml(descriptor)} lang="yaml" label="Descriptor" />;
}
