import { ask, blocked, passed, waiting, type GateDeps, type GateRule, type Subject } from "./gate.ts";

interface Verified extends Record<string, unknown> {
  readonly environment: string;
  readonly at: Date;
  readonly promotion: string;
  readonly health: string | null;
  /** Whether it is still what that environment has. */
  readonly is_there: boolean;
}

/** It was promoted to, and healthy in, an environment from which releases come here, and is not sick there now. */
export function upstreamGate(deps: GateDeps, { release, environment: { upstream } }: Subject): GateRule {
  return {
    name: "upstream",
    title: "Verified upstream",
    async evaluate() {
      const found = await verifiedIn(deps, release.id, upstream);
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
export function soakGate(deps: GateDeps, { release, environment: { upstream, soakMinutes }, now }: Subject): GateRule {
  return {
    name: "soak",
    title: "Soak time",
    async evaluate() {
      const found = await verifiedIn(deps, release.id, upstream);
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

function verifiedIn(deps: GateDeps, releaseId: string, upstream: readonly string[]): Promise<Verified[]> {
  return ask(deps, async ({ sql }) => {
    const { rows } = await sql.query<Verified>(
      `select p.environment, min(p.ended_at) as at, min(p.id) as promotion, min(w.health) as health,
         bool_or(d.release_id is not distinct from p.release_id) as is_there
       from delivery.promotion p left join delivery.desired d on d.entity_ref = p.entity_ref and d.environment = p.environment
       left join delivery.workload w on w.entity_ref = p.entity_ref and w.environment = p.environment
       where p.release_id = $1 and p.environment = any($2) and p.state = 'promoted' group by p.environment order by 2`,
      [releaseId, upstream],
    );
    return rows;
  });
}

function evidenceOf({ environment, at, promotion, health, is_there }: Verified): { label: string; value: string; link: string } {
  const now = is_there ? `, now ${health ?? "nothing runs it there"}` : ", by now replaced there";
  return { label: environment, value: `since ${at.toISOString()}${now}`, link: `/promotions/${promotion}` };
}

function minutes(from: Date, to: Date): number {
  return Math.max(0, Math.floor((to.getTime() - from.getTime()) / 60_000));
}
