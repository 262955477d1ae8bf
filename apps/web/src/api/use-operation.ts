import type { InputOf, Operation, OutputOf } from "@roadbed/core";
import {
  keepPreviousData,
  queryOptions,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
  type UseMutationResult,
  type UseQueryResult,
} from "@tanstack/react-query";

import { client } from "./client.ts";

/** How often figures of telemetry are asked again while the page is looked at. */
export const LIVE_MS = 5_000;

interface ReadOptions {
  readonly enabled?: boolean;
  /** Ask again after so many ms; never while the page is hidden. */
  readonly every?: number | false;
  /** Show the answer to the last question while the next is under way. */
  readonly keep?: boolean;
  readonly staleTime?: number;
}

/** Reads an operation; the cache's key is its name and input, so that events can name what is stale. */
export function useOperation<O extends Operation>(operation: O, input: InputOf<O>, options: ReadOptions = {}): UseQueryResult<OutputOf<O>> {
  return useQuery({
    ...readOf(operation, input),
    enabled: options.enabled ?? true,
    refetchInterval: options.every ?? false,
    ...(options.staleTime !== undefined && { staleTime: options.staleTime }),
    ...(options.keep === true && { placeholderData: keepPreviousData }),
  }) as UseQueryResult<OutputOf<O>>;
}

/** The same read for `useQueries` and prefetching. */
export function readOf<O extends Operation>(operation: O, input: InputOf<O>) {
  return queryOptions({
    queryKey: [operation.name, input],
    queryFn: ({ signal }) => client.call(operation, input, { signal }) as Promise<OutputOf<O>>,
  });
}

interface Paged<R> {
  readonly rows: readonly R[];
  readonly total: number | undefined;
  readonly pending: boolean;
  /** True while another question's rows are shown. */
  readonly stale: boolean;
  readonly error: Error | null;
  readonly more: (() => void) | undefined;
  readonly loadingMore: boolean;
  readonly retry: () => void;
}

/** Reads a list page by page: `more` fetches the next page where there is one. */
export function usePages<O extends Operation>(operation: O, input: Omit<InputOf<O>, "cursor">, options: ReadOptions = {}): Paged<RowOf<O>> {
  const query = useInfiniteQuery({
    queryKey: [operation.name, input, "pages"],
    queryFn: ({ pageParam, signal }) =>
      client.call(operation, { ...input, ...(pageParam !== "" && { cursor: pageParam }) } as InputOf<O>, { signal }) as Promise<
        PageAnswer<RowOf<O>>
      >,
    initialPageParam: "",
    getNextPageParam: (page) => page.nextCursor,
    enabled: options.enabled ?? true,
    refetchInterval: options.every ?? false,
    placeholderData: keepPreviousData,
  });
  return {
    rows: query.data?.pages.flatMap((page) => page.items) ?? [],
    total: query.data?.pages[0]?.total,
    pending: query.isPending,
    stale: query.isPlaceholderData,
    error: query.error,
    more: query.hasNextPage ? () => void query.fetchNextPage() : undefined,
    loadingMore: query.isFetchingNextPage,
    retry: () => void query.refetch(),
  };
}

/** Performs an operation; afterwards everything of the named modules is read again (default: the operation's own). */
export function useAct<O extends Operation>(
  operation: O,
  options: {
    readonly touches?: readonly string[];
    readonly onDone?: (output: OutputOf<O>) => void;
    /** The same key never does the same write twice. */
    readonly idempotencyKey?: string;
  } = {},
): UseMutationResult<OutputOf<O>, Error, InputOf<O>> {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (input: InputOf<O>) =>
      client.call(operation, input, options.idempotencyKey === undefined ? {} : { idempotencyKey: options.idempotencyKey }) as Promise<
        OutputOf<O>
      >,
    onSuccess: (output) => {
      const touched = options.touches ?? [operation.name.split(".").slice(0, 1).join(".")];
      for (const prefix of touched)
        void queries.invalidateQueries({ predicate: ({ queryKey }) => String(queryKey[0]).startsWith(`${prefix}.`) });
      options.onDone?.(output);
    },
  });
}

interface PageAnswer<R> {
  readonly items: readonly R[];
  readonly nextCursor?: string;
  readonly total?: number;
}
type RowOf<O> = OutputOf<O> extends { items: readonly (infer R)[] } ? R : never;
