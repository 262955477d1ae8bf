import { getRouteApi } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { EntityLink } from "../../ui/EntityLink.tsx";
import { Page } from "../../ui/Page.tsx";
import { EvaluationTable } from "./EvaluationTable.tsx";

const route = getRouteApi("/app/evaluations");

/** What graders said of prompts, models and agents. */
export function EvaluationsPage(): ReactNode {
  const { entity } = route.useSearch();
  return (
    <Page
      title="Evaluations"
      state={
        entity === undefined ? (
          "How good prompts, models and agents are, as far as their cases show."
        ) : (
          <>
            Of <EntityLink entityRef={entity} tab="deploys" />, newest first.
          </>
        )
      }
    >
      <EvaluationTable entityRef={entity} />
    </Page>
  );
}
