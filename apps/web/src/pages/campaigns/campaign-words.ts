import type { MendState } from "@roadbed/contracts/standards/mends";
import type { Campaign } from "@roadbed/contracts/standards/campaigns";
import type { State } from "../../ui/state.ts";

/** `12 days left`, `last day`. */
export function sayDays(daysLeft: number): string {
  if (daysLeft < 0) return "its day is over";
  if (daysLeft === 0) return "last day";
  return `${daysLeft} ${daysLeft === 1 ? "day" : "days"} left`;
}

/** Open ones go bad in the last week while the goal is not reached. */
export function campaignState({ state, daysLeft }: Pick<Campaign, "state" | "daysLeft">): State {
  if (state === "reached") return "ok";
  if (state === "over") return "fail";
  if (state === "ended") return "unknown";
  return daysLeft <= 7 ? "warn" : "unknown";
}

/** How a campaign stands, in a sentence. */
export function sayCampaign({
  things,
  done,
  goal,
  state,
  daysLeft,
}: Pick<Campaign, "things" | "done" | "goal" | "state" | "daysLeft">): string {
  if (things === 0) return "It is about nothing that you may see.";
  const wanted = Math.ceil(goal * things - 1e-9);
  const far = `${done.toLocaleString("en")} of ${things.toLocaleString("en")} are done`;
  if (state === "reached") return `${far}: the goal was reached.`;
  if (state === "over") return `${far}; the goal was ${wanted.toLocaleString("en")}, and its day is over.`;
  if (state === "ended") return `${far}; it was ended before its goal was reached.`;
  const left = Math.max(0, wanted - done);
  return left === 0 ? `${far}: the goal is reached.` : `${far}; ${left.toLocaleString("en")} more to the goal, ${sayDays(daysLeft)}.`;
}

export function sayCampaigns(all: readonly Pick<Campaign, "state" | "daysLeft">[]): string {
  const open = all.filter(({ state }) => state === "open");
  if (open.length === 0) return all.length === 0 ? "None has been begun." : "None is open.";
  const next = Math.min(...open.map(({ daysLeft }) => daysLeft));
  return `${open.length} ${open.length === 1 ? "is" : "are"} open; for the next one: ${sayDays(next)}.`;
}

/** `3 merged, 2 open, 1 refused`. */
export function sayMends(mends: readonly { readonly state: MendState }[]): string | undefined {
  const of = (state: MendState): number => mends.filter((one) => one.state === state).length;
  const said = (["merged", "open", "waiting", "closed", "refused"] as const).flatMap((state) =>
    of(state) === 0 ? [] : [`${of(state)} ${state}`],
  );
  return said.length === 0 ? undefined : said.join(", ");
}

export function mendState(state: MendState): State {
  return ({ merged: "ok", open: "busy", waiting: "unknown", closed: "warn", refused: "fail" } as const)[state];
}
