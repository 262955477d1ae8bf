import { Button, Tabs } from "@mantine/core";
import { getRouteApi, Link } from "@tanstack/react-router";
import { SearchX } from "lucide-react";
import type { ReactNode } from "react";

import { isCode, toWords } from "../../api/errors.ts";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { SkeletonRows } from "../../ui/Loaded.tsx";
import { Page } from "../../ui/Page.tsx";
import { palette } from "../../shell/switch.ts";
import { EntityActs } from "./EntityActs.tsx";
import { EntityHead } from "./EntityHead.tsx";
import { SignalStrip } from "./SignalStrip.tsx";
import { tabsOf } from "./tabs.tsx";
import { useEntity, type KnownEntity } from "./use-entity.ts";

const route = getRouteApi("/app/entities/$kind/$namespace/$name");

/** Everything about one thing in one place; tabs are made from what is known of it. */
export function EntityPage(): ReactNode {
  const { kind, namespace, name } = route.useParams();
  const { query, known } = useEntity(`${kind}:${namespace}/${name}`.toLowerCase());
  if (known === undefined) {
    return (
      <Page title={name} trail={<Trail kind={kind} />}>
        {query.error === null ? (
          <SkeletonRows rows={12} />
        ) : isCode(query.error, "NOT_FOUND") ? (
          <Unknown entityRef={`${kind}:${namespace}/${name}`} error={query.error} />
        ) : (
          <ErrorState error={query.error} retry={() => void query.refetch()} />
        )}
      </Page>
    );
  }
  const { title, name: own, description } = known.entity.metadata as { title?: string; name: string; description?: string };
  return (
    <Page
      title={<EntityHead known={known} />}
      tabTitle={title ?? own}
      trail={<Trail kind={known.kind} />}
      state={description}
      act={<EntityActs known={known} />}
    >
      {known.kind === "component" && <SignalStrip known={known} />}
      <EntityTabs known={known} />
    </Page>
  );
}

/** Not in the catalogue: says so, and leads to what was probably meant. */
function Unknown({ entityRef, error }: { readonly entityRef: string; readonly error: Error }): ReactNode {
  const near = /[a-z]+:[a-z0-9-]+\/[^\s?]+/.exec(toWords(error).mend ?? "")?.[0];
  return (
    <EmptyState icon={SearchX} title={`${entityRef} is not in the catalogue`} act={<Button onClick={palette.open}>Search</Button>}>
      {near !== undefined && (
        <p>
          Did you mean <EntityLink entityRef={near} icon={false} title={near} />?
        </p>
      )}
      <p>It was never brought here, or its source no longer names it.</p>
    </EmptyState>
  );
}

function Trail({ kind }: { readonly kind: string }): ReactNode {
  return (
    <>
      <Link to="/catalog">Catalogue</Link>
      <span aria-hidden>/</span>
      <Link to="/catalog" search={{ kind: [kind.toLowerCase()] }}>
        {kind.toLowerCase()}
      </Link>
    </>
  );
}

function EntityTabs({ known }: { readonly known: KnownEntity }): ReactNode {
  const { tab } = route.useSearch();
  const navigate = route.useNavigate();
  const tabs = tabsOf(known);
  const current = tabs.find(({ id }) => id === tab) ?? tabs[0];
  return (
    <Tabs
      value={current?.id ?? "overview"}
      onChange={(id) => void navigate({ search: (old) => ({ range: old.range, ...(id !== null && id !== "overview" && { tab: id }) }) })}
      mt="md"
    >
      <Tabs.List>
        {tabs.map(({ id, label, count }) => (
          <Tabs.Tab key={id} value={id}>
            {label}
            {count !== undefined && <span className="rb-dim"> {count}</span>}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {current !== undefined && (
        <Tabs.Panel value={current.id} pt="md">
          {current.render(known)}
        </Tabs.Panel>
      )}
    </Tabs>
  );
}
