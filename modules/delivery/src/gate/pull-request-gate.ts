import { waiting, type GateRule, type Subject } from "./gate.ts";

/** Where releases come by pull request nothing is written before somebody merges it; merging it is what lets it through. */
export function pullRequestGate({ promotion: { change_id: change } }: Subject): GateRule {
  return {
    name: "pull-request",
    title: "Pull request",
    evaluate: async () =>
      change === null
        ? waiting("It is opened as soon as everything else lets it through; approvals may be missing, since merging it is one.")
        : waiting("It waits until somebody who may merges it.", [
            { label: "Pull request", value: change, link: `/delivery/changes/${change}` },
          ]),
  };
}
