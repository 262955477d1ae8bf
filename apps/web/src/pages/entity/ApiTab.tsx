import { SegmentedControl } from "@mantine/core";
import { getRouteApi } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { getApi } from "@roadbed/contracts/catalog/docs";
import type { OutputOf } from "@roadbed/core";
import { toWords } from "../../api/errors.ts";
import { useOperation } from "../../api/use-operation.ts";
import { CodeBlock } from "../../markdown/CodeBlock.tsx";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { SkeletonRows } from "../../ui/Loaded.tsx";
import { ApiOperations } from "./ApiOperations.tsx";
import { ApiVersions } from "./ApiVersions.tsx";
import classes from "./api-tab.module.css";
import type { KnownEntity } from "./use-entity.ts";

type Api = OutputOf<typeof getApi>;

const route = getRouteApi("/app/entities/$kind/$namespace/$name");
const LANGS: Readonly<Record<string, string>> = { graphql: "graphql", grpc: "proto" };

/** An API as one reads it: its operations, what changed between versions and whom that breaks, or its text. */
export function ApiTab({ known }: { readonly known: KnownEntity }): ReactNode {
  const { definition } = known.entity.spec ?? {};
  const text = typeof definition === "string" ? definition : "";
  const { page: view = "operations" } = route.useSearch();
  const navigate = route.useNavigate();
  const api = useOperation(getApi, { ref: known.ref });
  const raw = <CodeBlock code={text} lang={langOf(text, api.data)} label="Definition" />;
  if (api.error !== null) {
    const { title, mend } = toWords(api.error);
    return (
      <>
        <p role="status">
          {title} <span className="rb-dim">{mend} Here is its text.</span>
        </p>
        {raw}
      </>
    );
  }
  if (api.data === undefined) return <SkeletonRows rows={10} />;
  return (
    <>
      <div className={classes.head}>
        <div>
          <b>
            {api.data.title} {api.data.version}
          </b>{" "}
          <span className="rb-dim">
            {FORMATS[api.data.format]}, {api.data.operations.length === 1 ? "1 operation" : `${api.data.operations.length} operations`}
          </span>
          <Parties api={api.data} />
        </div>
        <SegmentedControl
          size="xs"
          aria-label="View"
          value={view}
          onChange={(next) => void navigate({ search: { tab: "api", ...(next !== "operations" && { page: next }) } })}
          data={[
            { value: "operations", label: "Operations" },
            { value: "versions", label: "Changes" },
            { value: "raw", label: "Raw" },
          ]}
          ml="auto"
        />
      </div>
      {view === "raw" ? raw : view === "versions" ? <ApiVersions entityRef={known.ref} /> : <ApiOperations api={api.data} />}
    </>
  );
}

const FORMATS: Readonly<Record<Api["format"], string>> = { openapi: "OpenAPI", asyncapi: "AsyncAPI", graphql: "GraphQL", grpc: "gRPC" };

function langOf(text: string, api: Api | undefined): string {
  return LANGS[api?.format ?? ""] ?? (text.trimStart().startsWith("{") ? "json" : "yaml");
}

/** So many are named; more are counted. */
const NAMED = 8;

function Parties({ api: { providers, consumers } }: { readonly api: Api }): ReactNode {
  return (
    <p className={classes.parties}>
      <Those words="Provided by" none="Nobody says that they provide it" refs={providers} />
      <Those words="Consumed by" none="nobody says that they consume it" refs={consumers} />
    </p>
  );
}

function Those({ words, none, refs }: { readonly words: string; readonly none: string; readonly refs: Api["consumers"] }): ReactNode {
  if (refs.length === 0) return <span>{none}.</span>;
  return (
    <span>
      {words}{" "}
      {refs.slice(0, NAMED).map(({ ref, title, found }, at) => (
        <span key={ref}>
          {at > 0 && ", "}
          <EntityLink entityRef={ref} title={title} found={found} icon={false} />
        </span>
      ))}
      {refs.length > NAMED && ` and ${refs.length - NAMED} more`}.
    </span>
  );
}
