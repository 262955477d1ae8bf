import { apiChanged } from "@roadbed/contracts/catalog/docs";
import {
  objectsQuarantined,
  sourceDecided,
  sourceFailed,
  sourceHeld,
  sourcePaused,
  sourceUndone,
} from "@roadbed/contracts/catalog/connections";
import { factConfirmed, factLocked, factSet } from "@roadbed/contracts/catalog/facts";
import { driftDismissed, nameMapped } from "@roadbed/contracts/catalog/graph";
import { handedOver, handOverUndone } from "@roadbed/contracts/catalog/ownership";
import { sourceRestricted } from "@roadbed/contracts/catalog/visibility";
import { announcementPublished } from "@roadbed/contracts/notify";

import { teller, type Told, type Teller } from "./teller.ts";

/**
 * What is told of the catalogue itself beside the changes of entities. A text names no entity but the one it is about: whoever sees
 * one need not see the other.
 */
export const CATALOG_TELLERS: readonly Teller[] = [
  teller(factSet, ({ ref, property }) => fact(ref, `The field ${property} was set, unlocked or cleared by hand`)),
  teller(factLocked, ({ ref, property }) => fact(ref, `The field ${property} was locked`)),
  teller(factConfirmed, ({ ref, property, correct }) =>
    fact(ref, correct ? `The field ${property} was confirmed` : `The field ${property} was said to be wrong`),
  ),
  teller(driftDismissed, ({ from, to, type, reason }) => ({
    sort: "fact",
    text: `A finding of drift about ${type} was set aside or taken up again: ${reason}`,
    about: { refs: [from, to] },
    link: "/graph?view=drift",
  })),
  teller(nameMapped, ({ name, ref }) => ({
    sort: "fact",
    text:
      ref === null
        ? `The name ${name} in the telemetry was said to be none of ours`
        : `The name ${name} in the telemetry was said to be its own`,
    ...(ref === null ? {} : { about: { ref } }),
  })),
  teller(handedOver, ({ to, from, things, reason }) =>
    handOver({ to, from }, [`It was given ${count(things)}`, `${count(things)} of it went to another owner`], reason),
  ),
  teller(handOverUndone, ({ to, from, things, reason }) =>
    handOver({ to, from }, [`${count(things)} that it was given went back`, `${count(things)} came back to it`], reason),
  ),
  teller(apiChanged, ({ ref, breaking, risky, consumers }) => {
    const said = `${breaking} ${breaking === 1 ? "change breaks" : "changes break"} who calls it, ${risky} may`;
    const own: Told = { sort: "api", text: `Its definition changed: ${said}`, about: { ref }, link: page(ref, "api") };
    if (breaking + risky === 0 || consumers.length === 0) return [own];
    return [own, { sort: "api", text: `An API that it uses changed: ${said}`, about: { refs: consumers } }];
  }),
  teller(announcementPublished, ({ ref, title, weight }) => ({
    sort: "announcement",
    text: `Announced (${weight}): ${title}`,
    about: { ref },
    link: "/inbox?view=announcements",
  })),
  teller(sourceHeld, ({ sourceId, name, hold }) => ({
    sort: "source",
    text: `A run of "${name}" waits for a decision: ${hold.reason}`,
    about: { refs: hold.samples.removed },
    link: source(sourceId),
  })),
  teller(sourceDecided, ({ sourceId, name, decision }) => ({
    sort: "source",
    text: `The run of "${name}" that waited was ${decision}`,
    link: source(sourceId),
  })),
  teller(sourceUndone, ({ sourceId, name, conflicts }) => ({
    sort: "source",
    text: `A run of "${name}" was taken back${conflicts === 0 ? "" : `, but for ${conflicts} that had changed since`}`,
    link: source(sourceId),
  })),
  teller(sourcePaused, ({ sourceId, name, reason }) => ({
    sort: "source",
    text: `"${name}" is no longer read by itself${reason === undefined ? "" : `: ${reason}`}`,
    link: source(sourceId),
  })),
  teller(sourceFailed, ({ sourceId, name, reason }) => ({
    sort: "source",
    text: `"${name}" cannot be read any more: ${reason}`,
    link: source(sourceId),
  })),
  teller(objectsQuarantined, ({ sourceId, name, objects, total }) => ({
    sort: "source",
    // Of several, not all need be for whoever sees one.
    text:
      total === 1
        ? `An object of "${name}" went into quarantine: ${objects[0]!.reason}`
        : `${total} objects of "${name}" went into quarantine`,
    about: { refs: objects.flatMap(({ ref }) => ref ?? []) },
    link: source(sourceId),
  })),
  teller(sourceRestricted, ({ sourceId }) => ({
    sort: "source",
    text: "Who may see what a source describes has changed",
    link: source(sourceId),
  })),
];

function fact(ref: string, text: string): Told {
  return { sort: "fact", text, about: { ref }, link: page(ref, "facts") };
}

/** One of who gets, and one of who gives, each without the other's name. */
function handOver(
  { to, from }: { readonly to: string; readonly from: string | undefined },
  [given, gone]: readonly [string, string],
  reason: string | undefined,
): Told[] {
  const why = reason === undefined ? "" : `: ${reason}`;
  const link = "/ownership";
  return [
    { sort: "ownership", text: given + why, about: { ref: to }, link },
    ...(from === undefined ? [] : [{ sort: "ownership", text: gone + why, about: { ref: from }, link } as const]),
  ];
}

function count(things: number): string {
  return things === 1 ? "one thing" : `${things} things`;
}

function source(id: string): string {
  return `/sources/${encodeURIComponent(id)}`;
}

function page(ref: string, tab: string): string {
  const [, kind, namespace, name] = /^([^:]+):([^/]+)\/(.+)$/.exec(ref) ?? [];
  return `/entities/${kind}/${namespace}/${name}?tab=${tab}`;
}
