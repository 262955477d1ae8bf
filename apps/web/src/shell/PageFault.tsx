import type { ErrorComponentProps } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { ErrorState } from "../ui/ErrorState.tsx";
import { Page } from "../ui/Page.tsx";

/** A page that failed to draw: the rest of the frame stays usable. */
export function PageFault({ error, reset }: ErrorComponentProps): ReactNode {
  return (
    <Page title="This page failed" narrow>
      <ErrorState error={error} retry={reset} />
    </Page>
  );
}
