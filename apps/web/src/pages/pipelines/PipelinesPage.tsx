import { Group, SegmentedControl, Select, TextInput } from "@mantine/core";
import { getRouteApi } from "@tanstack/react-router";
import { FlaskConical } from "lucide-react";
import { useCallback, type ReactNode } from "react";

import { listPipelineRuns, PipelineState } from "@roadbed/contracts/delivery/pipelines";
import { usePages } from "../../api/use-operation.ts";
import { DataTable } from "../../table/DataTable.tsx";
import { LoadMore } from "../../table/LoadMore.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { Page } from "../../ui/Page.tsx";
import { useLateText } from "../../ui/use-late-text.ts";
import { COLUMNS } from "./columns.tsx";

const route = getRouteApi("/app/pipelines");

/** What was built and tested, here and at the hosts of repositories; what failed or is flaky comes first by one click. */
export function PipelinesPage(): ReactNode {
  const { entity, q, state, only } = route.useSearch();
  const navigate = route.useNavigate();
  const set = useCallback((change: object): void => void navigate({ search: (old) => ({ ...old, ...change }), replace: true }), [navigate]);
  const find = useCallback((text: string): void => set({ q: text === "" ? undefined : text }), [set]);
  const [words, setWords] = useLateText(q ?? "", find, 300);
  const list = usePages(listPipelineRuns, {
    limit: 50,
    ...(entity !== undefined && { entityRef: entity }),
    ...(q !== undefined && { text: q }),
    ...(state !== undefined && { state }),
    ...(only !== undefined && { only }),
  });
  const filtered = q !== undefined || state !== undefined || only !== undefined;
  return (
    <Page title="Pipelines" state="Each commit that was built and tested: here, or at the host that holds its repository.">
      <Group gap="xs" mb="sm">
        <TextInput
          aria-label="Find runs"
          placeholder="Repository, branch, commit, author"
          value={words}
          onChange={({ currentTarget }) => setWords(currentTarget.value)}
          w={260}
        />
        <Select
          aria-label="State"
          placeholder="Any state"
          clearable
          data={PipelineState.options}
          value={state ?? null}
          onChange={(value) => set({ state: value ?? undefined })}
          w={150}
        />
        <SegmentedControl
          aria-label="Which runs"
          data={[
            { value: "all", label: "All" },
            { value: "latest", label: "Newest of each branch" },
            { value: "troubled", label: "Failed and flaky" },
          ]}
          value={only ?? "all"}
          onChange={(value) => set({ only: value === "all" ? undefined : value })}
        />
      </Group>
      {list.error !== null && list.rows.length === 0 ? (
        <ErrorState error={list.error} retry={list.retry} />
      ) : (
        <DataTable
          label="Runs of pipelines"
          columns={COLUMNS}
          rows={list.rows}
          rowKey={({ id }) => id}
          loading={list.pending}
          stale={list.stale}
          empty={
            <EmptyState icon={FlaskConical} title={filtered ? "No run is like that" : "Nothing was built and tested yet"}>
              Put a <code>.roadbed/pipeline.yaml</code> with steps into a repository of the embedded Git host and push: each commit is built
              and tested in a work tree of its own. Runs of GitHub and GitLab come here when their webhooks are connected.
            </EmptyState>
          }
          footer={<LoadMore shown={list.rows.length} total={list.total} more={list.more} loading={list.loadingMore} />}
        />
      )}
    </Page>
  );
}
