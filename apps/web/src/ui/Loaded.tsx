import { Skeleton } from "@mantine/core";
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { ErrorState } from "./ErrorState.tsx";

interface Props<T> {
  readonly query: UseQueryResult<T>;
  /** What stands there meanwhile, of the final size. A number is a height in px. */
  readonly skeleton: ReactNode | number;
  readonly children: (data: T) => ReactNode;
}

/** Shows a read: its skeleton, its error with a way out, or its data. */
export function Loaded<T>({ query, skeleton, children }: Props<T>): ReactNode {
  if (query.data !== undefined) return children(query.data);
  if (query.error !== null) return <ErrorState error={query.error} retry={() => void query.refetch()} />;
  return typeof skeleton === "number" ? <Skeleton height={skeleton} radius="sm" aria-label="Loading" role="status" /> : skeleton;
}

/** Lines of a list that is being read. */
export function SkeletonRows({ rows = 6, height = 34 }: { readonly rows?: number; readonly height?: number }): ReactNode {
  return (
    <div role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, index) => (
        <div key={index} style={{ height, display: "flex", alignItems: "center" }}>
          <Skeleton height={12} width={`${88 - ((index * 17) % 40)}%`} />
        </div>
      ))}
    </div>
  );
}
