import { passed, waiting, type GateRule, type Subject } from "./gate.ts";

/** Nothing is frozen there now, or what is lets hotfixes through and this is one. */
export function freezeGate({ promotion, environment, frozen }: Subject): GateRule {
  return {
    name: "freeze",
    title: "Freezes",
    async evaluate() {
      const evidence = frozen.map(({ freeze, until }) => ({
        label: freeze.title,
        value: `until ${until.toISOString()}: ${freeze.reason}`,
      }));
      const standing = frozen.filter(({ freeze }) => !(promotion.hotfix && freeze.hotfixes));
      const [first] = standing;
      if (first !== undefined) {
        const hint = first.freeze.hotfixes ? " A hotfix may pass." : " Hotfixes may not pass either.";
        return waiting(`${environment.name} is frozen: ${first.freeze.title}.${promotion.hotfix ? "" : hint}`, evidence, first.until);
      }
      return passed(frozen.length === 0 ? "Nothing is frozen." : "It is a hotfix, which passes the freeze.", evidence);
    },
  };
}
