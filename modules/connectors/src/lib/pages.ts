import type { Answer, Ask } from "./ask.ts";

/** What is remembered of one page: with its tag the system need not send it again. */
interface KeptPage {
  readonly etag: string;
  readonly next: string | null;
  readonly items: readonly unknown[];
}

/** Pages by address, as they were read last and as they are read now. */
export interface PageMemory {
  readonly before: Readonly<Record<string, unknown>>;
  readonly now: Record<string, unknown>;
}

const MAX_PAGES = 1_000;

/**
 * Reads a list to its end. Of each item only what `pick` makes of it is used and remembered: a page that is as it was (304) is taken
 * from memory, and most systems do not count the question. `nextOf` finds the next page where it is not in the `Link` header.
 */
export async function* readPages<T>(
  ask: Ask,
  url: string,
  o: {
    readonly memory: PageMemory;
    readonly pick: (item: unknown) => T | undefined;
    readonly itemsOf?: (body: unknown) => unknown;
    readonly nextOf?: (answer: Answer) => string | undefined;
    readonly accept?: readonly number[];
  },
): AsyncGenerator<T> {
  let at: string | undefined = url;
  for (let page = 0; at !== undefined && page < MAX_PAGES; page++) {
    const kept = keptPage(o.memory.before[at]);
    const answer: Answer = await ask(at, { etag: kept?.etag, ...(o.accept ? { accept: o.accept } : {}) });
    if (answer.status === 304 && kept) {
      o.memory.now[at] = kept;
      yield* kept.items as readonly T[];
      at = kept.next ?? undefined;
      continue;
    }
    if (o.accept?.includes(answer.status) === true) return;
    const found = o.itemsOf ? o.itemsOf(answer.body) : answer.body;
    const items = (Array.isArray(found) ? found : []).map(o.pick).filter((item) => item !== undefined);
    const next = o.nextOf ? o.nextOf(answer) : answer.next;
    if (answer.etag !== undefined) o.memory.now[at] = { etag: answer.etag, next: next ?? null, items } satisfies KeptPage;
    yield* items;
    at = next;
  }
}

function keptPage(value: unknown): KeptPage | undefined {
  const page = value as Partial<KeptPage> | undefined;
  return typeof page?.etag === "string" && Array.isArray(page.items) ? (page as KeptPage) : undefined;
}
