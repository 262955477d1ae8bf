import { lazy, Suspense, type ReactNode } from "react";

import { SkeletonRows } from "../../ui/Loaded.tsx";
import { OverviewTab } from "./OverviewTab.tsx";
import type { KnownEntity } from "./use-entity.ts";

interface Tab {
  readonly id: string;
  readonly label: string;
  readonly count?: number | undefined;
  readonly render: (known: KnownEntity) => ReactNode;
}

const DependenciesTab = lazy(async () => ({ default: (await import("./DependenciesTab.tsx")).DependenciesTab }));
const DeploysTab = lazy(async () => ({ default: (await import("./DeploysTab.tsx")).DeploysTab }));
const SignalsTab = lazy(async () => ({ default: (await import("./SignalsTab.tsx")).SignalsTab }));
const DocsTab = lazy(async () => ({ default: (await import("./DocsTab.tsx")).DocsTab }));
const ApiTab = lazy(async () => ({ default: (await import("./ApiTab.tsx")).ApiTab }));
const FactsTab = lazy(async () => ({ default: (await import("../../facts/FactsTab.tsx")).FactsTab }));
const StandardsTab = lazy(async () => ({ default: (await import("./StandardsTab.tsx")).StandardsTab }));
const HistoryTab = lazy(async () => ({ default: (await import("./HistoryTab.tsx")).HistoryTab }));
const YamlTab = lazy(async () => ({ default: (await import("./YamlTab.tsx")).YamlTab }));

/** The tabs that have something to show. What is missing, the overview says, with the way to get it. */
export function tabsOf(known: KnownEntity): readonly Tab[] {
  const { view, workloads, deployments, observed, entity, asOf } = known;
  const linked = view.neighbours.filter(({ type }) => type !== "ownedBy" && type !== "ownerOf");
  const all: readonly (Tab & { readonly shown: boolean })[] = [
    { id: "overview", label: "Overview", shown: true, render: (one) => <OverviewTab known={one} /> },
    {
      id: "dependencies",
      label: "Dependencies",
      shown: linked.length > 0 && asOf === undefined,
      render: (one) => <DependenciesTab known={one} />,
    },
    { id: "deploys", label: "Deploys", shown: workloads.length + deployments.length > 0, render: (one) => <DeploysTab known={one} /> },
    { id: "signals", label: "Signals", shown: observed, render: (one) => <SignalsTab known={one} /> },
    { id: "docs", label: "Docs", shown: view.hasDocs && asOf === undefined, render: (one) => <DocsTab known={one} /> },
    { id: "api", label: "Definition", shown: typeof entity.spec?.["definition"] === "string", render: (one) => <ApiTab known={one} /> },
    {
      id: "standards",
      label: "Standards",
      // People and places of descriptors are judged by nobody.
      shown: asOf === undefined && !["user", "location"].includes(known.kind),
      render: (one) => <StandardsTab entityRef={one.ref} />,
    },
    { id: "facts", label: "Facts", shown: asOf === undefined, render: (one) => <FactsTab entityRef={one.ref} /> },
    { id: "history", label: "History", shown: true, render: (one) => <HistoryTab known={one} /> },
    { id: "yaml", label: "YAML", shown: true, render: (one) => <YamlTab known={one} /> },
  ];
  return all
    .filter(({ shown }) => shown)
    .map(({ id, label, count, render }) => ({
      id,
      label,
      count,
      render: (one) => <Suspense fallback={<SkeletonRows rows={8} />}>{render(one)}</Suspense>,
    }));
}
