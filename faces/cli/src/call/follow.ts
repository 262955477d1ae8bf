import { UnavailableError, type Operation } from "@roadbed/core";
import type { Client } from "@roadbed/face-client";

import { sleep } from "./wait-for.ts";

const WAIT_MS = 20_000;
/** How long a server may be away (a restart) before following gives up. */
const PATIENCE_MS = 60_000;

/** Yields each row of a growing list as it comes, until the list says that it is done. */
export async function* followRows(
  client: Client,
  operation: Operation,
  input: Readonly<Record<string, unknown>>,
  signal: AbortSignal | undefined,
): AsyncGenerator {
  const { after, next, done } = operation.follow ?? { after: "after", next: "next", done: "done" };
  let position = input[after];
  let awaySince: number | undefined;
  for (;;) {
    const answer = await readRows(
      client,
      operation,
      { waitMs: WAIT_MS, ...input, ...(position === undefined ? {} : { [after]: position }) },
      signal,
    ).catch((error: unknown) => {
      awaySince ??= Date.now();
      if (error instanceof UnavailableError && Date.now() - awaySince < PATIENCE_MS) return undefined;
      throw error;
    });
    if (answer === undefined) {
      await sleep(1_000, signal);
      continue;
    }
    awaySince = undefined;
    const rows = answer[operation.cli?.rows ?? "items"] as readonly unknown[];
    yield* rows;
    position = answer[next];
    if (answer[done] === true) return;
    // A server that does not wait by itself must not be asked in a tight circle.
    if (rows.length === 0) await sleep(250, signal);
  }
}

async function readRows(
  client: Client,
  operation: Operation,
  input: Readonly<Record<string, unknown>>,
  signal: AbortSignal | undefined,
): Promise<Record<string, unknown>> {
  return client.call(operation, input, signal ? { signal } : {}) as Promise<Record<string, unknown>>;
}
