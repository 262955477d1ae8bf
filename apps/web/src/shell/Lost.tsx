import type { ReactNode } from "react";

import { NotFound } from "./NotFound.tsx";
import { Shell } from "./Shell.tsx";

/** An address that no route knows, inside the frame, so that the way on is at hand. */
export function Lost(): ReactNode {
  return (
    <Shell>
      <NotFound />
    </Shell>
  );
}
