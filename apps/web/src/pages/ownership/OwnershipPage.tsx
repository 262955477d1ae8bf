import { Button, Tabs } from "@mantine/core";
import { getRouteApi } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";

import { getOwnership } from "@roadbed/contracts/catalog/ownership";
import { useOperation } from "../../api/use-operation.ts";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { Page } from "../../ui/Page.tsx";
import { HandOverDialog } from "./HandOverDialog.tsx";
import { HistoryTab } from "./HistoryTab.tsx";
import { LeftTab } from "./LeftTab.tsx";
import { OrphansTab } from "./OrphansTab.tsx";
import { OwnedTab } from "./OwnedTab.tsx";
import { TeamsTab } from "./TeamsTab.tsx";

const route = getRouteApi("/app/ownership");

/** Who owns what: what nobody owns, teams with what is theirs, people who left, and who gave what to whom. */
export function OwnershipPage(): ReactNode {
  const { view = "orphans", ref } = route.useSearch();
  const navigate = route.useNavigate();
  const summary = useOperation(getOwnership, {}, { keep: true });
  const [giving, setGiving] = useState<{ from?: string } | undefined>();
  const data = summary.data;
  const orphans = data === undefined ? 0 : data.things - data.owned;
  if (summary.error !== null) {
    return (
      <Page title="Ownership">
        <ErrorState error={summary.error} retry={() => void summary.refetch()} />
      </Page>
    );
  }
  return (
    <Page
      title="Ownership"
      state={data?.said ?? "Counting…"}
      act={
        <Button size="xs" onClick={() => setGiving({})}>
          Hand over…
        </Button>
      }
    >
      <Tabs
        value={view}
        onChange={(value) => void navigate({ search: { view: value === "orphans" ? undefined : (value as typeof view) } })}
        keepMounted={false}
      >
        <Tabs.List mb="md">
          <Tabs.Tab value="orphans">Without an owner{badge(orphans)}</Tabs.Tab>
          <Tabs.Tab value="teams">Teams{badge(data?.teams ?? 0)}</Tabs.Tab>
          <Tabs.Tab value="owned">{ref === undefined ? "Mine" : "What is theirs"}</Tabs.Tab>
          <Tabs.Tab value="left">People who left{badge(data?.left ?? 0)}</Tabs.Tab>
          <Tabs.Tab value="history">Hand-overs</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="orphans">
          <OrphansTab />
        </Tabs.Panel>
        <Tabs.Panel value="teams">
          <TeamsTab onGive={(from) => setGiving({ from })} />
        </Tabs.Panel>
        <Tabs.Panel value="owned">
          <OwnedTab entityRef={ref} onGive={(from) => setGiving({ from })} />
        </Tabs.Panel>
        <Tabs.Panel value="left">
          <LeftTab onGive={(from) => setGiving({ from })} />
        </Tabs.Panel>
        <Tabs.Panel value="history">
          <HistoryTab />
        </Tabs.Panel>
      </Tabs>
      {(data?.limits ?? []).map((text) => (
        <p key={text} className="rb-dim">
          {text}
        </p>
      ))}
      {giving !== undefined && <HandOverDialog {...giving} onClose={() => setGiving(undefined)} />}
    </Page>
  );
}

function badge(count: number): string {
  return count === 0 ? "" : ` (${count.toLocaleString("en")})`;
}
