import { Select, Tabs } from "@mantine/core";
import { getRouteApi } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { listDeployments, listRepositories, listWorkloads } from "@roadbed/contracts/delivery";
import { listEnvironments } from "@roadbed/contracts/delivery/environments";
import { listChanges } from "@roadbed/contracts/delivery/changes";
import { useOperation, usePages } from "../../api/use-operation.ts";
import { LoadMore } from "../../table/LoadMore.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { SkeletonRows } from "../../ui/Loaded.tsx";
import { Page } from "../../ui/Page.tsx";
import { text, type Raw } from "../../url-state.ts";
import { ChangeTable } from "./ChangeTable.tsx";
import { DeploymentTable } from "./DeploymentTable.tsx";
import { RepositoryTable } from "./RepositoryTable.tsx";
import { sentenceOf } from "./sentence.ts";
import { WorkloadTable } from "./WorkloadTable.tsx";

const route = getRouteApi("/app/delivery");
const PAGE_SIZE = 100;

type Where = { readonly environment?: string };

/** What runs where, how well, at which commit; what was deployed; where the code is. Events keep it true. */
export function DeliveryPage(): ReactNode {
  const search = route.useSearch();
  const { environment } = text(search as Raw, "environment");
  const navigate = route.useNavigate();
  const change = (patch: object): void => void navigate({ search: (old) => ({ ...old, ...patch }), replace: true });
  const where: Where = environment === undefined ? {} : { environment };
  const workloads = usePages(listWorkloads, { ...where, limit: PAGE_SIZE });
  const tab = search.tab ?? "workloads";
  return (
    <Page
      title="Delivery"
      state={workloads.pending ? "Reading…" : sentenceOf(workloads.rows)}
      act={
        tab !== "repositories" &&
        tab !== "changes" && <EnvironmentChoice value={environment} onChange={(name) => change({ environment: name })} />
      }
    >
      <Tabs value={tab} onChange={(value) => change({ tab: value === "workloads" ? undefined : value })}>
        <Tabs.List mb="sm">
          <Tabs.Tab value="workloads">Workloads</Tabs.Tab>
          <Tabs.Tab value="deployments">Deployments</Tabs.Tab>
          <Tabs.Tab value="changes">Changes</Tabs.Tab>
          <Tabs.Tab value="repositories">Repositories</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="workloads">
          <Listed list={workloads}>{(footer) => <WorkloadTable workloads={workloads.rows} footer={footer} />}</Listed>
        </Tabs.Panel>
        <Tabs.Panel value="deployments">
          <Deployments where={where} />
        </Tabs.Panel>
        <Tabs.Panel value="changes">
          <Changes />
        </Tabs.Panel>
        <Tabs.Panel value="repositories">
          <Repositories />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}

function EnvironmentChoice({
  value,
  onChange,
}: {
  readonly value: string | undefined;
  readonly onChange: (name: string | undefined) => void;
}): ReactNode {
  const { data } = useOperation(listEnvironments, { limit: PAGE_SIZE });
  return (
    <Select
      aria-label="Environment"
      w={178}
      allowDeselect={false}
      data={[{ value: "", label: "All environments" }, ...(data?.items ?? []).map(({ name, title }) => ({ value: name, label: title }))]}
      value={value ?? ""}
      onChange={(name) => onChange(name === null || name === "" ? undefined : name)}
    />
  );
}

function Changes(): ReactNode {
  const list = usePages(listChanges, { limit: PAGE_SIZE });
  return <Listed list={list}>{(footer) => <ChangeTable changes={list.rows} footer={footer} />}</Listed>;
}

function Deployments({ where }: { readonly where: Where }): ReactNode {
  const list = usePages(listDeployments, { ...where, limit: PAGE_SIZE });
  return <Listed list={list}>{(footer) => <DeploymentTable deployments={list.rows} footer={footer} />}</Listed>;
}

function Repositories(): ReactNode {
  const list = usePages(listRepositories, { limit: PAGE_SIZE });
  return <Listed list={list}>{(footer) => <RepositoryTable repositories={list.rows} footer={footer} />}</Listed>;
}

type List = ReturnType<typeof usePages<typeof listWorkloads | typeof listDeployments | typeof listRepositories>>;

/** A list that is read page by page: its error, its skeleton, or its table with the footer that fetches more. */
function Listed({
  list,
  children,
}: {
  readonly list: Omit<List, "rows"> & { readonly rows: readonly unknown[] };
  readonly children: (footer: ReactNode) => ReactNode;
}): ReactNode {
  if (list.error !== null && list.rows.length === 0) return <ErrorState error={list.error} retry={list.retry} />;
  if (list.pending) return <SkeletonRows rows={6} height={38} />;
  return children(<LoadMore shown={list.rows.length} total={list.total} more={list.more} loading={list.loadingMore} />);
}
