import type { listCapabilities, ListedCapability } from "@roadbed/contracts/product/adoption";
import type { OutputOf } from "@roadbed/core";
import { formatCount } from "../../format/number.ts";

type Listed = OutputOf<typeof listCapabilities>;

/** The page's one question, whether teams choose the platform, as far as it can be answered. */
export function answerOf({ items, register, teams, delivering }: Pick<Listed, "items" | "register" | "teams" | "delivering">): string {
  if (teams === 0) return "No team owns a component that you may see, so there is nobody who could adopt anything.";
  if (delivering === 0) return "Nobody tells of merges or deployments, so no team can be called eligible.";
  const sum = (of: (counts: ListedCapability["counts"]) => number): number => items.reduce((all, { counts }) => all + of(counts), 0);
  const [eligible, active, voluntary] = [sum((one) => one.eligible), sum((one) => one.active), sum((one) => one.voluntary)];
  const used = `Of ${formatCount(eligible, "pair")} of a delivering team and a capability, ${active} are in use`;
  const freely = register === undefined ? "whether freely nobody can say: no register of mandates is kept" : `${voluntary} by choice`;
  return `${used}; ${freely}. ${formatCount(delivering, "team")} delivered something in 28 days.`;
}

/** How a team came to it, in a word. */
export function howWords(how: "voluntary" | "mandated" | "unknown" | undefined): string {
  if (how === undefined) return "not yet";
  return how === "voluntary" ? "by choice" : how;
}
