import type { ProgramSource } from "@roadbed/cel";

import { showOnly, sightOf } from "../scorecard/sight.ts";
import type { Things, ThingView, Wanted } from "../scorecard/things.ts";

type Data = Readonly<Record<string, unknown>>;

/** What the catalogue knows of entities, by reference; those that are not there are not in the answer. */
export type ReadCatalog = (refs: readonly string[], wanted: Wanted) => Promise<ReadonlyMap<string, Data>>;

/** All expressions of a policy, to see what they name. */
export function textOf({ conditions = [], definitions = [], rules }: ProgramSource): string {
  return [
    ...conditions,
    ...definitions.map(({ expression }) => expression),
    ...rules.flatMap(({ expression, otherwise = "" }) => [expression, otherwise]),
  ].join("\n");
}

/** What a policy's expressions read of `catalog`; undefined where they do not name it. */
export function readsOf(source: ProgramSource): string | undefined {
  const text = textOf(source);
  return /\bcatalog\b/.test(text) ? text : undefined;
}

/** By reference, what policies with these texts see as `catalog`, and no more: what goes to the thread of the expressions is paid for. */
export async function readCatalogFor(
  texts: readonly string[],
  refs: readonly string[],
  read: ReadCatalog,
): Promise<ReadonlyMap<string, unknown>> {
  if (texts.length === 0 || refs.length === 0) return new Map();
  const text = texts.join("\n");
  const wanted: Wanted = { facts: /\bfacts\b/.test(text), onCall: /\bonCall\b/.test(text), docs: /\bdocs\b/.test(text) };
  const sight = sightOf(text, ["catalog"]);
  const subjects = await read(refs, wanted);
  return new Map([...subjects].map(([ref, known]) => [ref, showOnly({ catalog: known }, sight)["catalog"]]));
}

/** For somebody who writes a policy: without what they may not see. Policies in force see all, as scorecards do. */
export function asSeenBy(things: Pick<Things, "read">, view: Pick<ThingView, "get">): ReadCatalog {
  return async (refs, wanted) => {
    const read = await things.read(
      refs.filter((ref) => view.get(ref) !== undefined),
      wanted,
    );
    return new Map(
      [...read].map(([ref, subject]) => [
        ref,
        { ...subject, related: relatedOf(subject["related"]), ...hideOwner(subject), ...hideRota(subject) },
      ]),
    );
  };

  function sees(ref: unknown): boolean {
    return typeof ref === "string" && view.get(ref) !== undefined;
  }

  function relatedOf(related: unknown): Data {
    const lists = Object.entries((related ?? {}) as Record<string, readonly Data[]>);
    return Object.fromEntries(lists.map(([type, list]) => [type, list.filter(({ ref }) => sees(ref))]));
  }

  function hideOwner({ owner }: Data): Data {
    return sees((owner as Data | undefined)?.["ref"]) ? {} : { owner: { ref: "", found: false, kind: "" } };
  }

  function hideRota({ onCall }: Data): Data {
    const { from } = (onCall ?? {}) as Data;
    return onCall === undefined || from === undefined || sees(from) ? {} : { onCall: { found: false, names: [] } };
  }
}
