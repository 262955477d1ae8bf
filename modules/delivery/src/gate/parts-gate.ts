import type { PartStanding } from "@roadbed/contracts/delivery/releases";

import { ask, blocked, passed, type GateDeps, type GateRule, type Subject } from "./gate.ts";
import type { Ctx } from "@roadbed/core";

/** What the release holds is still there: else it would end half done. */
export function partsGate(deps: GateDeps, { release }: Subject, standingsOf: (ctx: Ctx) => Promise<readonly PartStanding[]>): GateRule {
  return {
    name: "parts",
    title: "Still there",
    async evaluate() {
      const standings = await ask(deps, standingsOf);
      const evidence = standings.map(({ kind, name, version, standing }) => ({
        label: `${kind} ${name}`,
        value: `${kind === "commit" ? version.slice(0, 8) : version}, ${standing === "unchecked" ? "not asked for" : standing}`,
        link: `/releases/${release.id}`,
      }));
      const gone = standings.filter(({ standing }) => standing === "gone");
      if (gone.length > 0) return blocked(gone.map(({ why, name }) => why ?? `${name} is gone.`).join(" "), evidence);
      return passed("Everything that it holds is there, as far as can be asked.", evidence);
    },
  };
}
