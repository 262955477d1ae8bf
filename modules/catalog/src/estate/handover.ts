import { setImmediate, setTimeout } from "node:timers/promises";

import { isLabelledSample } from "../entity/is-sample.ts";
import type { DescribedWrite } from "../facts/merge-entities.ts";
import { createArena } from "./arena.ts";
import type { Follower, Prepared } from "./feed.ts";

/** First the database is sent all of its work, which goes out in pieces while this process has nothing else to do. */
const SEND_MS = 5;
const TURN_MS = 4;

/**
 * What one transaction of this process writes, prepared for memory while the database is busy writing it: reading it back would cost
 * as much again. It counts only when it is all that the transaction changes, and when the transaction was committed.
 */
export interface Handover {
  take(source: { readonly id: string; readonly sample: boolean }, writes: readonly DescribedWrite[]): Promise<void>;
  /** It is all. Named after the transaction, see `transactionOf`. */
  complete(transaction: string): void;
  /** Undefined until it is complete. */
  readonly transaction: string | undefined;
  readonly kindsVersion: number;
  readonly prepared: readonly Prepared[];
}

export function createHandover(follower: Pick<Follower, "prepare" | "kindsVersion">): Handover {
  const { kindsVersion } = follower;
  const prepared: Prepared[] = [];
  const arena = createArena();
  let named: string | undefined;
  return {
    take: async ({ id, sample }, writes) => {
      await setTimeout(SEND_MS);
      let turnEnds = 0;
      for (const { ref, entity, docsRoot } of writes) {
        if (performance.now() > turnEnds) {
          await setImmediate();
          turnEnds = performance.now() + TURN_MS;
        }
        const arrival = { ref, entity, sourceId: id, sample: sample || isLabelledSample(entity), docsRoot: docsRoot ?? undefined };
        prepared.push(follower.prepare(arrival, arena));
      }
    },
    complete: (transaction) => void (named = transaction),
    get transaction() {
      return named;
    },
    kindsVersion,
    prepared,
  };
}
