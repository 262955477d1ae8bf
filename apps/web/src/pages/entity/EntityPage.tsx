import { Tabs } from "@mantine/core";
import { getRouteApi, Link } from "@tanstack/react-router";
import { SearchX } from "lucide-react";
import type { ReactNode } from "react";

import { isCode, toWords } from "../../api/errors.ts";
import { AsOf, AsOfBanner, AsOfProvider } from "../../ui/AsOf.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { SkeletonRows } from "../../ui/Loaded.tsx";
import { Page } from "../../ui/Page.tsx";
import { fixedRange } from "../../url-state.ts";
import { EntityActs } from "./EntityActs.tsx";
import { EntityHead } from "./EntityHead.tsx";
import { SignalStrip } from "./SignalStrip.tsx";
import { tabsOf } from "./tabs.tsx";
import { WhyNotHere } from "./WhyNotHere.tsx";
import { useEntity, type KnownEntity } from "./use-entity.ts";

const route = getRouteApi("/app/entities/$kind/$namespace/$name");

/** Everything about one thing in one place; tabs are made from what is known of it. */
export function EntityPage(): ReactNode {
  const { kind, namespace, name } = route.useParams();
  const { asOf } = route.useSearch();
  const navigate = route.useNavigate();
  const setAsOf = (instant: string | undefined): void => void navigate({ search: (old) => ({ ...old, asOf: instant }), replace: true });
  const ref = `${kind}:${namespace}/${name}`.toLowerCase();
  const { query, known } = useEntity(ref, asOf);
  if (known === undefined) {
    return (
      <Page title={name} trail={<Trail kind={kind} />} act={<AsOf value={asOf} onChange={setAsOf} />}>
        <AsOfBanner value={asOf} onNow={() => setAsOf(undefined)} />
        {query.error === null ? (
          <SkeletonRows rows={12} />
        ) : isCode(query.error, "NOT_FOUND") ? (
          asOf === undefined ? (
            <WhyNotHere what={ref} />
          ) : (
            <NotThen entityRef={ref} error={query.error} />
          )
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
      act={
        <>
          <AsOf value={asOf} onChange={setAsOf} />
          {asOf === undefined && <EntityActs known={known} />}
        </>
      }
    >
      <AsOfBanner
        value={asOf}
        onNow={() => setAsOf(undefined)}
        note="What runs and what it sends is shown of now only."
        act={asOf !== undefined && <SinceThen entityRef={known.ref} since={asOf} />}
      />
      <AsOfProvider value={asOf}>
        {known.kind === "component" && asOf === undefined && <SignalStrip known={known} />}
        <EntityTabs known={known} />
      </AsOfProvider>
    </Page>
  );
}

/** It was not there at that moment: says when it was. */
function NotThen({ entityRef, error }: { readonly entityRef: string; readonly error: Error }): ReactNode {
  return (
    <EmptyState icon={SearchX} title={`${entityRef} was not in the catalogue then`}>
      <p>{toWords(error).mend}</p>
    </EmptyState>
  );
}

function SinceThen({ entityRef, since }: { readonly entityRef: string; readonly since: string }): ReactNode {
  return (
    <Link to="/changes" search={{ about: entityRef, range: fixedRange(new Date(since), new Date()) }}>
      What happened since
    </Link>
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
      onChange={(id) =>
        void navigate({
          search: (old) => ({
            range: old.range,
            ...(old.asOf !== undefined && { asOf: old.asOf }),
            ...(id !== null && id !== "overview" && { tab: id }),
          }),
        })
      }
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
