import type { HostedRepository, Reading } from "@roadbed/contracts/connector";

import type { Ask } from "./ask.ts";
import { readPages } from "./pages.ts";

type Budget = Extract<Reading, { type: "budget" }>;
type Commit = Awaited<ReturnType<HostedRepository["commits"]>>[number];

const MAX_COMMITS = 200;

/** Newest first, a few pages of them: enough to see who works there. `url` is the first page. */
export async function commitsUntil(
  ask: Ask,
  url: string,
  pick: (item: unknown) => Commit | undefined,
  o: Pick<Parameters<typeof readPages>[2], "itemsOf" | "nextOf"> = {},
): Promise<readonly Commit[]> {
  const found: Commit[] = [];
  // 409 and 404: nothing was ever pushed.
  for await (const commit of readPages(ask, url, { memory: { before: {}, now: {} }, accept: [404, 409], pick, ...o })) {
    found.push(commit);
    if (found.length >= MAX_COMMITS) break;
  }
  return found;
}

/** Of several budgets the one that is nearest to its end. */
export function tightest(...budgets: readonly (Budget | undefined)[]): Budget | undefined {
  const told = budgets.filter((budget) => budget !== undefined);
  return told.sort((a, b) => a.remaining / a.limit - b.remaining / b.limit)[0];
}
