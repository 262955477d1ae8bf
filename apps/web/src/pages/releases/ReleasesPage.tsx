import { getRouteApi } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { EntityLink } from "../../ui/EntityLink.tsx";
import { Page } from "../../ui/Page.tsx";
import { ReleaseTable } from "./ReleaseTable.tsx";

const route = getRouteApi("/app/releases");

/** What was released, and where it is. */
export function ReleasesPage(): ReactNode {
  const { entity } = route.useSearch();
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
      <ReleaseTable entityRef={entity} />
    </Page>
  );
}
