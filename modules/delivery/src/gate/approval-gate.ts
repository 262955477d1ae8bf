import { approvalsOf } from "../promotion/approvals.ts";
import { ask, blocked, passed, waiting, type GateDeps, type GateRule, type Subject } from "./gate.ts";

/** Everybody whose word the environment asks for has given it, as the graph stands now. */
export function approvalGate(deps: GateDeps, { promotion, environment }: Subject): GateRule {
  return {
    name: "approvals",
    title: "Approvals",
    async evaluate() {
      const { approvals, votes } = await ask(deps, (ctx) => approvalsOf(deps, ctx, environment, promotion));
      const evidence = [
        ...approvals.map(({ by, count, granted }) => ({ label: WORDS[by], value: `${Math.min(granted, count)} of ${count}` })),
        ...votes.map(({ name, verdict, at, counts }) => ({
          label: name,
          value: `${verdict} at ${at}${counts ? "" : ", which does not count any more"}`,
        })),
      ];
      const refused = votes.find(({ verdict, counts }) => verdict === "refused" && counts);
      if (refused !== undefined) return blocked(`${refused.name} refused it: ${refused.reason ?? ""}`, evidence);
      const open = approvals.filter(({ granted, count }) => granted < count);
      if (open.length === 0) return passed("Everybody whose word is needed has given it.", evidence);
      const whom = open.map(({ by, approvers, count, granted }) => {
        const names = approvers.map(({ ref }) => ref.slice(ref.indexOf("/") + 1)).join(", ");
        return `${count - granted} of ${names === "" ? `${WORDS[by]}, which is nobody in the catalogue: an administrator may` : names}`;
      });
      return waiting(`It waits for ${whom.join(" and ")}.`, evidence);
    },
  };
}

const WORDS = {
  owner: "the owner",
  "on-call": "who is on call",
  "team-lead": "the team's lead",
  platform: "who answers for the environment",
  named: "those named",
};
