import { Button } from "@mantine/core";
import { Link, useLocation } from "@tanstack/react-router";
import { Signpost } from "lucide-react";
import type { ReactNode } from "react";

import { EmptyState } from "../ui/EmptyState.tsx";
import { Page } from "../ui/Page.tsx";
import { palette } from "./switch.ts";

/** A page that does not exist: says which, and offers the ways that do. */
export function NotFound(): ReactNode {
  const { pathname } = useLocation();
  return (
    <Page title="There is no such page" narrow>
      <EmptyState
        icon={Signpost}
        title={`Nothing lives at ${pathname}`}
        act={
          <>
            <Button onClick={palette.open}>Search</Button>
            <Button component={Link} to="/catalog" variant="default">
              Open the catalogue
            </Button>
            <Button component={Link} to="/" variant="default">
              Go home
            </Button>
          </>
        }
      >
        <p>The address may be mistyped, or what it named was removed. Search finds entities, documentation and pages by name.</p>
      </EmptyState>
    </Page>
  );
}
