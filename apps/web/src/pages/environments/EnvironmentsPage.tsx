import { Button } from "@mantine/core";
import { getRouteApi, Link } from "@tanstack/react-router";
import { Network } from "lucide-react";
import { useState, type ReactNode } from "react";

import { listEnvironments } from "@roadbed/contracts/delivery/environments";
import { useOperation } from "../../api/use-operation.ts";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { SkeletonRows } from "../../ui/Loaded.tsx";
import { Page } from "../../ui/Page.tsx";
import { EnvironmentForm } from "./EnvironmentForm.tsx";
import { EnvironmentMap } from "./EnvironmentMap.tsx";
import { EnvironmentPanel } from "./EnvironmentPanel.tsx";
import { Freezes } from "./Freezes.tsx";
import { MirrorSection } from "./Mirror.tsx";
import { SourceEdits } from "./SourceEdits.tsx";
import { sentenceOf } from "./words.ts";

const route = getRouteApi("/app/environments");

/** Where releases run, in which order they come there, what has to hold before, and when nothing may come. */
export function EnvironmentsPage(): ReactNode {
  const { select } = route.useSearch();
  const navigate = route.useNavigate();
  const [adding, setAdding] = useState(false);
  const { data, error, isPending, refetch } = useOperation(listEnvironments, { limit: 500 });
  const environments = data?.items ?? [];
  const selected = environments.find(({ name }) => name === select);
  const choose = (name: string | undefined): void => void navigate({ search: (old) => ({ ...old, select: name }), replace: true });
  return (
    <Page
      title="Environments"
      trail={<Link to="/delivery">Delivery</Link>}
      state={isPending ? "Reading…" : sentenceOf(environments)}
      act={<Button onClick={() => setAdding(true)}>New environment</Button>}
    >
      {error !== null && data === undefined ? (
        <ErrorState error={error} retry={() => void refetch()} />
      ) : isPending ? (
        <SkeletonRows rows={3} height={112} />
      ) : (
        <EnvironmentMap environments={environments} selected={select} />
      )}
      {select !== undefined && selected === undefined && !isPending && (
        <EmptyState compact icon={Network} title={`There is no environment ${select}`}>
          It has ended, or its name is another one.
        </EmptyState>
      )}
      {selected !== undefined && (
        <EnvironmentPanel key={selected.name} environment={selected} all={environments} onGone={() => choose(undefined)} />
      )}
      <Freezes environments={environments} />
      <SourceEdits />
      <MirrorSection />
      {adding && (
        <EnvironmentForm
          all={environments}
          onClose={() => setAdding(false)}
          onDone={(name) => {
            setAdding(false);
            choose(name);
          }}
        />
      )}
    </Page>
  );
}
