import type { Fact, Witness } from "@roadbed/contracts/catalog/facts";
import { formatPercent } from "../format/number.ts";
import { shortRef } from "../ui/entity-kind.ts";

const NAMES: Readonly<Record<string, string>> = {
  "spec.owner": "owner",
  "spec.lifecycle": "lifecycle",
  "spec.system": "system",
  "spec.onCall": "who is on call",
  "metadata.description": "description",
  "metadata.tags": "tags",
};

/** A field as one speaks of it: `spec.owner` is the owner; others keep their name, without the root. */
export function propertyWords(property: string): string {
  return NAMES[property] ?? property.replace(/^(?:spec|metadata)\./, "");
}

/** A value on one line: a reference short, a list by commas, the rest as JSON. */
export function valueWords(value: unknown): string {
  if (value === undefined || value === null) return "nothing";
  if (typeof value === "string") return /^[a-z]+:[a-z0-9-]+\/\S+$/i.test(value) ? shortRef(value) : value;
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : value.map(valueWords).join(", ");
  return JSON.stringify(value);
}

/** What a typed text means: JSON where it is such a thing, else the text itself. */
export function readValue(text: string): unknown {
  if (!/^\s*[[{]|^(?:true|false|-?\d+(?:\.\d+)?)$/.test(text)) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** What somebody who says a thing is to it. */
export function standingWords({ standing, source, actor }: Pick<Witness, "standing" | "source" | "actor">): string {
  if (standing === "lock") return `locked by ${actor ?? "a person"}`;
  if (standing === "person") return `set by ${actor ?? "a person"}`;
  if (standing === "definition") return `${source}, which describes it`;
  if (standing === "standby") return `${source}, which describes it too`;
  return source;
}

/** With the actor by the name one knows. */
export function named(witness: Witness, name: (actor: string) => string): Pick<Witness, "standing" | "source" | "actor"> {
  const { standing, source, actor } = witness;
  return { standing, source, ...(actor !== undefined && { actor: name(actor) }) };
}

/** `trust 82 %, owner last confirmed …`: the part before the time. */
export function trustWords(overall: number): string {
  return `trust ${formatPercent(overall)}`;
}

/** Good, old, doubtful or worthless, as a state of the design system. Half is doubtful only where it was declared to be. */
export function trustState(fact: Pick<Fact, "trust" | "stale">): "ok" | "warn" | "fail" | "unknown" {
  if (fact.trust === 0) return "fail";
  if (fact.stale) return "warn";
  return fact.trust < 0.5 ? "unknown" : "ok";
}
