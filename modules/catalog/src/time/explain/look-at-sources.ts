import type { Ctx } from "@roadbed/core";

import type { Standpoint } from "../standpoints.ts";
import type { Explanation, Step } from "./explain-entity.ts";
import { listUnmatched, stepOf } from "./look-at-locations.ts";
import { optional, pages } from "./look.ts";
import { listTroubledSources } from "./look-ups.ts";

/** Nothing is known of it: then what could not be read may hold it, a location leads nowhere, or it has another name. */
export async function explainSources(ctx: Ctx, now: Standpoint, ref: string, steps: Step[]): Promise<Explanation> {
  const { catalogue, visible } = now;
  const { troubled, read } = await listTroubledSources(ctx.sql, visible.seesSource);
  for (const { id, name, state, error, at } of troubled) {
    const detail = state === "never" ? "it was never read to its end" : `it could not be read: ${error ?? "no reason is known"}`;
    const where = { sourceId: id, link: pages.source(id), ...optional("at", at?.toISOString()) };
    steps.push({ looked: `the source "${name}"`, outcome: "stopped", detail, ...where });
  }
  const unmatched = await listUnmatched(ctx.sql, now);
  for (const one of unmatched.slice(0, MOST_SHOWN)) steps.push(stepOf(one));
  steps.push({
    looked: `${read} ${read === 1 ? "source that was" : "sources that were"} read`,
    outcome: "nothing",
    detail: "none of them names it",
  });
  const name = ref.slice(ref.indexOf("/") + 1);
  const kind = ref.slice(0, ref.indexOf(":") + 1);
  const near = [...new Set(catalogue.finder.search(name, 12, visible.sees).map(({ item }) => item.ref))];
  // Whoever names a component did hardly mean a person.
  const refs = [...near.filter((one) => one.startsWith(kind)), ...near.filter((one) => !one.startsWith(kind))].slice(0, 3);
  const [first] = troubled;
  if (first) {
    const says = `Nothing names ${ref}; but "${first.name}" ${first.state === "never" ? "was never read" : "could not be read"}, and may.`;
    return {
      verdict: first.state === "never" ? "never-read" : "unreadable-source",
      says,
      steps,
      mend: `Look at the source and read it again: roadbed source sync ${first.id}`,
      link: pages.source(first.id),
      refs,
    };
  }
  // A location that bears its name was probably meant to bring it.
  const meant = unmatched.find(({ target }) => target.toLowerCase().split(/[/.]/).includes(name));
  if (meant) {
    return {
      verdict: "not-matched",
      says: `Nothing names ${ref}; but a location in ${meant.file} of "${meant.sourceName}" names ${meant.target}, and ${meant.reason}.`,
      steps,
      ...optional("mend", meant.mend),
      link: pages.source(meant.sourceId),
      refs,
    };
  }
  const mend = refs.length > 0 ? `Did you mean ${refs[0]}?` : "Bring the place that describes it: roadbed import <folder or address>";
  return {
    verdict: "unknown",
    says: `No source that is read names ${ref}.`,
    steps,
    mend,
    ...(refs.length > 0 ? {} : { link: "/sources" }),
    refs,
  };
}

const MOST_SHOWN = 10;
