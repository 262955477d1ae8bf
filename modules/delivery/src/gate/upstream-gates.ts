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
      const back = found.filter(({ rolled_back }) => rolled_back);
      if (back.length > 0) return blocked(`It was rolled back in ${back.map(({ environment }) => environment).join(" and ")}.`, evidence);
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
      // Where it has been for longest counts.
      const [first] = found.toSorted((a, b) => lasted(b, now) - lasted(a, now));
      if (first === undefined) return waiting(`Its ${soakMinutes} minutes begin when it is healthy in ${upstream.join(" or ")}.`);
      const evidence = [evidenceOf(first), { label: "Asked for", value: `${soakMinutes} minutes` }];
      const been = Math.floor(lasted(first, now) / 60_000);
      if (lasted(first, now) >= soakMinutes * 60_000) return passed(`It has been in ${first.environment} for ${been} minutes.`, evidence);
      if (first.left_at !== null) {
        return blocked(`It was in ${first.environment} for ${been} of ${soakMinutes} minutes, and then replaced there.`, evidence);
      }
      const until = new Date(first.at.getTime() + soakMinutes * 60_000);
      return waiting(`It has been in ${first.environment} for ${been} of ${soakMinutes} minutes.`, evidence, until);
    },
  };
}

/** Milliseconds that it was there without a break. */
function lasted({ at, left_at }: Verified, now: Date): number {
  return Math.max(0, (left_at ?? now).getTime() - at.getTime());
}

function evidenceOf({ environment, at, promotion, health, is_there }: Verified): { label: string; value: string; link: string } {
  const now = is_there ? `, now ${health ?? "nothing runs it there"}` : ", by now replaced there";
  return { label: environment, value: `since ${at.toISOString()}${now}`, link: `/promotions/${promotion}` };
}
