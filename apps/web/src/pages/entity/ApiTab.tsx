import { SegmentedControl } from "@mantine/core";
import { useMemo, useState, type ReactNode } from "react";

import { parseYaml } from "../../format/parse-yaml.ts";
import { CodeBlock } from "../../markdown/CodeBlock.tsx";
import { OperationList } from "../api-docs/OperationList.tsx";
import { readOpenApi, type ApiDocument } from "../api-docs/openapi.ts";
import type { KnownEntity } from "./use-entity.ts";

/** An API's definition: OpenAPI as a list one can read, anything else as its text. */
export function ApiTab({ known }: { readonly known: KnownEntity }): ReactNode {
  const { definition, type: kind } = known.entity.spec ?? {};
  const text = typeof definition === "string" ? definition : "";
  const type = typeof kind === "string" ? kind : "";
  const api = useMemo(() => readDefinition(text), [text]);
  const [view, setView] = useState("list");
  if (api === undefined)
    return <CodeBlock code={text} lang={type === "openapi" || type === "asyncapi" ? "yaml" : type} label="Definition" />;
  return (
    <>
      <div style={{ display: "flex", gap: 12, alignItems: "center", marginBottom: 12 }}>
        <b>
          {api.title} {api.version}
        </b>
        <SegmentedControl
          size="xs"
          aria-label="View"
          value={view}
          onChange={setView}
          data={[
            { value: "list", label: "Operations" },
            { value: "raw", label: "Raw" },
          ]}
          ml="auto"
        />
      </div>
      {view === "raw" ? (
        <CodeBlock code={text} lang={text.trimStart().startsWith("{") ? "json" : "yaml"} label="Definition" />
      ) : (
        <OperationList groups={api.groups} />
      )}
    </>
  );
}

function readDefinition(text: string): ApiDocument | undefined {
  try {
    return readOpenApi(parseYaml(text));
  } catch {
    // Not OpenAPI, or YAML beyond what is read here: the text itself is shown.
    return undefined;
  }
}
