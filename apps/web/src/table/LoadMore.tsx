import { Button } from "@mantine/core";
import { useIntersection } from "@mantine/hooks";
import { useEffect, type ReactNode } from "react";

import { formatNumber } from "../format/number.ts";

interface Props {
  readonly shown: number;
  readonly total: number | undefined;
  /** Fetches the next page; undefined when this is all. */
  readonly more: (() => void) | undefined;
  readonly loading: boolean;
}

/** How much of a list is shown; fetches the next page when one comes near, or by its button. */
export function LoadMore({ shown, total, more, loading }: Props): ReactNode {
  const { ref, entry } = useIntersection({ rootMargin: "600px" });
  const near = entry?.isIntersecting === true;
  useEffect(() => {
    if (near && !loading) more?.();
  }, [near, loading, more]);
  // An empty list has said so already.
  if (shown === 0 && more === undefined) return null;
  return (
    <>
      <span ref={ref}>
        {formatNumber(shown)}
        {total !== undefined && total !== shown ? ` of ${formatNumber(total)}` : ""} shown
      </span>
      {more !== undefined && (
        <Button variant="default" loading={loading} onClick={more}>
          Load more
        </Button>
      )}
    </>
  );
}
