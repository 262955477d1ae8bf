import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { Page } from "../../ui/Page.tsx";
import { EditTab } from "./EditTab.tsx";

/** What one begins with: small, right, and easily changed. */
const BEGINNING = {
  apiVersion: "roadbed.dev/v1",
  kind: "Scorecard",
  metadata: { name: "my-scorecard", title: "My scorecard", description: "What it is for." },
  spec: {
    kinds: ["Component"],
    levels: [
      { name: "basic", title: "Basic" },
      { name: "good", title: "Good" },
    ],
    rules: [
      {
        id: "has-docs",
        title: "It has documentation",
        level: "basic",
        expression: "docs.found",
        message: "There is no documentation beside it.",
        mend: "Add docs/index.md.",
        effort: "hours",
      },
    ],
  },
};

/** A scorecard that is not there yet. */
export function NewScorecardPage(): ReactNode {
  return (
    <Page
      title="New scorecard"
      trail={<Link to="/scorecards">Scorecards</Link>}
      state="Rules over what the catalogue knows, each needed for a level."
    >
      <EditTab document={BEGINNING} />
    </Page>
  );
}
