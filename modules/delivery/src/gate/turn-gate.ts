import { passed, waiting, type GateRule, type Subject } from "./gate.ts";

/** No other release of it is under way there. */
export function turnGate({ underWay }: Subject): GateRule {
  return {
    name: "turn",
    title: "Its turn",
    async evaluate() {
      const [other] = underWay;
      if (other === undefined) return passed("No other release of it is under way there.");
      return waiting(`Release ${other.number} is ${other.state} there.`, [
        { label: `Release ${other.number}`, value: other.state, link: `/promotions/${other.id}` },
      ]);
    },
  };
}
