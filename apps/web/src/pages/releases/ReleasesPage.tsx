import { Tabs } from "@mantine/core";
import { getRouteApi } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { EntityLink } from "../../ui/EntityLink.tsx";
import { Page } from "../../ui/Page.tsx";
import { Fleet } from "../fleet/Fleet.tsx";
import { PromotionTable } from "../promotions/PromotionTable.tsx";
import { ReleaseTable } from "./ReleaseTable.tsx";

const route = getRouteApi("/app/releases");

/** What was released, where it is, and what is on its way. */
export function ReleasesPage(): ReactNode {
  const { entity, only, tab = entity === undefined ? "fleet" : "releases" } = route.useSearch();
  const navigate = route.useNavigate();
  return (
    <Page
      title="Releases"
      state={
        entity === undefined ? (
          "What travels together through the environments: code, images, models, prompts and agents, each at one version."
        ) : (
          <>
            Of <EntityLink entityRef={entity} tab="deploys" />, newest first.
          </>
        )
      }
    >
      <Tabs
        value={tab}
        onChange={(value) => void navigate({ search: (old) => ({ ...old, tab: value as typeof tab }), replace: true })}
        keepMounted={false}
      >
        <Tabs.List>
          <Tabs.Tab value="fleet">Fleet</Tabs.Tab>
          <Tabs.Tab value="releases">Releases</Tabs.Tab>
          <Tabs.Tab value="promotions">Promotions</Tabs.Tab>
          <Tabs.Tab value="waiting">On their way</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="fleet" pt="sm">
          <Fleet only={only} onOnly={(value) => void navigate({ search: (old) => ({ ...old, only: value }), replace: true })} />
        </Tabs.Panel>
        <Tabs.Panel value="releases" pt="sm">
          <ReleaseTable entityRef={entity} />
        </Tabs.Panel>
        <Tabs.Panel value="promotions" pt="sm">
          <PromotionTable entityRef={entity} />
        </Tabs.Panel>
        <Tabs.Panel value="waiting" pt="sm">
          <PromotionTable entityRef={entity} open />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}
