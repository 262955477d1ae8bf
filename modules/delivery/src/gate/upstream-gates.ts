import { blocked, passed, waiting, type GateRule, type Subject, type Verified } from "./gate.ts";

/** It was promoted to, and healthy in, an environment from which releases come here, and is not sick there now. */
export function upstreamGate({ verified, environment: { upstream } }: Subject): GateRule {
  return {
    name: "upstream",
    title: "Verified upstream",
    async evaluate() {
      const found = verified.filter(({ environment }) => upstream.includes(environment));
      const names = upstream.join(" or ");
      if (found.length === 0) return waiting(`It was not promoted to ${names} yet.`);
      const well = found.filter(({ is_there, health }) => !is_there || health === null || health === "healthy" || health === "stopped");
      const evidence = found.map(evidenceOf);
      if (well.length === 0) return blocked(`It is what ${found[0]!.environment} has, and is ${found[0]!.health} there.`, evidence);
      return passed(`It became healthy in ${well.map(({ environment }) => environment).join(" and ")}.`, evidence);
    },
  };
}

/** It has been upstream for long enough. */
export function soakGate({ verified, environment: { upstream, soakMinutes }, now }: Subject): GateRule {
  return {
    name: "soak",
    title: "Soak time",
    async evaluate() {
      const found = verified.filter(({ environment }) => upstream.includes(environment));
      const first = found[0];
      if (first === undefined) return waiting(`Its ${soakMinutes} minutes begin when it is healthy in ${upstream.join(" or ")}.`);
      const until = new Date(first.at.getTime() + soakMinutes * 60_000);
      const evidence = [evidenceOf(first), { label: "Asked for", value: `${soakMinutes} minutes` }];
      if (until > now)
        return waiting(`It has been in ${first.environment} for ${minutes(first.at, now)} of ${soakMinutes} minutes.`, evidence, until);
      return passed(`It has been in ${first.environment} for ${minutes(first.at, now)} minutes.`, evidence);
    },
  };
}

function evidenceOf({ environment, at, promotion, health, is_there }: Verified): { label: string; value: string; link: string } {
  const now = is_there ? `, now ${health ?? "nothing runs it there"}` : ", by now replaced there";
  return { label: environment, value: `since ${at.toISOString()}${now}`, link: `/promotions/${promotion}` };
}

function minutes(from: Date, to: Date): number {
  return Math.max(0, Math.floor((to.getTime() - from.getTime()) / 60_000));
}
