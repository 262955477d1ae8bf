import type { EmittedType } from "@roadbed/contracts/delivery/cdevents";

import { SPEC_VERSION, type CdEvent } from "./cdevent.ts";

/** Something that happened here, as it is told to others. */
export interface Told {
  readonly type: EmittedType;
  /** What it is about, as others call it. */
  readonly subject: string;
  readonly content: Readonly<Record<string, unknown>>;
  readonly customData?: Readonly<Record<string, unknown>>;
}

/** The newest version of each that the spec has at its version 0.5. */
const VERSIONS: Readonly<Record<EmittedType, string>> = {
  "repository.created": "0.3.0",
  "repository.modified": "0.3.0",
  "branch.created": "0.3.0",
  "branch.deleted": "0.3.0",
  "change.created": "0.4.0",
  "change.updated": "0.3.0",
  "change.merged": "0.3.0",
  "change.abandoned": "0.3.0",
  "artifact.published": "0.3.0",
  "service.deployed": "0.3.0",
  "service.upgraded": "0.3.0",
  "service.rolledback": "0.3.0",
  "service.removed": "0.3.0",
  "environment.created": "0.3.0",
  "environment.modified": "0.3.0",
  "environment.deleted": "0.3.0",
  "incident.detected": "0.3.0",
  "incident.resolved": "0.3.0",
};

/** The same happening is the same event: its id is that of ours, so whoever gets it twice can tell. */
export function toCdEvent(
  { type, subject, content, customData }: Told,
  o: { readonly id: string; readonly at: Date; readonly source: string },
): CdEvent {
  return {
    context: {
      specversion: SPEC_VERSION,
      id: o.id,
      source: o.source,
      type: `dev.cdevents.${type}.${VERSIONS[type]}`,
      timestamp: o.at.toISOString(),
    },
    subject: { id: subject, source: o.source, content: { ...content } },
    ...(customData === undefined ? {} : { customData, customDataContentType: "application/json" }),
  };
}

/** A commit as an artefact, https://github.com/package-url/purl-spec. */
export function purlOfCommit(repository: string, commit: string): string {
  return `pkg:generic/${encodeURIComponent(repository)}@${commit}`;
}

/** An image by its digest. */
export function purlOfImage(name: string, digest: string | undefined, version: string): string {
  const path = name.split("/");
  const last = encodeURIComponent(path.at(-1)!.toLowerCase());
  const registry = path.length > 1 ? `?repository_url=${encodeURIComponent(name)}` : "";
  return `pkg:oci/${last}@${encodeURIComponent(digest ?? version)}${registry}`;
}

/** Headers and body of a delivery, https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md. */
export function toCloudEvent(
  event: CdEvent,
  mode: "binary" | "structured",
): { readonly headers: Record<string, string>; readonly body: string } {
  const { id, source, type, timestamp } = event.context;
  const attributes = { specversion: "1.0", id, source, type, subject: event.subject.id, time: timestamp };
  if (mode === "structured") {
    return {
      headers: { "content-type": "application/cloudevents+json; charset=utf-8" },
      body: JSON.stringify({ ...attributes, datacontenttype: "application/json", data: event }),
    };
  }
  const headers = Object.fromEntries(Object.entries(attributes).map(([name, value]) => [`ce-${name}`, encodeHeader(value)]));
  return { headers: { ...headers, "content-type": "application/json" }, body: JSON.stringify(event) };
}

/** What no header may hold is percent-encoded, as the binding says. */
function encodeHeader(value: string): string {
  return value.replaceAll(/[^\u0021\u0023\u0024\u0026-\u007e]/gu, (character) => encodeURIComponent(character));
}
