import { tellUsage } from "@roadbed/contracts/product/adoption";
import { expect, test } from "vitest";

import { usesBetween } from "./uses.ts";

const DAY = 86_400_000;
const origin = Date.UTC(2026, 0, 1);
const about = { teams: ["group:default/a", "group:default/b", "group:default/c"], origin };

test("the same days are told alike, whenever and in whatever pieces", () => {
  const all = usesBetween({ ...about, from: origin, to: origin + 20 * DAY });
  const pieces = [
    ...usesBetween({ ...about, from: origin, to: origin + 9 * DAY }),
    ...usesBetween({ ...about, from: origin + 10 * DAY, to: origin + 20 * DAY }),
  ];
  const sorted = (rows: readonly { readonly key: string }[]): string[] => rows.map(({ key }) => key).toSorted();
  expect(sorted(pieces)).toEqual(sorted(all));
  expect(new Set(sorted(all)).size).toBe(all.length);
  expect(() => tellUsage.input.parse({ source: "sample", rows: all, sample: true })).not.toThrow();
});
