import type { Entity } from "@roadbed/contracts/catalog";

interface Known {
  readonly kind: string;
  readonly entity: Entity;
  readonly ownerKnown: boolean;
  readonly observed: boolean;
  readonly hasDocs: boolean;
  readonly repository: boolean;
  /** References it makes to things that are not in the catalogue. */
  readonly dangling: readonly string[];
}

/** What one would expect and does not find, each with the way to get it. */
export function missingOf({
  kind,
  entity,
  ownerKnown,
  observed,
  hasDocs,
  repository,
  dangling,
}: Known): readonly { readonly what: string; readonly how: string }[] {
  const software = kind === "component" || kind === "api";
  return [
    ...(ownerKnown || kind === "group" || kind === "user" || kind === "location"
      ? []
      : [
          {
            what: "An owner",
            how: "Set spec.owner in its descriptor to the group that runs it. Incidents and policy findings then reach somebody.",
          },
        ]),
    ...(entity.metadata.description === undefined && kind !== "user" && kind !== "location"
      ? [{ what: "A description", how: "One sentence in metadata.description helps everybody who finds it by search." }]
      : []),
    ...(kind === "component" && !observed && entity.spec?.["type"] !== "library"
      ? [
          {
            what: "Telemetry",
            how: `Send OTLP with service.name "${entity.metadata.name}" to this server's /v1/traces; requests, errors and latency then stand here within seconds.`,
          },
        ]
      : []),
    ...(software && !hasDocs
      ? [
          {
            what: "Documentation",
            how: "Add a docs/ folder with index.md beside the descriptor, and the annotation backstage.io/techdocs-ref: dir:.",
          },
        ]
      : []),
    ...(kind === "component" && entity.spec?.["system"] === undefined
      ? [{ what: "A system", how: "Set spec.system, so that it is found with the things it works with." }]
      : []),
    ...(kind === "component" &&
    !repository &&
    entity.metadata.annotations?.["backstage.io/source-location"] === undefined &&
    (entity.metadata.links?.length ?? 0) === 0
      ? [{ what: "A link to its code", how: "Add the annotation backstage.io/source-location, or an entry in metadata.links." }]
      : []),
    ...dangling.map((ref) => ({
      what: ref,
      how: "It is named in a relation but is not in the catalogue. Import it, or correct the name.",
    })),
  ];
}
