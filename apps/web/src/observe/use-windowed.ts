import type { InputOf, Operation, OutputOf } from "@roadbed/core";
import { keepPreviousData, useInfiniteQuery, useQuery, type UseQueryResult } from "@tanstack/react-query";

import { client } from "../api/client.ts";
import { LIVE_MS } from "../api/use-operation.ts";
import { windowOf } from "../url-state.ts";

type Windowed<O extends Operation> = Omit<InputOf<O>, "from" | "to" | "cursor">;

interface Options {
  readonly enabled?: boolean;
}

/** Up to this length a window is read again every 5 s; a longer one hardly changes, and costs more. */
const BRISK_MS = 6 * 3_600_000;
const CALM_MS = 30_000;

/** How often a range is read again: never, where it does not end now. */
export function paceOf(range: string | undefined): number | false {
  const { ms, live } = windowOf(range, 0);
  return live ? (ms <= BRISK_MS ? LIVE_MS : CALM_MS) : false;
}

/**
 * Reads an operation over a range. A live window is cut anew at every reading, under one key of the cache,
 * so that a page that stays open for hours holds one answer and not thousands. Stands still while the page is hidden.
 */
export function useWindowed<O extends Operation>(
  operation: O,
  input: Windowed<O>,
  range: string | undefined,
  { enabled = true }: Options = {},
): UseQueryResult<OutputOf<O>> {
  return useQuery({
    queryKey: [operation.name, input, "range", range ?? "1h"],
    queryFn: ({ signal }) => client.call(operation, { ...input, ...boundsOf(range) } as InputOf<O>, { signal }) as Promise<OutputOf<O>>,
    enabled,
    refetchInterval: paceOf(range),
    placeholderData: keepPreviousData,
  }) as UseQueryResult<OutputOf<O>>;
}

export interface WindowedPages<R> {
  readonly rows: readonly R[];
  readonly pending: boolean;
  /** True while another question's rows are shown. */
  readonly stale: boolean;
  /** True while new rows come by themselves: until one looks further back than the first page. */
  readonly live: boolean;
  readonly error: Error | null;
  readonly more: (() => void) | undefined;
  readonly loadingMore: boolean;
  readonly retry: () => void;
}

/** Reads a list over a range, page by page; live as long as only the newest page is shown. */
export function useWindowedPages<O extends Operation>(
  operation: O,
  input: Windowed<O>,
  range: string | undefined,
  { enabled = true }: Options = {},
): WindowedPages<RowOf<O>> {
  const pace = paceOf(range);
  const query = useInfiniteQuery({
    queryKey: [operation.name, input, "pages", range ?? "1h"],
    queryFn: ({ pageParam, signal }) =>
      client.call(operation, { ...input, ...boundsOf(range), ...(pageParam !== "" && { cursor: pageParam }) } as InputOf<O>, {
        signal,
      }) as Promise<Page<RowOf<O>>>,
    initialPageParam: "",
    getNextPageParam: (page) => page.nextCursor,
    enabled,
    refetchInterval: ({ state }) => ((state.data?.pages.length ?? 0) > 1 ? false : pace),
    placeholderData: keepPreviousData,
  });
  return {
    rows: query.data?.pages.flatMap(({ items }) => items) ?? [],
    pending: query.isPending,
    stale: query.isPlaceholderData,
    live: pace !== false && (query.data?.pages.length ?? 1) === 1,
    error: query.error,
    more: query.hasNextPage ? () => void query.fetchNextPage() : undefined,
    loadingMore: query.isFetchingNextPage,
    retry: () => void query.refetch(),
  };
}

/** Rounded up, so that what arrived this moment is inside. */
function boundsOf(range: string | undefined): { readonly from: string; readonly to: string } {
  const { from, to } = windowOf(range, Math.ceil(Date.now() / 1_000) * 1_000);
  return { from, to };
}

interface Page<R> {
  readonly items: readonly R[];
  readonly nextCursor?: string;
}
type RowOf<O> = OutputOf<O> extends { items: readonly (infer R)[] } ? R : never;
