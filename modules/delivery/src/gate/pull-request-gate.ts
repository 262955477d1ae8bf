import { findRequest, type RequestRow } from "../request/request-store.ts";
import { ask, waiting, type Found, type GateDeps, type GateRule, type Subject } from "./gate.ts";

/** Where releases come by pull request nothing is written before somebody merges it; merging it is what lets it through. */
export function pullRequestGate(deps: GateDeps, { promotion: { change_id: change } }: Subject): GateRule {
  return {
    name: "pull-request",
    title: "Pull request",
    evaluate: async () =>
      change === null
        ? waiting("It is opened as soon as everything else lets it through; approvals may be missing, since merging it is one.")
        : waitingFor(change, await ask(deps, (ctx) => findRequest(ctx.sql, change))),
  };
}

function waitingFor(change: string, request: RequestRow | undefined): Found {
  const here = { label: "Pull request", value: change, link: `/delivery/changes/${change}` };
  if (request === undefined || request.state === "closed") return waiting("It waits until somebody who may merges it.", [here]);
  const there = {
    label: "At the host",
    value: request.number === null ? "is being opened" : `${request.place} ${request.number}`,
    ...(request.link === null ? {} : { link: request.link }),
  };
  const why =
    request.state === "refused"
      ? `It was merged there by ${request.ended_by ?? "somebody"}, which does not count: ${request.note ?? ""}`
      : request.error === null
        ? "It waits until somebody who may merges it, here or at the host."
        : `It waits until somebody who may merges it. The host cannot be asked now: ${request.error}`;
  return waiting(why, [here, there]);
}
