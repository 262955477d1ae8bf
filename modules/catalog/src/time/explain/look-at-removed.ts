import { isShown } from "../../entity/get-entity.ts";
import { renamedTo } from "../renamed.ts";
import { sayGone } from "../say-gone.ts";
import { readTombstone } from "../tombstone-store.ts";
import { optional, pages, type Look } from "./look.ts";

/** What was here and was removed, with what became of it. */
export const removed: Look = {
  nothing: { looked: "what was removed", outcome: "nothing", detail: "it was never here" },
  look: async (ctx, { catalogue, visible }, ref, steps) => {
    const says = await sayGone(catalogue, ctx, ref);
    if (says === undefined) return undefined;
    const gone = await readTombstone(ctx.sql, ref);
    const became = gone && (await renamedTo(catalogue, ctx, gone));
    const refs = became !== undefined && isShown(catalogue, visible, became) ? [became] : [];
    steps.push({
      looked: "what was removed",
      outcome: "stopped",
      detail: says,
      link: pages.removed,
      ...optional("at", gone?.at.toISOString()),
    });
    const mend = refs.length > 0 ? `Look at ${refs[0]}.` : gone ? `Restore it: roadbed entity restore ${ref}` : "Register it again.";
    return { verdict: refs.length > 0 ? "renamed" : "removed", says, steps, mend, link: pages.removed, refs };
  },
};
