import { ask, passed, waiting, type GateDeps, type GateRule, type Subject } from "./gate.ts";

/** No other release of it is under way there. */
export function turnGate(deps: GateDeps, { promotion }: Subject): GateRule {
  return {
    name: "turn",
    title: "Its turn",
    fixed: true,
    async evaluate() {
      const { rows } = await ask(deps, ({ sql }) =>
        sql.query<{ id: string; state: string; number: number }>(
          `select p.id, p.state, r.number from delivery.promotion p join delivery.release r on r.id = p.release_id
           where p.entity_ref = $1 and p.environment = $2 and p.state in ('writing', 'deploying', 'held') and p.id <> $3`,
          [promotion.entity_ref, promotion.environment, promotion.id],
        ),
      );
      const [other] = rows;
      if (other === undefined) return passed("No other release of it is under way there.");
      return waiting(`Release ${other.number} is ${other.state} there.`, [
        { label: `Release ${other.number}`, value: other.state, link: `/promotions/${other.id}` },
      ]);
    },
  };
}
