import { InvalidError } from "@roadbed/core";

import { render } from "../gitops/render.ts";
import { targetOf } from "../gitops/gitops-repository.ts";
import { intended } from "../source/intent.ts";
import { validateManifests } from "../kubernetes/schema/validate-manifests.ts";
import { MANIFEST_FILE } from "../workload/manifest.ts";
import { blocked, passed, type Found, type GateDeps, type GateRule, type Subject } from "./gate.ts";

const SHOWN = 10;

/** Of a cluster: everything that would be applied can be written, and holds to the schemas of Kubernetes. */
export function manifestGate(deps: Pick<GateDeps, "publicUrl">, { promotion, release, environment }: Subject): GateRule {
  return {
    name: "manifests",
    title: "Manifests",
    async evaluate() {
      const files = tryRender(() => render(release, targetOf(deps, environment), intended(promotion, release)));
      if ("why" in files) return files.why;
      const applied = [...files.rendered.keys()].filter((path) => path.includes("/objects/"));
      if (applied.length > 0 && release.config[MANIFEST_FILE] === undefined) {
        return blocked(`There are manifests in it and no ${MANIFEST_FILE}, so nobody could say whether it is well there. Add one.`);
      }
      const problems = await validateManifests(files.rendered);
      const evidence = problems
        .slice(0, SHOWN)
        .map(({ at, reason, mend }) => ({ label: at, value: [reason, mend].filter(Boolean).join(". ") }));
      if (problems.length > 0) {
        const [first] = problems;
        const more = problems.length === 1 ? "" : ` There are ${problems.length} such problems.`;
        return blocked(`The cluster would refuse it, or drop it in silence: ${first!.at} ${first!.reason}.${more}`, evidence);
      }
      return passed(`${applied.length} objects hold to the schemas of their kinds.`);
    },
  };
}

function tryRender(work: () => Map<string, string>): { readonly rendered: Map<string, string> } | { readonly why: Found } {
  try {
    return { rendered: work() };
  } catch (error) {
    if (!(error instanceof InvalidError)) throw error;
    return { why: blocked([error.message, error.mend].filter(Boolean).join(" ")) };
  }
}
