import type { Operation } from "@roadbed/core";
import type { CallOptions, Client } from "@roadbed/face-client";

/** All pages of a list as one answer. */
export async function readAll(
  client: Client,
  operation: Operation,
  input: Readonly<Record<string, unknown>>,
  options: CallOptions,
): Promise<unknown> {
  const items: unknown[] = [];
  let cursor: unknown = input["cursor"];
  for (;;) {
    const page = (await client.call(operation, { limit: 500, ...input, ...(cursor === undefined ? {} : { cursor }) }, options)) as {
      items: unknown[];
      nextCursor?: string;
    };
    items.push(...page.items);
    if (page.nextCursor === undefined) {
      const { nextCursor: _, ...rest } = page;
      return { ...rest, items };
    }
    cursor = page.nextCursor;
  }
}
