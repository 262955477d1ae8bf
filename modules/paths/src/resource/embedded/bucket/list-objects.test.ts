import fc from "fast-check";
import { expect, test } from "vitest";

import type { BucketIndex } from "./bucket-index.ts";
import type { ObjectRow } from "./bucket-rows.ts";
import { listObjects } from "./list-objects.ts";

const bytes = (text: string): Buffer => Buffer.from(text, "utf8");
const row = (key: string): ObjectRow => ({ key, size: "1", etag: "e", headers: {}, blob: "b", at: new Date(0) });

/** As Postgres answers with the collation "C". */
function indexOf(keys: readonly string[]): Pick<BucketIndex, "keys"> {
  const sorted = [...keys].sort((a, b) => Buffer.compare(bytes(a), bytes(b)));
  return {
    keys: async (_bucket, { prefix, after, limit }) =>
      sorted
        .filter((key) => key.startsWith(prefix) && Buffer.compare(bytes(key), bytes(after)) > 0)
        .slice(0, limit)
        .map(row),
  };
}
const all = (text: string, name: string): string[] =>
  [...text.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, "g"))].map(([, value]) => decodeURIComponent(value!));

test("pages of any size, put together, are every key once and every common prefix once", async () => {
  const part = fc.string({ unit: fc.constantFrom("a", "b", "/", "é", "😀", "\ue000"), minLength: 1, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(part, { maxLength: 12 }),
      fc.integer({ min: 1, max: 4 }),
      fc.constantFrom("", "a", "/"),
      async (keys, most, prefix) => {
        const inside = keys.filter((key) => key.startsWith(prefix));
        const cut = (key: string): number => key.indexOf("/", prefix.length);
        const plain = inside.filter((key) => cut(key) < 0);
        const common = new Set(inside.filter((key) => cut(key) >= 0).map((key) => key.slice(0, cut(key) + 1)));
        const seen: { keys: string[]; prefixes: string[] } = { keys: [], prefixes: [] };
        for (let token: string | undefined, pages = 0; ; pages++) {
          const query = new URLSearchParams({ "list-type": "2", delimiter: "/", prefix, "max-keys": String(most), "encoding-type": "url" });
          if (token !== undefined) query.set("continuation-token", token);
          const text = await listObjects(indexOf(keys), "b", query, 2);
          seen.keys.push(...all(text, "Key"));
          seen.prefixes.push(...all(text, "Prefix").slice(1));
          token = all(text, "NextContinuationToken")[0];
          if (token === undefined) break;
          expect(pages).toBeLessThan(50);
        }
        expect(seen.keys.toSorted()).toEqual(plain.toSorted());
        expect(seen.prefixes.toSorted()).toEqual([...common].toSorted());
      },
    ),
    { numRuns: 200 },
  );
});
