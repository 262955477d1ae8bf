import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { Boxes, SearchX } from "lucide-react";
import type { ReactNode } from "react";

import { EmptyState } from "../../ui/EmptyState.tsx";

/** Nothing here: because of the filter, or because nothing was brought yet. */
export function CatalogueEmpty({ filtered, onClear }: { readonly filtered: boolean; readonly onClear: () => void }): ReactNode {
  if (filtered) {
    return (
      <EmptyState
        icon={SearchX}
        title="Nothing matches these filters"
        act={
          <Button onClick={onClear} variant="default">
            Clear the filters
          </Button>
        }
      >
        Every facet narrows the list. Take one away, or search by fewer words.
      </EmptyState>
    );
  }
  return (
    <EmptyState
      icon={Boxes}
      title="The catalogue is empty"
      act={
        <>
          <Button component={Link} to="/sources">
            Bring yours
          </Button>
          <Button component={Link} to="/create" variant="default">
            Create a service
          </Button>
        </>
      }
    >
      Components, APIs, resources, systems and the people who own them will stand here. Import descriptors from a folder or Git URL, or let
      a golden path make the first.
    </EmptyState>
  );
}
