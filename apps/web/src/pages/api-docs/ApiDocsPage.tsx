import { Button, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, useLocation } from "@tanstack/react-router";
import { Search } from "lucide-react";
import { useMemo, useState, type ReactNode } from "react";

import { formatCount } from "../../format/number.ts";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { Loaded, SkeletonRows } from "../../ui/Loaded.tsx";
import { Page } from "../../ui/Page.tsx";
import { text, type Raw } from "../../url-state.ts";
import classes from "./api-docs.module.css";
import { Examples } from "./Examples.tsx";
import { readOpenApi, type ApiDocument } from "@roadbed/contracts/api-document/open-api";
import { OperationList } from "./OperationList.tsx";
import { searchOperations } from "./search.ts";

const route = getRouteApi("/app/api-docs");
const TELL_AFTER_MS = 200;

/** Everything the platform can do, as this very server describes it: by HTTP, command line and agent. */
export function ApiDocsPage(): ReactNode {
  const api = useQuery({ queryKey: ["openapi"], queryFn: ({ signal }) => fetchApi(signal), staleTime: Number.POSITIVE_INFINITY });
  const count = api.data?.groups.reduce((total, { operations }) => total + operations.length, 0);
  return (
    <Page
      title="API reference"
      state={count === undefined ? "Reading…" : `${formatCount(count, "operation")}; each is the same by HTTP, command line and agent.`}
      act={
        <Button component="a" href="/openapi.json" variant="default">
          openapi.json
        </Button>
      }
    >
      <Loaded query={api} skeleton={<SkeletonRows rows={14} height={36} />}>
        {(document) => <Reference api={document} />}
      </Loaded>
    </Page>
  );
}

function Reference({ api }: { readonly api: ApiDocument }): ReactNode {
  const navigate = route.useNavigate();
  const { hash } = useLocation();
  const { q = "" } = text(route.useSearch() as Raw, "q");
  const [typed, setTyped] = useState(q);
  const tell = useDebouncedCallback(
    (words: string) => void navigate({ search: (words === "" ? {} : { q: words }) as never, hash: true, replace: true }),
    TELL_AFTER_MS,
  );
  const groups = useMemo(() => searchOperations(api.groups, typed), [api, typed]);
  return (
    <div className={classes.layout}>
      <div className={classes.side}>
        <TextInput
          type="search"
          aria-label="Find an operation"
          placeholder="Find an operation"
          leftSection={<Search size={14} aria-hidden />}
          value={typed}
          onChange={(event) => {
            setTyped(event.currentTarget.value);
            tell(event.currentTarget.value.trim());
          }}
        />
        <nav aria-label="Modules">
          {groups.map(({ name, operations }) => (
            <a key={name} href={`#${name}`}>
              {name} <span>{operations.length}</span>
            </a>
          ))}
        </nav>
        <p className={classes.howto}>
          Send a token as <code>authorization: Bearer …</code>. A write takes an <code>Idempotency-Key</code>. Errors are problem+json, with
          what mends them.
        </p>
      </div>
      <div className={classes.list}>
        {groups.length === 0 ? (
          <EmptyState compact title="No operation has these words">
            Words are looked for in paths, summaries, names, scopes and fields.
          </EmptyState>
        ) : (
          <OperationList
            groups={groups}
            linked={hash === "" ? undefined : hash}
            onOpen={(anchor) => history.replaceState(history.state, "", `#${anchor}`)}
            example={(operation) => <Examples operation={operation} />}
          />
        )}
      </div>
    </div>
  );
}

async function fetchApi(signal: AbortSignal): Promise<ApiDocument> {
  const answer = await fetch("/openapi.json", { signal });
  const api = answer.ok ? readOpenApi(await answer.json()) : undefined;
  if (api === undefined) throw new Error(`The server's description of itself cannot be read (${answer.status}).`);
  return api;
}
