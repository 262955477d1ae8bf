import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { listDrift, type Drift } from "@roadbed/contracts/delivery/drift";
import { useOperation } from "../../api/use-operation.ts";

const NONE: readonly Drift[] = [];

/** What differs from Git now, of one entity or of everything; empty until it is known. */
export function useOpenDrift(entityRef?: string): readonly Drift[] {
  return useOperation(listDrift, { open: true, limit: 200, ...(entityRef !== undefined && { entityRef }) }).data?.items ?? NONE;
}

/** Said beside what runs; nothing where it is as Git says. */
export function DriftNote({
  drifts,
  entityRef,
  environment,
}: {
  readonly drifts: readonly Drift[];
  readonly entityRef: string;
  readonly environment: string;
}): ReactNode {
  const found = drifts.find((drift) => drift.entityRef === entityRef && drift.environment === environment);
  if (found === undefined) return null;
  const fields = found.differences.map(({ field }) => field);
  return (
    <Link to="/drift" search={{ entity: entityRef, environment }} data-state="warn" title={fields.join(", ")}>
      differs from Git
    </Link>
  );
}
