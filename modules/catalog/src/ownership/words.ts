import type { OrphanReason } from "@roadbed/contracts/catalog/ownership";

import type { Estate } from "../estate/estate.ts";

/** How people call a thing; of one that is not there, its name. */
export function titleOf(estate: Estate, ref: string): string {
  const item = estate.get(ref);
  return item?.title ?? item?.name ?? ref.slice(ref.indexOf("/") + 1);
}

/** What is wrong with an owner, after their name. */
export const WRONG: Readonly<Record<OrphanReason, string>> = {
  none: "means that it has none",
  unknown: "is not in the catalogue",
  empty: "has nobody in it, nor in any team below it",
  left: "has left",
};

/** `3 things`, `1 thing`. */
export function countOf(count: number, noun: string): string {
  return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
}
